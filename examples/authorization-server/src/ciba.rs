//! Client-initiated backchannel authentication (CIBA): a client asks, and the user agrees on a page of ours, which stands
//! in for an app on the user's phone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use authlete_api::Error;
use authlete_api::actions::{
    BackchannelAuthenticationCompleteNext, BackchannelAuthenticationIssueAction, BackchannelAuthenticationIssued,
    BackchannelAuthenticationUserIdentification,
};
use authlete_api::ciba::{Accepted, Refusal, UserHint};
use authlete_api::http_inputs::ClientRequest;
use authlete_api::types::BackchannelAuthenticationFailReason;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum::{Extension, Form};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::consent::{LANGUAGES, Wish};
use crate::session::{Browser, Decision, to_login};
use crate::{Answer, App, pages, ready};

/// As many requests of one client's as can wait for a user, and as many of all clients.
const OF_A_CLIENT: usize = 5;
const OF_ALL: usize = 100;

/// As many characters of a binding message as the page has room for.
const BINDING_MESSAGE: usize = 300;

/// A request that waits for a user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Approval {
    step: BackchannelAuthenticationIssued,
    shown: Option<Wish>,
}

/// Which requests wait for whom, by subject.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<String, Vec<Place>>>);

struct Place {
    id: String,
    client_id: i64,
    until: Instant,
}

impl Queues {
    /// The subject's queue, without what has expired.
    fn with<R>(&self, subject: &str, look: impl FnOnce(&mut Vec<Place>) -> R) -> R {
        let mut all: MutexGuard<'_, _> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = all.entry(subject.to_owned()).or_default();
        queue.retain(|place| place.until > Instant::now());
        look(queue)
    }

    /// Whether another request may wait. Where there is no room it is the new one that goes, so that nobody pushes out
    /// what others asked.
    fn have_room(&self, subject: &str, client_id: i64) -> bool {
        self.with(subject, |queue| {
            let own = queue.iter().filter(|place| place.client_id == client_id).count();
            own < OF_A_CLIENT && queue.len() < OF_ALL
        })
    }
}

pub(crate) async fn authentication(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let form = app.resources.known(form)?;
    let request = ClientRequest::read(&headers, form)?;
    let step = app.service.ciba().process(request).await?.proceed()?;
    let accepted = match check(&app, step) {
        Ok(accepted) => accepted,
        Err(refusal) => return ready(refusal.send(&app.service).await?),
    };
    let (subject, client_id) = (accepted.subject().to_owned(), accepted.request().client_id().unwrap_or_default());
    let (issue, step) = accepted.issue();
    let issued = issue.send(&app.service).await?;
    if let BackchannelAuthenticationIssueAction::Ok(issued) = &issued {
        let id = app.approvals.put(Some(&subject), &Approval { step, shown: None });
        let until = Instant::now() + issued.expires_in().unwrap_or_default();
        app.queues.with(&subject, |queue| queue.push(Place { id, client_id, until }));
    }
    ready(issued)
}

/// Who is to be asked, or why nobody is.
fn check(app: &App, step: BackchannelAuthenticationUserIdentification) -> Result<Accepted, Refusal> {
    let hint = match step.user_hint() {
        UserHint::LoginHint(hint) | UserHint::IdTokenHint(hint) => Some(hint),
        // There is no format of tokens that we agreed on with clients.
        _ => None,
    };
    let subject = hint.and_then(|hint| app.users.find(hint)).map(str::to_owned);
    let accepted = step
        .identify(subject)?
        .hint_token_expires(None, SystemTime::now())?
        // Our users have no codes.
        .user_code(|_| false)?
        .binding_message(|message| message.chars().count() <= BINDING_MESSAGE)?;
    if !app.resources.have(accepted.request().resources()) {
        return Err(accepted.refuse(BackchannelAuthenticationFailReason::InvalidTarget));
    }
    if !app.queues.have_room(accepted.subject(), accepted.request().client_id().unwrap_or_default()) {
        return Err(accepted.refuse(BackchannelAuthenticationFailReason::AccessDenied));
    }
    Ok(accepted)
}

/// What waits for the user.
pub(crate) async fn approvals(State(app): State<App>, Extension(browser): Extension<Browser>) -> Answer {
    let Some(login) = browser.user().0 else { return Ok(to_login("/approvals", None)) };
    let ids = app.queues.with(&login.subject, |queue| queue.iter().map(|place| place.id.clone()).collect::<Vec<_>>());
    let mut waiting = Vec::new();
    for id in ids {
        let Some(mut approval) = app.approvals.get(&login.subject, &id) else { continue };
        let wish = wish(&app, &login.subject, &approval.step).await?;
        approval.shown = Some(wish.clone());
        app.approvals.set(&login.subject, &id, &approval);
        waiting.push((id, wish));
    }
    Ok(pages::approvals(&browser.session(), &waiting, &app.users.name(&login.subject)))
}

pub(crate) async fn decide(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Form(form): Form<Decision>,
) -> Answer {
    if !browser.session().made(&form) {
        return Ok(pages::not_ours());
    }
    let Some(login) = browser.user().0 else { return Ok(to_login("/approvals", None)) };
    let subject = login.subject.clone();
    let Some((Approval { step, shown }, taken)) = app.approvals.take(&subject, &form.id) else {
        return Ok(pages::gone());
    };
    let wish = match wish(&app, &subject, &step).await {
        Ok(wish) if shown.as_ref() == Some(&wish) => wish,
        Ok(_) => return Ok(pages::changed()),
        Err(error) => return Ok(pages::later(&browser.session(), "/approvals", form.allows(), &form.id, &error)),
    };
    let claims = step.collect_claims(|name, language| app.users.claim(&subject, name, language));
    let mut complete = if form.allows() { step.approve(subject.clone()) } else { step.deny() };
    if form.allows() {
        complete = complete.login(&login.as_login()).consented_claims(wish.claim_names).claims(&claims)?;
    }
    let completed = match complete.send(&app.service).await {
        Ok(completed) => completed,
        Err(unsent) => return Ok(pages::later(&browser.session(), "/approvals", form.allows(), &form.id, &unsent)),
    };
    taken.end();
    app.queues.with(&subject, |queue| queue.retain(|place| place.id != form.id));
    if let BackchannelAuthenticationCompleteNext::Notification(notification) = completed.proceed()? {
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

async fn wish(app: &App, subject: &str, step: &BackchannelAuthenticationIssued) -> Result<Wish, Error> {
    Wish::new(app, subject, step.consent_page(&LANGUAGES)).await
}
