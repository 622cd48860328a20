//! An OpenID Connect authorization server in axum, to start a product from. Authlete does the protocol; this has users,
//! sessions, pages, and for every endpoint the few lines that do what Authlete's answer asks for.
//!
//! What a product replaces: [`users`] by its user store, the sessions by a store that instances share, the pages by its
//! own, and the printing of failures by its log.

mod authorize;
mod ciba;
mod device;
mod endpoints;
mod pages;
mod registration;
mod session;
mod userinfo;

pub mod demo;
pub mod users;

use std::sync::Arc;

use authlete_api::actions::NotificationSender;
use authlete_api::{AuthleteService, Error, Reply};
use authlete_resource_server::{Principal, ProtectLayer, Refusal};
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What handlers end with.
pub(crate) type Answer = Result<Response, Stop>;

/// An answer that ends a handler: `?` makes it of everything that Authlete's answers and errors become.
pub(crate) struct Stop(Reply);

impl<E: Into<Reply>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        sent(self.0)
    }
}

/// An answer of Authlete's that is ready to be sent.
pub(crate) fn ready(reply: impl Into<Reply>) -> Answer {
    Ok(sent(reply.into()))
}

/// Tells the operator of failures; clients learn nothing of them.
fn sent(reply: Reply) -> Response {
    if reply.status().is_server_error() {
        eprintln!("{reply}");
    }
    reply.into_response()
}

/// The authorization server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] holds.
pub struct Parts {
    pub(crate) service: AuthleteService,
    pub(crate) url: String,
    pub(crate) users: users::Users,
    pub(crate) sessions: session::Sessions,
    pub(crate) interactions: authorize::Interactions,
    pub(crate) approvals: ciba::Approvals,
    pub(crate) notifications: NotificationSender,
    pub(crate) resource_server: String,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// A server that is reached at the given URL, which is its issuer identifier.
    ///
    /// # Errors
    /// When no HTTP client for notifications, or no random number, can be had.
    pub fn new(service: AuthleteService, url: impl Into<String>) -> Result<Self, Error> {
        let url = url.into();
        // While developing, clients are on this machine.
        let notifications = match url.starts_with("https") {
            true => NotificationSender::new()?,
            false => NotificationSender::to_any_address()?,
        };
        Ok(Self(Arc::new(Parts {
            service,
            users: users::Users::demo(),
            sessions: session::Sessions::new(&url),
            url,
            interactions: authorize::Interactions::new(),
            approvals: ciba::Approvals::default(),
            notifications,
            resource_server: format!("resource-server:{}", session::random()),
        })))
    }

    /// Id and secret, with a colon between, that introspection asks of resource servers.
    pub fn resource_server(&self) -> &str {
        &self.0.resource_server
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// All of it as a router.
    pub fn router(self) -> Router {
        let protect = ProtectLayer::new(self.service.clone()).external_url(&self.url).scopes(["profile"]);
        // What a browser shows, within a session.
        let pages = Router::new()
            .route("/interaction/{id}", get(authorize::show).post(authorize::decide))
            .route("/login", get(session::login_page).post(session::log_in))
            .route("/logout", post(session::log_out))
            .route("/device", get(device::enter).post(device::decide))
            .route("/approvals", get(ciba::approvals).post(ciba::decide))
            .layer(from_fn_with_state(self.clone(), session::keep));
        Router::new()
            .merge(pages)
            .route("/", get(pages::home))
            .route("/style.css", get(pages::style))
            .route("/client/callback", get(pages::callback).post(pages::callback))
            .route("/authorize", get(authorize::get).post(authorize::post))
            .route("/par", post(endpoints::par))
            .route("/token", post(endpoints::token))
            .route("/introspect", post(endpoints::introspect))
            .route("/revoke", post(endpoints::revoke))
            .route("/userinfo", get(userinfo::get).post(userinfo::post))
            .route("/jwks", get(endpoints::jwks))
            .route("/.well-known/openid-configuration", get(endpoints::configuration))
            .route("/.well-known/oauth-authorization-server", get(endpoints::configuration))
            .route("/register", post(registration::register))
            .route(
                "/register/{client_id}",
                get(registration::get).put(registration::update).delete(registration::delete),
            )
            .route("/device_authorization", post(device::authorization))
            .route("/backchannel", post(ciba::authentication))
            .route("/grants/{grant_id}", get(endpoints::grant).delete(endpoints::grant))
            .route("/api/me", get(me).layer(protect).layer(from_fn(log)))
            .layer(map_response(pages::guard))
            .with_state(self)
    }
}

/// An API that wants a token: what `ProtectLayer` let through, and for whom.
async fn me(principal: Principal) -> Json<Value> {
    Json(json!({"subject": principal.subject(), "client": principal.client_id(), "scopes": principal.scopes()}))
}

/// Tells the operator why requests for the API fail.
async fn log(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(refusal) = response.extensions().get::<Refusal>().filter(|_| response.status().is_server_error()) {
        eprintln!("{refusal}");
    }
    response
}
