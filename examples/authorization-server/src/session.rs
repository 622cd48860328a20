//! Who uses the browser: sessions by cookie, logging in and out, and the token that shows that a form is ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use authlete_api::actions::{AuthorizationInteraction, DeviceVerificationValid, Login};
use axum::extract::{Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use moka::sync::Cache;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{App, pages};

const IDLE: Duration = Duration::from_secs(3600);

/// What a session holds: a product keeps it where its instances share it. The steps of Authlete's serialise for that.
pub(crate) struct Session {
    id: String,
    /// In every form of ours, and in none of another site.
    pub(crate) csrf: String,
    pub(crate) login: Option<LoggedIn>,
    /// Authorization requests that wait for the user.
    pub(crate) interactions: HashMap<String, Interaction>,
    /// The device that waits for the user, by its user code.
    pub(crate) device: Option<(String, DeviceVerificationValid)>,
}

/// Who logged in, and when.
#[derive(Clone)]
pub(crate) struct LoggedIn {
    pub(crate) subject: String,
    /// In seconds since the epoch, for Authlete.
    pub(crate) auth_time: i64,
    /// For comparisons of our own.
    at: Instant,
}

/// An authorization request that waits for the user.
pub(crate) struct Interaction {
    pub(crate) step: AuthorizationInteraction,
    /// Whether the user has to log in for it, logged in or not.
    pub(crate) anew: bool,
    pub(crate) since: Instant,
}

/// What the user decided, in a form of ours. What is missing is empty, so that no form of another site's making gets
/// an answer of its own.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decision {
    pub(crate) csrf: String,
    decision: String,
    /// Which of several requests it is about.
    pub(crate) id: String,
}

impl Decision {
    pub(crate) fn allows(&self) -> bool {
        self.decision == "allow"
    }
}

impl Session {
    fn new() -> Self {
        Self { id: random(), csrf: random(), login: None, interactions: HashMap::new(), device: None }
    }

    /// Whether a form with this token is ours.
    pub(crate) fn made(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// Whether the login came after the moment.
    pub(crate) fn logged_in_since(&self, moment: Instant) -> bool {
        self.login.as_ref().is_some_and(|login| login.at > moment)
    }

    /// The login as Authlete's checks want it.
    pub(crate) fn as_login(&self) -> Login {
        let login = self.login.clone();
        Login {
            auth_time: login.as_ref().map(|login| login.auth_time),
            subject: login.map(|login| login.subject),
            acr: None,
        }
    }
}

/// The session of the browser that a request is from.
#[derive(Clone)]
pub(crate) struct Browser(Arc<Mutex<Session>>);

impl Browser {
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All sessions; those that nobody uses for an hour go.
pub(crate) struct Sessions {
    all: Cache<String, Browser>,
    secure: bool,
}

impl Sessions {
    pub(crate) fn new(url: &str) -> Self {
        let all = Cache::builder().max_capacity(100_000).time_to_idle(IDLE).build();
        Self { all, secure: url.starts_with("https") }
    }

    /// The cookie's name. With the prefix, browsers take it from this host alone, and not from a neighbour in its domain.
    fn name(&self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    fn cookie(&self, id: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={id}; HttpOnly; SameSite=Lax; Path=/{secure}", self.name())
    }

    pub(crate) fn find(&self, headers: &HeaderMap) -> Option<Browser> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
        let (_, id) = pairs.find(|(name, _)| *name == self.name())?;
        self.all.get(id)
    }
}

/// Gives every page the browser's session, and the browser the cookie for it.
pub(crate) async fn keep(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let known = app.sessions.find(request.headers());
    // Every form of ours was shown within a session. What another site posts comes without the cookie (SameSite), and a
    // new one in the answer would put an empty session in the place of the user's.
    if known.is_none() && !request.method().is_safe() {
        return pages::not_ours();
    }
    let before = known.as_ref().map(|browser| browser.session().id.clone());
    let browser = known.unwrap_or_else(|| Browser(Arc::new(Mutex::new(Session::new()))));
    request.extensions_mut().insert(browser.clone());
    let mut response = next.run(request).await;
    let after = browser.session().id.clone();
    if before.as_ref() != Some(&after) {
        if let Some(before) = before {
            app.sessions.all.invalidate(&before);
        }
        let cookie = app.sessions.cookie(&after);
        app.sessions.all.insert(after, browser);
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// Where a login page was shown from, and what was entered.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    next: String,
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

pub(crate) async fn login_page(Extension(browser): Extension<Browser>, Query(form): Query<LoginForm>) -> Response {
    pages::login(&browser.session(), &form.next, &form.username, None)
}

pub(crate) async fn log_in(
    State(app): State<App>,
    Extension(browser): Extension<Browser>,
    Form(form): Form<LoginForm>,
) -> Response {
    let mut session = browser.session();
    if !session.made(&form.csrf) {
        return pages::not_ours();
    }
    // A product slows guessing down here.
    let Some(subject) = app.users.log_in(&form.username, &form.password) else {
        return pages::login(&session, &form.next, &form.username, Some("User name and password do not match."));
    };
    // A new id: one that was known before the login must not be worth more after it.
    session.id = random();
    session.csrf = random();
    session.login = Some(LoggedIn { subject, auth_time: now(), at: Instant::now() });
    Redirect::to(own_path(&form.next)).into_response()
}

pub(crate) async fn log_out(Extension(browser): Extension<Browser>, Form(form): Form<LoginForm>) -> Response {
    let mut session = browser.session();
    if !session.made(&form.csrf) {
        return pages::not_ours();
    }
    *session = Session::new();
    Redirect::to("/").into_response()
}

/// Sends the browser to the login page, and back afterwards.
pub(crate) fn to_login(next: &str, username: Option<&str>) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    if let Some(username) = username {
        query.append_pair("username", username);
    }
    Redirect::to(&format!("/login?{}", query.finish())).into_response()
}

/// A path of this server: a login must not end on another site.
fn own_path(next: &str) -> &str {
    let ours =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(|c: char| c == '\\' || c.is_control());
    if ours { next } else { "/" }
}

/// In seconds since the epoch.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// 256 random bits, as text.
///
/// # Panics
/// When the operating system has no random numbers: there is no going on then.
pub(crate) fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_ends_on_this_site() {
        for (next, path) in [
            ("/device?user_code=A", "/device?user_code=A"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/a\0b", "/"),
        ] {
            assert_eq!(own_path(next), path, "{next:?}");
        }
    }
}
