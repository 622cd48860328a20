//! The authorization endpoint, and what the user does about a request: log in, agree, refuse.

use authlete_api::actions::{AuthorizationInteraction, AuthorizationNext, AuthorizationNoInteraction, PendingRequest};
use authlete_api::types::{AuthorizationFailReason, AuthorizationIssueRequest, Prompt};
use authlete_api::{Error, JsonString};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consent::{Wish, request};
use crate::session::{Browser, Decision, LoggedIn, now, to_login};
use crate::{Answer, App, pages, ready};

/// An authorization request that waits for the user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Interaction {
    step: AuthorizationInteraction,
    /// Whether the user has to log in for it, logged in or not.
    logs_in: bool,
    /// What the browser's login was when it came with the request.
    login_before: Option<String>,
    /// What the user was shown, to decide on.
    shown: Option<Wish>,
    is_new: bool,
}

pub(crate) async fn get(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Answer {
    authorize(&app, query.unwrap_or_default(), &headers).await
}

pub(crate) async fn post(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    authorize(&app, form, &headers).await
}

async fn authorize(app: &App, parameters: String, headers: &HeaderMap) -> Answer {
    let parameters = app.resources.with_identifiers(parameters);
    let pushed = form_urlencoded::parse(parameters.as_bytes()).find(|(name, _)| name == "request_uri");
    let is_pushed_0 = pushed.is_some_and(|(_, uri)| app.pushed_max_age_0.contains_key(&*uri));
    let response = app.service.authorization().process(parameters.as_str()).raw().await?;
    let max_age_0 = is_pushed_0 || asks_for_max_age_0(&parameters, response.request_object_payload.as_ref());
    match response.into_action().proceed()? {
        AuthorizationNext::NoInteraction(step) => without_interaction(app, step, max_age_0, headers).await,
        AuthorizationNext::Interaction(step) if !app.resources.have(step.resources()) => {
            ready(step.fail(AuthorizationFailReason::InvalidTarget).send(&app.service).await?)
        }
        AuthorizationNext::Interaction(step) => {
            let logs_in = |prompt: &Prompt| [Prompt::Login, Prompt::SelectAccount].contains(prompt);
            let logs_in = max_age_0 || step.prompts().iter().any(logs_in);
            let interaction = Interaction { step, logs_in, login_before: None, shown: None, is_new: true };
            let id = app.interactions.put(None, &interaction);
            Ok(([(CACHE_CONTROL, "no-store")], Redirect::to(&format!("/interaction/{id}"))).into_response())
        }
    }
}

/// Whether a login of now is asked for (OpenID Connect Core 1.0, 3.1.2.1). Authlete's answer has 0 where the request has
/// no maximum age, too, so this looks into the request: its parameters, and the payload of a request object.
pub(crate) fn asks_for_max_age_0(parameters: &str, payload: Option<&JsonString>) -> bool {
    let payload = payload.and_then(|payload| serde_json::from_str::<Value>(payload.as_ref()).ok()).unwrap_or_default();
    let is_0 = |age: &str| age.trim().parse::<i64>() == Ok(0);
    let in_object = match &payload["max_age"] {
        Value::String(age) => is_0(age),
        age => age.as_f64() == Some(0.0),
    };
    in_object || form_urlencoded::parse(parameters.as_bytes()).any(|(name, age)| name == "max_age" && is_0(&age))
}

/// `prompt=none`: it works without a page, or not at all.
async fn without_interaction(
    app: &App,
    step: AuthorizationNoInteraction,
    max_age_0: bool,
    headers: &HeaderMap,
) -> Answer {
    let login = app.sessions.find(headers).map(|browser| browser.session().as_login()).unwrap_or_default();
    let step = match step.check(&login, now()) {
        Ok(step) => step,
        Err(refused) => return ready(refused.send(&app.service).await?),
    };
    let subject = login.subject.unwrap_or_default();
    let client_id = step.client().and_then(|client| client.client_id);
    let claims = step.claims().iter().chain(step.claims_at_user_info());
    let wish = Wish::new(app, &subject, request!(step, client_id, claims, None)).await?;
    let reason = if max_age_0 {
        AuthorizationFailReason::ExceedsMaxAge
    } else if !app.resources.have(step.resources()) {
        AuthorizationFailReason::InvalidTarget
    } else if step.grant_subject().is_some_and(|owner| owner != subject) {
        AuthorizationFailReason::DifferentSubject
    } else if !app.consents.cover(&wish) {
        AuthorizationFailReason::ConsentRequired
    } else {
        let claims = step.claims().to_vec();
        return ready(issue(app, step.issue(subject), login.auth_time, &claims, wish)?.send(&app.service).await?);
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
    let step = &interaction.step;
    let Some(login) = login.filter(|login| !needs_login(login, &interaction)) else {
        return Ok(to_login(&path, step.subject().or(step.login_hint())));
    };
    if let Some(reason) = unfit(&login, step) {
        return finish(&app, &browser, &id, Err(reason)).await;
    }
    let wish = wish(&app, &login.subject, step).await?;
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
    // The login may be too old by now.
    let Some(login) = login.filter(|login| !needs_login(login, &interaction)) else {
        return Ok(to_login(&path, None));
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
    let Some((Interaction { step, .. }, taken)) = app.interactions.take(&owner, id) else { return Ok(pages::gone()) };
    let allows = decided.is_ok();
    let sent = match decided {
        Ok((login, wish)) => {
            let claims = step.claims().to_vec();
            let request = issue(app, step.issue(login.subject), Some(login.auth_time), &claims, wish)?;
            request.send(&app.service).await.map(ready).map_err(|unsent| unsent.error)
        }
        Err(reason) => step.fail(reason).send(&app.service).await.map(ready).map_err(|unsent| unsent.error),
    };
    match sent {
        Ok(answer) => {
            taken.end();
            answer
        }
        Err(error) => Ok(pages::later(&browser.session(), &format!("/interaction/{id}"), allows, "", &error)),
    }
}

/// Completes the request that issues, with what the ID token says of the user.
fn issue(
    app: &App,
    mut request: PendingRequest<AuthorizationIssueRequest>,
    auth_time: Option<i64>,
    claims: &[String],
    wish: Wish,
) -> Result<PendingRequest<AuthorizationIssueRequest>, Error> {
    let claims = app.users.claims(&wish.subject, claims);
    request.auth_time = auth_time;
    request.consented_claims = Some(wish.claim_names);
    if claims.is_empty() { Ok(request) } else { request.claims(&claims) }
}

async fn wish(app: &App, subject: &str, step: &AuthorizationInteraction) -> Result<Wish, Error> {
    let client_id = step.client().and_then(|client| client.client_id);
    let claims = step.claims().iter().chain(step.claims_at_user_info());
    Wish::new(app, subject, request!(step, client_id, claims, step.purpose())).await
}

/// Whether who is logged in has to log in once more.
fn needs_login(login: &LoggedIn, interaction: &Interaction) -> bool {
    if interaction.login_before.as_ref() != Some(&login.id) {
        return false;
    }
    let step = &interaction.step;
    let age = step.max_age().filter(|age| !age.is_zero());
    interaction.logs_in
        || age.is_some_and(|age| login.auth_time.saturating_add_unsigned(age.as_secs()) < now())
        || step.subject().is_some_and(|subject| subject != login.subject)
}

/// Why the user who logged in does not fit the request.
fn unfit(login: &LoggedIn, step: &AuthorizationInteraction) -> Option<AuthorizationFailReason> {
    if [step.subject(), step.grant_subject()].iter().flatten().any(|subject| *subject != login.subject) {
        return Some(AuthorizationFailReason::DifferentSubject);
    }
    // Passwords alone satisfy no authentication context class here.
    (step.acr_essential() && !step.acrs().is_empty()).then_some(AuthorizationFailReason::AcrNotSatisfied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maximum_age_of_0_is_told_from_none() {
        for (parameters, payload, asks) in [
            ("max_age=0", None, true),
            ("a=b&max_age=00", None, true),
            ("max_age=%30", None, true),
            ("max_age=+0", None, true),
            ("max_age=10", None, false),
            ("max_age=", None, false),
            ("scope=max_age=0", None, false),
            ("", None, false),
            ("request=x", Some(r#"{"max_age": 0}"#), true),
            ("request=x", Some(r#"{"max_age": 0.0}"#), true),
            ("request=x", Some(r#"{"max_age": "0"}"#), true),
            ("request=x", Some(r#"{"max_age": 1}"#), false),
            ("request=x", Some("{}"), false),
            ("request=x", Some("not JSON"), false),
        ] {
            let payload = payload.map(|payload| JsonString::from(payload.to_owned()));
            assert_eq!(asks_for_max_age_0(parameters, payload.as_ref()), asks, "{parameters} {payload:?}");
        }
    }
}
