//! The pages: plain HTML that works without JavaScript. maud writes them, since it escapes every value that is put in.

use std::error::Error;
use std::time::Duration;

use authlete_api::actions::UserPage;
use axum::extract::{RawForm, Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use crate::App;
use crate::consent::{Place, Wish, in_words, printable, shortened};
use crate::session::Session;

/// Nothing from elsewhere, no scripts, no frames. `form-action` is left out: browsers hold the redirect to the client
/// against it, which follows the form on the consent page.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");

/// What every answer has that says nothing else: no frames of other sites around it, no guessing what it is, and no word
/// to others of where one came from. Authlete's page that posts itself to the client has a script, which these allow.
const GUARDS: [(HeaderName, HeaderValue); 4] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// For a year, browsers come by https alone (RFC 6797).
const BY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    if app.is_https() {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, BY_HTTPS);
    }
    response
}

/// `HEAD` is safe (RFC 9110 9.2.1): where `GET` uses something up, nothing is done for it.
pub(crate) async fn nothing() -> Response {
    ([(CACHE_CONTROL, "no-store")], StatusCode::OK).into_response()
}

/// What goes wrong where people are is told on a page, whoever says it.
pub(crate) async fn failures(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = match status.is_server_error() {
        true => "This did not work. Try again in a moment.",
        false => "This request cannot be understood. Go back to the application and start again.",
    };
    let mut page = page(status, "Something went wrong", &html! { p { (text) } });
    if let Some(methods) = response.headers().get(ALLOW) {
        page.headers_mut().insert(ALLOW, methods.clone());
    }
    page
}

pub(crate) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css")], include_str!("style.css")).into_response()
}

/// A page in our look.
pub fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, headers, Html(document(title, content))).into_response()
}

/// A page for an action that wants one, with the action's status.
fn page_for(due: UserPage, title: &str, content: &Markup) -> Response {
    let mut response = due.html(document(title, content)).into_response();
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn document(title: &str, content: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    document.into_string()
}

pub(crate) async fn home(State(app): State<App>) -> Response {
    page(
        StatusCode::OK,
        "Authorization server",
        &html! {
            ul {
                li { a href="/device" { "Enter the code of a device" } }
                li { a href="/approvals" { "Requests that wait for you" } }
                li { a href={ "/.well-known/openid-configuration" (app.path()) } { "Configuration" } }
            }
        },
    )
}

pub(crate) fn login(session: &Session, next: &str, username: &str, complaint: Option<&str>) -> Response {
    let status = if complaint.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    page(
        status,
        "Log in",
        &html! {
            @if let Some(complaint) = complaint { p.complaint role="alert" { (complaint) } }
            form method="post" action="/login" {
                (hidden(&session.login_csrf, &[("next", next)]))
                label { "User name" input name="username" value=(shortened(username, 200)) autocomplete="username" autocapitalize="none" required; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                button { "Log in" }
            }
            @if is_interaction(next) {
                form method="post" action=(next) {
                    (hidden(&session.login_csrf, &[]))
                    button.plain name="decision" value="deny" { "Cancel" }
                }
            }
        },
    )
}

/// What is said to who has to wait, and the same for programs (RFC 6585 4).
pub(crate) fn too_many(wait: Duration) -> String {
    format!("There were too many attempts. Try again in {} seconds.", seconds(wait))
}

pub(crate) fn wait(wait: Duration, mut page: Response) -> Response {
    *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    page.headers_mut().insert(RETRY_AFTER, seconds(wait).into());
    page
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// Whether a request waits there. What the path goes on with would send the form and its token somewhere else.
fn is_interaction(path: &str) -> bool {
    let of_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    path.strip_prefix("/interaction/").is_some_and(|id| !id.is_empty() && id.bytes().all(of_id))
}

/// What the user decides on.
fn wish(wish: &Wish, user: &str) -> Markup {
    html! {
        p { (client(wish)) " wants to act for you, " strong { bdi { (user) } } "." }
        @if let Some(purpose) = &wish.purpose { blockquote { bdi { (purpose) } } }
        @if !wish.scopes.is_empty() || !wish.dynamic_scopes.is_empty() {
            p { "It asks for:" }
            ul { @for scope in wish.scopes.iter().chain(&wish.dynamic_scopes) { li { bdi { (scope) } } } }
        }
        @if !wish.claims.is_empty() {
            p { "It learns of you:" }
            ul { @for claim in &wish.claims { li { bdi { (claim) } } } }
        }
        @for detail in &wish.details {
            div.detail {
                strong { bdi { (in_words(&printable(&detail.kind))) } }
                (value(&detail.members))
            }
        }
        @if !wish.resources.is_empty() {
            p { "For use at:" }
            ul { @for resource in &wish.resources { li { bdi { (resource) } } } }
        }
        @if wish.changes_grant { p { "This changes what you allowed before." } }
        @if wish.client.policy.is_some() || wish.client.terms.is_some() {
            p.soft {
                "The application tells more: "
                @if let Some(policy) = &wish.client.policy { a href=(policy) rel="noreferrer" target="_blank" { "its privacy policy" } " " }
                @if let Some(terms) = &wish.client.terms { a href=(terms) rel="noreferrer" target="_blank" { "its terms of service" } }
            }
        }
    }
}

/// Who asks. A name that the client chose itself is told as that, after what is certain.
fn client(wish: &Wish) -> Markup {
    let client = &wish.client;
    let name = client.name.as_deref();
    html! {
        @match (&client.host, name) {
            (Some(host), Some(name)) => { strong { bdi { (host) } } ", which calls itself “" bdi { (name) } "”," }
            (Some(host), None) => strong { bdi { (host) } },
            (None, Some(name)) if client.names_itself => { "An application that calls itself “" strong { bdi { (name) } } "”" },
            (None, Some(name)) => strong { bdi { (name) } },
            (None, None) => strong { "An application without a name" },
        }
    }
}

/// Where the browser goes with what the user decided.
fn destination(wish: &Wish) -> Markup {
    let places = wish.client.places();
    // Who wrote a document might hide one among many, so all are shown of those.
    let shown = if wish.client.host.is_some() { places.len() } else { 5 };
    html! {
        p.soft {
            "You go back to "
            @for (index, place) in places.iter().take(shown).enumerate() {
                @if index > 0 { " or " }
                @match place {
                    Place::Site(host) => {
                        strong { bdi { (host) } }
                        // What a document says of redirect URIs is the word of whoever wrote it.
                        @if wish.client.host.as_ref().is_some_and(|own| own != host) { ", which is another site" }
                    },
                    Place::Loopback => { "a program on " strong { "this computer" } ", which may not be the one that it says it is" },
                    Place::App(scheme) => { "an app that opens " strong { bdi { (scheme) } } ", which may not be the one that it says it is" },
                }
            }
            @if places.len() > shown { " or one of " (places.len() - shown) " other places" }
            "."
        }
    }
}

/// Authorization details, as lists of what they hold.
fn value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Object(members) => dl { @for (name, member) in members { dt { bdi { (in_words(&printable(name))) } } dd { (self::value(member)) } } },
            Value::Array(elements) => ul { @for element in elements { li { (self::value(element)) } } },
            Value::String(text) => bdi { (printable(text)) },
            Value::Bool(true) => "yes",
            Value::Bool(false) => "no",
            Value::Null => "none",
            Value::Number(number) => (number),
        }
    }
}

/// The page on which a request is decided on; its form goes to the path.
pub(crate) fn consent(session: &Session, path: &str, wish: &Wish, user: &str) -> Response {
    page(
        StatusCode::OK,
        "Do you agree?",
        &html! {
            (self::wish(wish, user))
            (destination(wish))
            (decision(session, path, &[]))
        },
    )
}

/// The same for a device. Who came by a link may have the code of somebody else's: RFC 8628 3.3.1 and 5.4.
pub(crate) fn device(session: &Session, path: &str, wish: &Wish, user: &str, code: &str) -> Response {
    page(
        StatusCode::OK,
        "Do you agree?",
        &html! {
            (self::wish(wish, user))
            blockquote { "Go on only when the device before you shows the code " bdi { (code) } "." }
            (decision(session, path, &[]))
        },
    )
}

/// The requests that wait for a user, with their ids.
pub(crate) fn approvals(session: &Session, waiting: &[(String, Wish)], user: &str) -> Response {
    page(
        StatusCode::OK,
        "Requests that wait for you",
        &html! {
            @if waiting.is_empty() { p { "There are none." } }
            @for (id, wish) in waiting {
                article {
                    (self::wish(wish, user))
                    (decision(session, "/approvals", &[("id", id)]))
                }
            }
            form method="post" action="/logout" { (hidden(&session.csrf, &[])) button.plain { "Log out" } }
        },
    )
}

/// A decision that could not be carried out: it can be sent again.
pub(crate) fn later(session: &Session, path: &str, allows: bool, id: &str, error: &dyn Error) -> Response {
    eprintln!("{error}");
    let decision = if allows { "allow" } else { "deny" };
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not yet",
        &html! {
            p { "Your decision could not be carried out at the moment. It is not lost." }
            form method="post" action=(path) {
                (hidden(&session.csrf, &[("decision", decision), ("id", id)]))
                button { "Try again" }
            }
        },
    )
}

const USER_CODE: &str = "Connect a device";

pub(crate) fn user_code(complaint: Option<&str>) -> Response {
    page(StatusCode::OK, USER_CODE, &user_code_form(complaint))
}

/// A code that is not good.
pub(crate) fn user_code_again(due: UserPage, complaint: &str) -> Response {
    page_for(due, USER_CODE, &user_code_form(Some(complaint)))
}

fn user_code_form(complaint: Option<&str>) -> Markup {
    html! {
        @if let Some(complaint) = complaint { p.complaint role="alert" { (complaint) } }
        form action="/device" {
            label { "The code that the device shows" input name="user_code" autocomplete="off" autocapitalize="characters" required; }
            button { "Go on" }
        }
    }
}

pub(crate) fn message(due: UserPage, title: &str, text: &str) -> Response {
    page_for(due, title, &html! { p { (text) } })
}

/// A request that nobody waits for any more.
pub(crate) fn gone() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "Too late",
        &html! {
            p { "This request is over, or belongs to another browser. Go back to the application and start again." }
        },
    )
}

/// A request that is another by now than the page showed.
pub(crate) fn changed() -> Response {
    page(
        StatusCode::CONFLICT,
        "Something changed",
        &html! {
            p { "The application or its request is not what it was when you looked at it. Go back to the application and start again." }
        },
    )
}

/// A form that did not come from a page of ours.
pub(crate) fn not_ours() -> Response {
    page(
        StatusCode::FORBIDDEN,
        "Try again",
        &html! {
            p { "The form was too old. Go back, load the page again, and repeat what you did." }
        },
    )
}

/// Stands in for the client: what the browser brings it.
pub(crate) async fn callback(RawForm(form): RawForm) -> Response {
    page(
        StatusCode::OK,
        "The client",
        &html! {
            p { "This page stands in for the client. The browser brings it:" }
            dl {
                @for (name, value) in form_urlencoded::parse(&form) { dt { (name) } dd { code { (value) } } }
            }
        },
    )
}

fn decision(session: &Session, path: &str, values: &[(&str, &str)]) -> Markup {
    html! {
        form method="post" action=(path) {
            (hidden(&session.csrf, values))
            div.choice {
                button name="decision" value="allow" { "Allow" }
                button.plain name="decision" value="deny" { "Deny" }
            }
        }
    }
}

/// The fields that a form has, to be known as one of ours.
pub fn form_fields(session: &Session) -> Markup {
    hidden(&session.csrf, &[])
}

fn hidden(csrf: &str, values: &[(&str, &str)]) -> Markup {
    html! {
        input type="hidden" name="csrf" value=(csrf);
        @for (name, value) in values { input type="hidden" name=(name) value=(value); }
    }
}
