//! Client-initiated backchannel authentication (CIBA): a client asks, and the user agrees on a page of ours, which stands
//! in for an app on the user's phone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authlete_api::actions::{
    BackchannelAuthenticationCompleteNext, BackchannelAuthenticationIssueAction, BackchannelAuthenticationIssued,
};
use authlete_api::types::{BackchannelAuthenticationFailReason, BackchannelAuthenticationRequest, CompletionResult};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;

use crate::endpoints::client;
use crate::session::{Browser, Decision, random, to_login};
use crate::{Answer, App, pages, ready};

/// What waits for users, by subject. What nobody decides on is forgotten when there is too much of it: Authlete lets it
/// expire.
#[derive(Default)]
pub(crate) struct Approvals(Mutex<HashMap<String, Vec<Approval>>>);

pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) step: BackchannelAuthenticationIssued,
}

impl Approvals {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Approval>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, subject: String, step: BackchannelAuthenticationIssued) {
        let mut all = self.lock();
        let waiting = all.entry(subject).or_default();
        if waiting.len() >= 20 {
            waiting.remove(0);
        }
        waiting.push(Approval { id: random(), step });
    }

    fn take(&self, subject: &str, id: &str) -> Option<BackchannelAuthenticationIssued> {
        let mut all = self.lock();
        let waiting = all.get_mut(subject)?;
        let index = waiting.iter().position(|approval| approval.id == id)?;
        Some(waiting.remove(index).step)
    }
}

pub(crate) async fn authentication(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let (client_id, client_secret) = client(&headers)?;
    let mut request = BackchannelAuthenticationRequest::new(form);
    request.client_id = client_id;
    request.client_secret = client_secret;
    let step = app.service.ciba().process(request).await?.proceed()?;
    // The subject of an ID token hint, or what else the client calls the user.
    let subject = step.sub().or(step.hint()).and_then(|hint| app.users.find(hint)).map(str::to_owned);
    let Some(subject) = subject else {
        return ready(step.fail(BackchannelAuthenticationFailReason::UnknownUserId).send(&app.service).await?);
    };
    let (issue, step) = step.issue();
    let issued = issue.send(&app.service).await?;
    if let BackchannelAuthenticationIssueAction::Ok(_) = &issued {
        app.approvals.put(subject, step);
    }
    ready(issued)
}

/// What waits for the user.
pub(crate) async fn approvals(State(app): State<App>, Extension(browser): Extension<Browser>) -> Answer {
    let session = browser.session();
    let Some(login) = &session.login else { return Ok(to_login("/approvals", None)) };
    let all = app.approvals.lock();
    let waiting = all.get(&login.subject).map(Vec::as_slice).unwrap_or_default();
    Ok(pages::approvals(&session, waiting, &app.users.name(&login.subject)))
}

pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Form(form): Form<Decision>,
) -> Answer {
    let login = {
        let session = browser.session();
        if !session.made(&form.csrf) {
            return Ok(pages::not_ours());
        }
        let Some(login) = session.login.clone() else { return Ok(to_login("/approvals", None)) };
        login
    };
    let Some(step) = app.approvals.take(&login.subject, &form.id) else { return Ok(pages::gone()) };
    let allowed = form.allows();
    let result = if allowed { CompletionResult::Authorized } else { CompletionResult::AccessDenied };
    let claims = app.users.claims(&login.subject, step.claim_names());
    let mut complete = step.complete(result, login.subject);
    if allowed {
        complete.auth_time = Some(login.auth_time);
        complete = complete.claims(&claims)?;
    }
    if let BackchannelAuthenticationCompleteNext::Notification(notification) =
        complete.send(&app.service).await?.proceed()?
    {
        // The client is told meanwhile; what becomes of it changes nothing.
        let sender = app.notifications.clone();
        tokio::spawn(async move {
            if let Err(error) = sender.send(&notification).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(Redirect::to("/approvals").into_response())
}
