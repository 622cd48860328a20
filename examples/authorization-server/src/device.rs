//! The device flow (RFC 8628): the endpoint that devices call, and the pages on which the user enters the code and decides.

use authlete_api::Error;
use authlete_api::actions::{DeviceCompleteNext, DeviceVerificationNext, DeviceVerificationValid};
use authlete_api::http_inputs::ClientRequest;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::consent::{LANGUAGES, Wish};
use crate::session::{Browser, Decision, to_login};
use crate::{Answer, App, pages, ready};

/// A device that waits for the user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Device {
    code: String,
    step: DeviceVerificationValid,
    shown: Wish,
}

pub(crate) async fn authorization(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let form = app.resources.known(form)?;
    ready(app.service.device().process(ClientRequest::read(&headers, form)?).await?)
}

/// What the user is told when the server cannot go on.
const OUT_OF_ORDER: &str = "Something is wrong on our side. Start again on the device in a while.";

#[derive(Deserialize)]
pub(crate) struct Entry {
    #[serde(default)]
    user_code: String,
}

/// Asks for the code, and looks it up.
pub(crate) async fn enter(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Query(entry): Query<Entry>,
) -> Answer {
    // People write the code in groups, and in small letters (RFC 8628 6.1).
    let code: String = entry.user_code.chars().filter(char::is_ascii_alphanumeric).collect();
    let code = code.to_ascii_uppercase();
    let (login, owner) = browser.user();
    let Some(login) = login else {
        let back = if code.is_empty() { "/device".to_owned() } else { format!("/device?user_code={code}") };
        return Ok(to_login(&back, None));
    };
    if entry.user_code.is_empty() {
        return Ok(pages::user_code(None));
    }
    if code.is_empty() {
        return Ok(pages::user_code(Some("There is no such code.")));
    }
    if let Some(wait) = app.user_codes.wait(&login.subject) {
        return Ok(pages::wait(wait, pages::user_code(Some(&pages::too_many(wait)))));
    }
    match app.service.device().verify(code.as_str()).await?.proceed()? {
        DeviceVerificationNext::NotExist(page) => {
            app.user_codes.failed(&login.subject);
            Ok(pages::user_code_again(page, "There is no such code."))
        }
        DeviceVerificationNext::Expired(page) => {
            Ok(pages::user_code_again(page, "The code has expired. Start again on the device."))
        }
        DeviceVerificationNext::ServerError(page) | DeviceVerificationNext::InternalServerError(page) => {
            Ok(pages::message(page, "Out of order", OUT_OF_ORDER))
        }
        DeviceVerificationNext::Valid(step) => {
            let shown = wish(&app, &login.subject, &step).await?;
            let id = app.devices.put(Some(&owner), &Device { code, step, shown });
            Ok(Redirect::to(&format!("/device/{id}")).into_response())
        }
    }
}

/// Shows what the device wants.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
) -> Answer {
    let (login, owner) = browser.user();
    let path = format!("/device/{id}");
    let Some(login) = login else { return Ok(to_login(&path, None)) };
    let device = app.devices.get(&owner, &id).filter(|device| device.shown.subject == login.subject);
    let Some(device) = device else { return Ok(pages::gone()) };
    let user = app.users.name(&login.subject);
    Ok(pages::device(&browser.session(), &path, &device.shown, &user, &device.code))
}

pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Answer {
    if !browser.session().made(&form) {
        return Ok(pages::not_ours());
    }
    let (login, owner) = browser.user();
    let path = format!("/device/{id}");
    let Some(login) = login else { return Ok(to_login(&path, None)) };
    let Some((Device { code, step, shown }, taken)) = app.devices.take(&owner, &id) else { return Ok(pages::gone()) };
    match wish(&app, &login.subject, &step).await {
        Ok(wish) if wish == shown => {}
        Ok(_) => return Ok(pages::changed()),
        Err(error) => return Ok(pages::later(&browser.session(), &path, form.allows(), "", &error)),
    }
    let claims = step.collect_claims(|name, language| app.users.claim(&login.subject, name, language));
    let mut complete = if form.allows() { step.approve(login.subject.clone(), code) } else { step.deny(code) };
    if form.allows() {
        complete = complete.login(&login.as_login()).consented_claims(shown.claim_names).claims(&claims)?;
    }
    let done = if form.allows() { "Go on with your device." } else { "The device was refused." };
    let completed = match complete.send(&app.service).await {
        Ok(completed) => completed,
        Err(unsent) => return Ok(pages::later(&browser.session(), &path, form.allows(), "", &unsent)),
    };
    taken.end();
    Ok(match completed.proceed()? {
        DeviceCompleteNext::Success(page) => pages::message(page, "Done", done),
        DeviceCompleteNext::ServerError(page) => pages::message(page, "Out of order", OUT_OF_ORDER),
        DeviceCompleteNext::UserCodeNotExist(page) => {
            pages::message(page, "Too late", "There is no such code any more.")
        }
        DeviceCompleteNext::UserCodeExpired(page) => {
            pages::message(page, "Too late", "The code has expired. Start again on the device.")
        }
    })
}

async fn wish(app: &App, subject: &str, step: &DeviceVerificationValid) -> Result<Wish, Error> {
    Wish::new(app, subject, step.consent_page(&LANGUAGES)).await
}
