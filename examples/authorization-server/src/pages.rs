//! The pages: plain HTML that works without JavaScript. maud writes them, since it escapes every value that is put in.

use authlete_api::actions::{AuthorizationInteraction, DeviceVerificationValid, UserPage};
use authlete_api::types::{DynamicScope, Scope};
use axum::extract::RawForm;
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, html};

use crate::ciba::Approval;
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

pub(crate) async fn guard(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

pub(crate) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css")], include_str!("style.css")).into_response()
}

fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
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

pub(crate) async fn home() -> Response {
    page(
        StatusCode::OK,
        "Authorization server",
        &html! {
            ul {
                li { a href="/device" { "Enter the code of a device" } }
                li { a href="/approvals" { "Requests that wait for you" } }
                li { a href="/.well-known/openid-configuration" { "Configuration" } }
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
                (hidden(session, &[("next", next)]))
                label { "User name" input name="username" value=(username) autocomplete="username" autocapitalize="none" required; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                button { "Log in" }
            }
            @if is_interaction(next) {
                form method="post" action=(next) {
                    (hidden(session, &[]))
                    button.plain name="decision" value="deny" { "Cancel" }
                }
            }
        },
    )
}

/// Whether a request waits there. What the path goes on with would send the form and its token somewhere else.
fn is_interaction(path: &str) -> bool {
    let of_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    path.strip_prefix("/interaction/").is_some_and(|id| !id.is_empty() && id.bytes().all(of_id))
}

/// What a client wants, for the user to decide on.
pub(crate) struct Wish {
    user: String,
    client: String,
    purpose: Option<String>,
    scopes: Vec<String>,
}

impl Wish {
    pub(crate) fn of_interaction(step: &AuthorizationInteraction, user: String) -> Self {
        let client = step.client().and_then(|client| client.client_name.clone());
        Self::new(user, client, step.purpose(), step.scopes(), step.dynamic_scopes())
    }

    /// Who came by a link may have the code of somebody else's device: RFC 8628 3.3.1 and 5.4.
    pub(crate) fn of_device(step: &DeviceVerificationValid, user: String, code: &str) -> Self {
        let purpose = format!("Go on only when the device before you shows the code {code}.");
        let client = step.client_name().map(str::to_owned);
        Self::new(user, client, Some(&purpose), step.scopes(), step.dynamic_scopes())
    }

    fn of_approval(approval: &Approval, user: String) -> Self {
        let step = &approval.step;
        let client = step.client_name().map(str::to_owned);
        Self::new(user, client, step.binding_message(), step.scopes(), step.dynamic_scopes())
    }

    fn new(
        user: String,
        client: Option<String>,
        purpose: Option<&str>,
        scopes: &[Scope],
        dynamic: &[DynamicScope],
    ) -> Self {
        let described = scopes.iter().filter_map(|scope| scope.description.clone().or_else(|| scope.name.clone()));
        let scopes = described.chain(dynamic.iter().filter_map(|scope| scope.value.clone())).collect();
        let client = client.unwrap_or_else(|| "An application without a name".to_owned());
        Self { user, client, purpose: purpose.map(str::to_owned), scopes }
    }

    fn html(&self) -> Markup {
        html! {
            p { strong { (self.client) } " wants to act for you, " strong { (self.user) } "." }
            @if let Some(purpose) = &self.purpose { blockquote { (purpose) } }
            @if !self.scopes.is_empty() {
                p { "It asks for:" }
                ul { @for scope in &self.scopes { li { (scope) } } }
            }
        }
    }
}

/// The form goes to the path.
pub(crate) fn consent(session: &Session, path: &str, wish: &Wish) -> Response {
    page(StatusCode::OK, "Do you agree?", &html! { (wish.html()) (decision(session, path, &[])) })
}

pub(crate) fn approvals(session: &Session, waiting: &[Approval], user: &str) -> Response {
    page(
        StatusCode::OK,
        "Requests that wait for you",
        &html! {
            @if waiting.is_empty() { p { "There are none." } }
            @for approval in waiting {
                article {
                    (Wish::of_approval(approval, user.to_owned()).html())
                    (decision(session, "/approvals", &[("id", &approval.id)]))
                }
            }
            form method="post" action="/logout" { (hidden(session, &[])) button.plain { "Log out" } }
        },
    )
}

const USER_CODE: &str = "Connect a device";

pub(crate) fn user_code() -> Response {
    page(StatusCode::OK, USER_CODE, &user_code_form(None))
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
            (hidden(session, values))
            div.choice {
                button name="decision" value="allow" { "Allow" }
                button.plain name="decision" value="deny" { "Deny" }
            }
        }
    }
}

fn hidden(session: &Session, values: &[(&str, &str)]) -> Markup {
    html! {
        input type="hidden" name="csrf" value=(session.csrf);
        @for (name, value) in values { input type="hidden" name=(name) value=(value); }
    }
}
