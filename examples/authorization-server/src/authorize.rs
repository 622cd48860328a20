//! The authorization endpoint, and what the user does about a request: log in, agree, refuse.

use std::time::SystemTime;

use authlete_api::Error;
use authlete_api::actions::{
    AuthorizationInteraction, AuthorizationNext, AuthorizationNoInteraction, Login, LoginCheck, LoginProblem,
    PendingRequest,
};
use authlete_api::types::{AuthorizationFailReason, AuthorizationIssueRequest, Prompt};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consent::{LANGUAGES, Wish};
use crate::session::{Browser, Decision, LoggedIn, to_login};
use crate::{Answer, App, pages, ready};

/// An authorization request that waits for the user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Interaction {
    step: AuthorizationInteraction,
    /// What the browser's login was when it came with the request.
    login_before: Option<String>,
    /// What the user was shown, to decide on.
    shown: Option<Wish>,
    is_new: bool,
}

impl Interaction {
    /// The login as the request's checks want it: it is new unless the browser came with it.
    fn login(&self, login: Option<&LoggedIn>) -> Login {
        let is_new = |login: &LoggedIn| self.login_before.as_ref() != Some(&login.id);
        login.map(|login| login.as_login().is_new(is_new(login))).unwrap_or_default()
    }
}

pub(crate) async fn get(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Answer {
    authorize(&app, query.unwrap_or_default(), &headers).await
}

pub(crate) async fn post(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    authorize(&app, form, &headers).await
}

async fn authorize(app: &App, parameters: String, headers: &HeaderMap) -> Answer {
    let parameters = app.resources.with_identifiers(parameters);
    match app.service.authorization().process(parameters).await?.proceed()? {
        AuthorizationNext::NoInteraction(step) => without_interaction(app, step, headers).await,
        AuthorizationNext::Interaction(step) if !app.resources.have(step.resources()) => {
            ready(step.fail(AuthorizationFailReason::InvalidTarget).send(&app.service).await?)
        }
        AuthorizationNext::Interaction(step) => {
            let interaction = Interaction { step, login_before: None, shown: None, is_new: true };
            let id = app.interactions.put(None, &interaction);
            Ok(([(CACHE_CONTROL, "no-store")], Redirect::to(&format!("/interaction/{id}"))).into_response())
        }
    }
}

/// `prompt=none`: it works without a page, or not at all.
async fn without_interaction(app: &App, step: AuthorizationNoInteraction, headers: &HeaderMap) -> Answer {
    let login = app.sessions.find(headers).and_then(|browser| browser.user().0);
    let login = login.as_ref().map(LoggedIn::as_login).unwrap_or_default();
    let step = match step.check(&login, SystemTime::now()) {
        Ok(step) => step,
        Err(refused) => return ready(refused.send(&app.service).await?),
    };
    let subject = login.subject.unwrap_or_default();
    let wish = Wish::new(app, &subject, step.consent_page(&LANGUAGES)).await?;
    let reason = if !app.resources.have(step.resources()) {
        AuthorizationFailReason::InvalidTarget
    } else if !app.consents.cover(&wish) {
        AuthorizationFailReason::ConsentRequired
    } else {
        let claims = step.collect_claims(|name, language| app.users.claim(&subject, name, language));
        return ready(issue(step.issue(), &claims, wish)?.send(&app.service).await?);
    };
    ready(step.fail(reason).send(&app.service).await?)
}

/// Shows the page that is due: to log in, or to agree.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
) -> Answer {
    let (login, owner) = browser.user();
    let path = format!("/interaction/{id}");
    let Some(mut interaction) = app.interactions.get(&owner, &id) else { return Ok(pages::gone()) };
    if interaction.is_new {
        interaction.login_before = login.as_ref().map(|login| login.id.clone());
        interaction.is_new = false;
        app.interactions.set(&owner, &id, &interaction);
    }
    let problem = match interaction.step.login_check(&interaction.login(login.as_ref()), SystemTime::now()) {
        LoginCheck::Satisfied => None,
        LoginCheck::Unsatisfied(problem) => Some(problem),
        // There is no better login here than with a password.
        LoginCheck::LogIn(page) if page.problem == LoginProblem::AcrNotSatisfied => Some(page.problem),
        LoginCheck::LogIn(page) => return Ok(to_login(&path, page.subject.or(page.login_hint))),
    };
    if let Some(problem) = problem {
        return finish(&app, &browser, &id, Err(problem.reason())).await;
    }
    let Some(login) = login else { return Ok(to_login(&path, None)) };
    let wish = wish(&app, &login.subject, &interaction.step).await?;
    let before = interaction.shown.replace(wish.clone());
    if before.is_some_and(|before| before.subject == login.subject && before != wish) {
        return Ok(pages::changed());
    }
    app.interactions.set(&owner, &id, &interaction);
    if interaction.step.prompts().contains(&Prompt::Consent) || !app.consents.cover(&wish) {
        return Ok(pages::consent(&browser.session(), &path, &wish, &app.users.name(&login.subject)));
    }
    finish(&app, &browser, &id, Ok((login, wish))).await
}

/// What the user decided.
pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Answer {
    if !browser.session().made(&form) {
        return Ok(pages::not_ours());
    }
    if !form.allows() {
        return finish(&app, &browser, &id, Err(AuthorizationFailReason::Denied)).await;
    }
    let path = format!("/interaction/{id}");
    let (login, owner) = browser.user();
    let Some(interaction) = app.interactions.get(&owner, &id) else { return Ok(pages::gone()) };
    // The login may be too old by now, or another.
    let check = interaction.step.login_check(&interaction.login(login.as_ref()), SystemTime::now());
    let Some(login) = login.filter(|_| check == LoginCheck::Satisfied) else {
        return Ok(Redirect::to(&path).into_response());
    };
    let wish = match wish(&app, &login.subject, &interaction.step).await {
        Ok(wish) => wish,
        Err(error) => return Ok(pages::later(&browser.session(), &path, true, "", &error)),
    };
    if interaction.shown.as_ref() != Some(&wish) {
        return Ok(pages::changed());
    }
    app.consents.remember(&wish);
    finish(&app, &browser, &id, Ok((login, wish))).await
}

/// Ends what waits: issues what was agreed to, or says why not. When Authlete is away, it goes on waiting.
async fn finish(
    app: &App,
    browser: &Browser,
    id: &str,
    decided: Result<(LoggedIn, Wish), AuthorizationFailReason>,
) -> Answer {
    let owner = browser.user().1;
    let Some((interaction, taken)) = app.interactions.take(&owner, id) else { return Ok(pages::gone()) };
    let path = format!("/interaction/{id}");
    let allows = decided.is_ok();
    let sent = match decided {
        Ok((login, wish)) => {
            let login = interaction.login(Some(&login));
            let Ok(step) = interaction.step.check(&login, SystemTime::now()) else {
                return Ok(Redirect::to(&path).into_response());
            };
            let claims = step.collect_claims(|name, language| app.users.claim(&wish.subject, name, language));
            issue(step.issue(), &claims, wish)?.send(&app.service).await.map(ready).map_err(|unsent| unsent.error)
        }
        Err(reason) => interaction.step.fail(reason).send(&app.service).await.map(ready).map_err(|unsent| unsent.error),
    };
    match sent {
        Ok(answer) => {
            taken.end();
            answer
        }
        Err(error) => Ok(pages::later(&browser.session(), &path, allows, "", &error)),
    }
}

/// Completes the request that issues, with what the ID token says of the user.
fn issue(
    mut request: PendingRequest<AuthorizationIssueRequest>,
    claims: &Map<String, Value>,
    wish: Wish,
) -> Result<PendingRequest<AuthorizationIssueRequest>, Error> {
    request.consented_claims = Some(wish.claim_names);
    if claims.is_empty() { Ok(request) } else { request.claims(claims) }
}

async fn wish(app: &App, subject: &str, step: &AuthorizationInteraction) -> Result<Wish, Error> {
    Wish::new(app, subject, step.consent_page(&LANGUAGES)).await
}
