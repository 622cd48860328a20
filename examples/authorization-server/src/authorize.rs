//! The authorization endpoint, and what the user does about a request: log in, agree, refuse.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use authlete_api::actions::PendingRequest;
use authlete_api::actions::{AuthorizationInteraction, AuthorizationNext, AuthorizationNoInteraction};
use authlete_api::types::{AuthorizationFailReason, AuthorizationIssueRequest, Prompt};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use moka::sync::Cache;
use serde_json::{Map, Value};

use crate::session::{Browser, Decision, Interaction, Session, now, random, to_login};
use crate::{Answer, App, pages, ready};

/// As many unanswered requests as a browser needs.
const MOST: usize = 20;

/// Requests that no browser has fetched yet: the first one to come keeps its request in its session. A request that was
/// posted from the client's page comes without cookies, so the session is not known before.
pub(crate) struct Interactions(Cache<String, Arc<Mutex<Option<Interaction>>>>);

impl Interactions {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(60)).build())
    }

    fn put(&self, interaction: Interaction) -> String {
        let id = random();
        self.0.insert(id.clone(), Arc::new(Mutex::new(Some(interaction))));
        id
    }

    fn take(&self, id: &str) -> Option<Interaction> {
        self.0.remove(id)?.lock().ok()?.take()
    }
}

pub(crate) async fn get(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Answer {
    authorize(&app, query.unwrap_or_default(), &headers).await
}

pub(crate) async fn post(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    authorize(&app, form, &headers).await
}

async fn authorize(app: &App, parameters: String, headers: &HeaderMap) -> Answer {
    let max_age_0 = form_urlencoded::parse(parameters.as_bytes()).any(|pair| pair == ("max_age".into(), "0".into()));
    match app.service.authorization().process(parameters).await?.proceed()? {
        AuthorizationNext::NoInteraction(step) => without_interaction(app, step, headers).await,
        AuthorizationNext::Interaction(step) => {
            let logs_in = |prompt: &Prompt| [Prompt::Login, Prompt::SelectAccount].contains(prompt);
            let anew = max_age_0 || step.prompts().iter().any(logs_in);
            let id = app.interactions.put(Interaction { step, anew, since: Instant::now() });
            Ok(([(CACHE_CONTROL, "no-store")], Redirect::to(&format!("/interaction/{id}"))).into_response())
        }
    }
}

/// `prompt=none`: it works without a page, or not at all.
async fn without_interaction(app: &App, step: AuthorizationNoInteraction, headers: &HeaderMap) -> Answer {
    let login = app.sessions.find(headers).map(|browser| browser.session().as_login()).unwrap_or_default();
    match step.check(&login, now()) {
        Err(refused) => ready(refused.send(&app.service).await?),
        Ok(step) => {
            let subject = login.subject.unwrap_or_default();
            let client = step.client().and_then(|client| client.client_id).unwrap_or_default();
            let scopes = step.scopes().iter().filter_map(|scope| scope.name.as_deref());
            if !step.dynamic_scopes().is_empty() || !app.users.agreed(&subject, client, scopes) {
                return ready(step.fail(AuthorizationFailReason::ConsentRequired).send(&app.service).await?);
            }
            let claims = app.users.claims(&subject, step.claims());
            issue(app, step.issue(subject), login.auth_time, &claims).await
        }
    }
}

/// Shows the page that is due: to log in, or to agree.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
) -> Answer {
    let path = format!("/interaction/{id}");
    let ready_to_issue = {
        let mut session = browser.session();
        if let Some(interaction) = app.interactions.take(&id) {
            if session.interactions.len() >= MOST {
                session.interactions.clear();
            }
            session.interactions.insert(id.clone(), interaction);
        }
        let Some(interaction) = session.interactions.get(&id) else { return Ok(pages::gone()) };
        let step = &interaction.step;
        if needs_login(&session, interaction) {
            return Ok(to_login(&path, step.subject().or(step.login_hint())));
        }
        let subject = session.login.as_ref().map(|login| login.subject.clone()).unwrap_or_default();
        let asked = step.prompts().contains(&Prompt::Consent) || !step.dynamic_scopes().is_empty();
        let fails = unfit(&session, step).is_some();
        if !fails && (asked || !app.users.agreed(&subject, client_id(step), scopes(step))) {
            return Ok(pages::consent(&session, &path, &pages::Wish::of_interaction(step, app.users.name(&subject))));
        }
        session.interactions.remove(&id)
    };
    match ready_to_issue {
        Some(interaction) => grant(&app, &browser, interaction.step).await,
        None => Ok(pages::gone()),
    }
}

/// What the user decided.
pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Answer {
    let (step, allowed) = {
        let mut session = browser.session();
        if !session.made(&form.csrf) {
            return Ok(pages::not_ours());
        }
        let allowed = form.allows();
        match session.interactions.get(&id) {
            // The login may be too old by now.
            Some(interaction) if allowed && needs_login(&session, interaction) => {
                return Ok(to_login(&format!("/interaction/{id}"), None));
            }
            _ => {}
        }
        let Some(interaction) = session.interactions.remove(&id) else { return Ok(pages::gone()) };
        (interaction.step, allowed)
    };
    match allowed {
        true => grant(&app, &browser, step).await,
        false => ready(step.fail(AuthorizationFailReason::Denied).send(&app.service).await?),
    }
}

/// Issues what the request asks for, unless the user who logged in does not fit it.
async fn grant(app: &App, browser: &Browser, step: AuthorizationInteraction) -> Answer {
    let (login, reason) = {
        let session = browser.session();
        (session.as_login(), unfit(&session, &step))
    };
    if let Some(reason) = reason {
        return ready(step.fail(reason).send(&app.service).await?);
    }
    let subject = login.subject.unwrap_or_default();
    app.users.agree(&subject, client_id(&step), scopes(&step));
    let claims = app.users.claims(&subject, step.claims());
    issue(app, step.issue(subject), login.auth_time, &claims).await
}

/// Issues, with what the ID token says of the user.
async fn issue(
    app: &App,
    mut request: PendingRequest<AuthorizationIssueRequest>,
    auth_time: Option<i64>,
    claims: &Map<String, Value>,
) -> Answer {
    request.auth_time = auth_time;
    if !claims.is_empty() {
        request = request.claims(claims)?;
    }
    ready(request.send(&app.service).await?)
}

/// Whether the user has to log in, or once more.
fn needs_login(session: &Session, interaction: &Interaction) -> bool {
    if session.logged_in_since(interaction.since) {
        return false;
    }
    let step = &interaction.step;
    session.login.as_ref().is_none_or(|login| {
        let age = step.max_age().map(i64::from).filter(|age| *age > 0);
        interaction.anew
            || age.is_some_and(|age| login.auth_time.saturating_add(age) < now())
            || step.subject().is_some_and(|subject| subject != login.subject)
    })
}

/// Why the user who logged in does not fit the request.
fn unfit(session: &Session, step: &AuthorizationInteraction) -> Option<AuthorizationFailReason> {
    let Some(login) = &session.login else { return Some(AuthorizationFailReason::NotAuthenticated) };
    if step.subject().is_some_and(|subject| subject != login.subject) {
        return Some(AuthorizationFailReason::DifferentSubject);
    }
    // Passwords alone satisfy no authentication context class here.
    (step.acr_essential() && !step.acrs().is_empty()).then_some(AuthorizationFailReason::AcrNotSatisfied)
}

fn client_id(step: &AuthorizationInteraction) -> i64 {
    step.client().and_then(|client| client.client_id).unwrap_or_default()
}

fn scopes(step: &AuthorizationInteraction) -> impl Iterator<Item = &str> {
    step.scopes().iter().filter_map(|scope| scope.name.as_deref())
}
