//! The device flow (RFC 8628): the endpoint that devices call, and the page on which the user enters the code.

use authlete_api::actions::DeviceCompleteNext;
use authlete_api::actions::DeviceVerificationNext;
use authlete_api::types::{CompletionResult, DeviceAuthorizationRequest};
use axum::extract::{Query, State};
use axum::{Extension, Form};
use http::HeaderMap;
use serde::Deserialize;

use crate::endpoints::client;
use crate::session::{Browser, Decision, to_login};
use crate::{Answer, App, pages, ready};

pub(crate) async fn authorization(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let (client_id, client_secret) = client(&headers)?;
    let mut request = DeviceAuthorizationRequest::new(form);
    request.client_id = client_id;
    request.client_secret = client_secret;
    ready(app.service.device().process(request).await?)
}

#[derive(Deserialize)]
pub(crate) struct Entry {
    user_code: Option<String>,
}

/// Asks for the code, and with one, whether the device may have what it wants.
pub(crate) async fn enter(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Query(entry): Query<Entry>,
) -> Answer {
    let code = entry.user_code.map(|code| code.trim().to_uppercase()).filter(|code| !code.is_empty());
    let login = browser.session().login.clone();
    let (Some(login), Some(code)) = (login, code.as_deref()) else {
        let back = code.map_or("/device".to_owned(), |code| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("/device?{}", query.append_pair("user_code", &code).finish())
        });
        return Ok(match browser.session().login {
            None => to_login(&back, None),
            Some(_) => pages::user_code(),
        });
    };
    // A product slows guessing of codes down here (RFC 8628 5.1).
    match app.service.device().verify(code).await?.proceed()? {
        DeviceVerificationNext::NotExist(page) => Ok(pages::user_code_again(page, "There is no such code.")),
        DeviceVerificationNext::Expired(page) => {
            Ok(pages::user_code_again(page, "The code has expired. Start again on the device."))
        }
        DeviceVerificationNext::Valid(step) => {
            let mut session = browser.session();
            let wish = pages::Wish::of_device(&step, app.users.name(&login.subject), code);
            session.device = Some((code.to_owned(), step));
            Ok(pages::consent(&session, "/device", &wish))
        }
    }
}

pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Form(form): Form<Decision>,
) -> Answer {
    let (login, code, step) = {
        let mut session = browser.session();
        if !session.made(&form.csrf) {
            return Ok(pages::not_ours());
        }
        let (Some(login), Some((code, step))) = (session.login.clone(), session.device.take()) else {
            return Ok(pages::gone());
        };
        (login, code, step)
    };
    let allowed = form.allows();
    let result = if allowed { CompletionResult::Authorized } else { CompletionResult::AccessDenied };
    let claims = app.users.claims(&login.subject, step.claim_names());
    let mut complete = step.complete(result, login.subject, code);
    if allowed {
        complete.auth_time = Some(login.auth_time);
        complete = complete.claims(&claims)?;
    }
    let done = if allowed { "Go on with your device." } else { "The device was refused." };
    match complete.send(&app.service).await?.proceed()? {
        DeviceCompleteNext::Success(page) => Ok(pages::message(page, "Done", done)),
        DeviceCompleteNext::UserCodeNotExist(page) => {
            Ok(pages::message(page, "Too late", "There is no such code any more."))
        }
        DeviceCompleteNext::UserCodeExpired(page) => {
            Ok(pages::message(page, "Too late", "The code has expired. Start again on the device."))
        }
    }
}
