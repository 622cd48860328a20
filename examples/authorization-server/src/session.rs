//! Who uses the browser: sessions by cookie, logging in and out, and the tokens that show that a form is ours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use authlete_api::actions::Login;
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

use crate::users::Attempt;
use crate::{App, pages};

const IDLE: Duration = Duration::from_secs(3600);

/// What a session holds: a product keeps it where its instances share it.
pub struct Session {
    /// The cookie's value. It changes with every login.
    id: String,
    /// Whose the things are that wait for the user. It lasts until the user logs out, and is told to nobody.
    pub(crate) key: String,
    /// In every form with which a user allows something, and in none of another site. It changes with the user.
    pub(crate) csrf: String,
    /// In the forms of the login page, which stay good when the user logs in by another tab.
    pub(crate) login_csrf: String,
    pub(crate) login: Option<LoggedIn>,
}

/// Who logged in, and when.
#[derive(Clone)]
pub(crate) struct LoggedIn {
    pub(crate) subject: String,
    pub(crate) auth_time: SystemTime,
    /// Tells this login from any other.
    pub(crate) id: String,
}

/// What the user decided, in a form of ours. What is missing is empty, so that no form of another site's making gets
/// an answer of its own.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decision {
    csrf: String,
    decision: String,
    /// Which of several requests on one page it is about.
    pub(crate) id: String,
}

impl Decision {
    pub(crate) fn allows(&self) -> bool {
        self.decision == "allow"
    }
}

impl Session {
    fn new() -> Self {
        Self { id: random(), key: random(), csrf: random(), login_csrf: random(), login: None }
    }

    /// Whether the form is ours. The login page has one to give a request up with.
    pub(crate) fn made(&self, form: &Decision) -> bool {
        same(&self.csrf, &form.csrf) || (!form.allows() && same(&self.login_csrf, &form.csrf))
    }

    /// Whether a form has the token of this session's forms.
    pub fn gave(&self, csrf: &str) -> bool {
        same(&self.csrf, csrf)
    }

    /// A new id: one that was known before the login must not be worth more after it.
    fn log_in(&mut self, subject: String) {
        self.id = random();
        if self.login.as_ref().is_none_or(|login| login.subject != subject) {
            self.csrf = random();
        }
        self.login = Some(LoggedIn { subject, auth_time: SystemTime::now(), id: random() });
    }
}

impl LoggedIn {
    /// The login as the checks of requests want it. Passwords alone satisfy no authentication context class.
    pub(crate) fn as_login(&self) -> Login {
        Login::new(&self.subject).auth_time(self.auth_time)
    }
}

fn same(ours: &str, theirs: &str) -> bool {
    ours.as_bytes().ct_eq(theirs.as_bytes()).into()
}

/// The session of the browser that a request is from.
#[derive(Clone)]
pub struct Browser(Arc<Mutex<Session>>);

impl Browser {
    /// The session, locked while it is looked at.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The subject who is logged in.
    pub fn subject(&self) -> Option<String> {
        self.user().0.map(|login| login.subject)
    }

    /// Who is logged in, and whose the things are that wait.
    pub(crate) fn user(&self) -> (Option<LoggedIn>, String) {
        let session = self.session();
        (session.login.clone(), session.key.clone())
    }
}

/// All sessions; those that nobody uses for an hour go.
pub(crate) struct Sessions {
    all: Cache<String, Browser>,
    secure: bool,
}

impl Sessions {
    pub(crate) fn new(secure: bool) -> Self {
        Self { all: Cache::builder().max_capacity(100_000).time_to_idle(IDLE).build(), secure }
    }

    /// The cookie's name. With the prefix, browsers take it from this host alone, and not from a neighbour in its domain.
    fn name(&self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    fn cookie(&self, id: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={id}; HttpOnly; SameSite=Lax; Path=/{secure}", self.name())
    }

    /// The browser's session. There can be several cookies of the name, of which others than ours are foreign or old.
    pub(crate) fn find(&self, headers: &HeaderMap) -> Option<Browser> {
        let cookies = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        let pairs = cookies.filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.name()).find_map(|(_, id)| self.all.get(id))
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
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginForm {
    next: String,
    csrf: String,
    username: String,
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
    if !same(&session.login_csrf, &form.csrf) {
        return pages::not_ours();
    }
    match app.users.log_in(&form.username, &form.password) {
        Attempt::Subject(subject) => {
            session.log_in(subject);
            Redirect::to(own_path(&form.next)).into_response()
        }
        Attempt::Wrong => {
            pages::login(&session, &form.next, &form.username, Some("User name and password do not match."))
        }
        Attempt::TooMany(wait) => {
            pages::wait(wait, pages::login(&session, &form.next, &form.username, Some(&pages::too_many(wait))))
        }
    }
}

pub(crate) async fn log_out(Extension(browser): Extension<Browser>, Form(form): Form<Decision>) -> Response {
    let mut session = browser.session();
    if !same(&session.csrf, &form.csrf) {
        return pages::not_ours();
    }
    *session = Session::new();
    Redirect::to("/").into_response()
}

/// Sends the browser to the login page, and back afterwards.
pub fn to_login(next: &str, username: Option<&str>) -> Response {
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

/// 256 random bits, as text.
///
/// # Panics
/// When the operating system has no random numbers: there is no going on then.
pub fn random() -> String {
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
