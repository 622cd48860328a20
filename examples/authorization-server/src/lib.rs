//! An OpenID Connect authorization server in axum, to start a product from. Authlete does the protocol; this has users,
//! sessions, pages, and for every endpoint the few lines that do what Authlete's answer asks for.
//!
//! What a product replaces: [`users`] by its user store; the sessions, what waits for users and what they agreed to by
//! stores that its instances share; the pages by its own; and the printing of failures by its log.

mod authorize;
mod ciba;
mod consent;
mod device;
mod endpoints;
mod federation;
mod inputs;
mod pages;
mod registration;
mod resources;
mod session;
mod throttle;
mod waiting;

pub mod demo;
pub mod reuse;
pub mod users;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use authlete_api::actions::NotificationSender;
use authlete_api::{AuthleteService, Error, Reply};
use authlete_resource_server::{Principal, Refusal, ResourceServer};
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

pub use resources::Resources;
use waiting::Waiting;

/// What handlers end with.
pub type Answer = Result<Response, Stop>;

/// An answer that ends a handler: `?` makes it of everything that Authlete's answers and errors become.
pub enum Stop {
    /// One of Authlete's.
    Reply(Reply),
    /// One of our own.
    Response(Box<Response>),
}

impl<E: Into<Reply>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Reply(error.into())
    }
}

impl Stop {
    /// An answer of our own.
    pub fn with(response: Response) -> Self {
        Self::Response(Box::new(response))
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Reply(reply) => sent(reply),
            Self::Response(response) => *response,
        }
    }
}

/// An answer of Authlete's that is ready to be sent.
pub fn ready(reply: impl Into<Reply>) -> Answer {
    Ok(sent(reply.into()))
}

/// Tells the operator of failures; clients learn nothing of them.
fn sent(reply: Reply) -> Response {
    if reply.status().is_server_error() {
        eprintln!("{reply}");
    }
    reply.into_response()
}

/// Listens for requests, on any free port where the port is 0, and says by which URL this machine reaches it.
///
/// # Errors
/// When the address cannot be listened on, with the port.
pub async fn listen(address: IpAddr, port: u16) -> io::Result<(TcpListener, String)> {
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("port {port}: {error}"));
    let listener = TcpListener::bind((address, port)).await.map_err(failed)?;
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    Ok((listener, url))
}

/// The authorization server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] holds.
pub struct Parts {
    pub(crate) service: AuthleteService,
    /// The issuer identifier.
    pub(crate) issuer: String,
    /// Where the endpoints are.
    pub(crate) url: String,
    pub(crate) resources: Resources,
    pub(crate) users: users::Users,
    pub(crate) user_codes: throttle::Throttle,
    pub(crate) sessions: session::Sessions,
    pub(crate) consents: consent::Consents,
    pub(crate) interactions: Waiting<authorize::Interaction>,
    pub(crate) devices: Waiting<device::Device>,
    pub(crate) approvals: Waiting<ciba::Approval>,
    pub(crate) queues: ciba::Queues,
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
    /// A server with the given URL as its issuer identifier, which issues tokens for the resources. Its endpoints are at
    /// that URL without the path, which only tells the issuer from others of the same host.
    ///
    /// # Errors
    /// When no HTTP client for notifications, or no random number, can be had.
    pub fn new(service: AuthleteService, issuer: impl Into<String>, resources: Resources) -> Result<Self, Error> {
        let issuer = issuer.into();
        let url = origin(&issuer).to_owned();
        let is_https = url.starts_with("https:");
        // While developing, clients are on this machine.
        let notifications = match is_https {
            true => NotificationSender::new()?,
            false => NotificationSender::to_any_address()?,
        };
        Ok(Self(Arc::new(Parts {
            service,
            issuer,
            url,
            resources,
            users: users::Users::demo(),
            user_codes: throttle::Throttle::new(),
            sessions: session::Sessions::new(is_https),
            consents: consent::Consents::default(),
            interactions: Waiting::new(),
            devices: Waiting::new(),
            approvals: Waiting::new(),
            queues: ciba::Queues::default(),
            notifications,
            resource_server: format!("resource-server:{}", session::random()),
        })))
    }

    /// Id and secret, with a colon between, that introspection asks of resource servers.
    pub fn resource_server(&self) -> &str {
        &self.0.resource_server
    }

    /// The URL at which its endpoints are.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The service that it calls.
    pub fn service(&self) -> &AuthleteService {
        &self.0.service
    }

    /// User names and passwords to try it with.
    pub fn users(&self) -> &users::Users {
        &self.0.users
    }

    /// The path of the issuer identifier, without a slash at its end.
    pub(crate) fn path(&self) -> &str {
        self.issuer[self.url.len()..].trim_end_matches('/')
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// All of it as a router, with more of another server's: pages within the browser's session, and endpoints that
    /// scripts of any site may call.
    pub fn router_with(self, pages: Router, endpoints: Router) -> Router {
        let pages = pages.layer(from_fn(pages::failures)).layer(from_fn_with_state(self.clone(), session::keep));
        let more = pages.merge(endpoints.layer(from_any_site()));
        let more = more.layer(from_fn_with_state(self.clone(), pages::guard));
        self.router().merge(more)
    }

    /// The documents about the server, where an issuer of this path has them: before the path (RFC 8414 section 3.1), and
    /// after it (OpenID Connect Discovery 1.0 section 4). Clients look for either.
    fn metadata(&self) -> Router<Self> {
        let path = self.path();
        let mut router = Router::new()
            // A path may have segments that look like parameters of old.
            .without_v07_checks()
            .route(&format!("/.well-known/oauth-authorization-server{path}"), get(endpoints::configuration))
            .route(&format!("/.well-known/openid-configuration{path}"), get(endpoints::configuration))
            .route(&format!("{path}/.well-known/openid-federation"), get(federation::configuration));
        if !path.is_empty() {
            router = router.route(&format!("{path}/.well-known/openid-configuration"), get(endpoints::configuration));
        }
        router
    }

    /// All of it as a router.
    pub fn router(self) -> Router {
        let protect = ResourceServer::new(self.service.clone()).external_url(&self.url).protect().scopes(["profile"]);
        // What a browser shows, within a session.
        let pages = Router::new()
            .route("/interaction/{id}", get(authorize::show).head(pages::nothing).post(authorize::decide))
            .route("/login", get(session::login_page).post(session::log_in))
            .route("/logout", post(session::log_out))
            .route("/device", get(device::enter).head(pages::nothing))
            .route("/device/{id}", get(device::show).post(device::decide))
            .route("/approvals", get(ciba::approvals).post(ciba::decide))
            .layer(from_fn(pages::failures))
            .layer(from_fn_with_state(self.clone(), session::keep));
        let authorize = Router::new()
            .route("/authorize", get(authorize::get).head(pages::nothing).post(authorize::post))
            .layer(from_fn(inputs::token_errors));
        // What clients call, some of which run in browsers: any site may, as no cookie counts here.
        let clients = Router::new()
            .route("/token", post(endpoints::token))
            .route("/par", post(endpoints::par))
            .route("/revoke", post(endpoints::revoke))
            .route("/device_authorization", post(device::authorization))
            .layer(from_fn(inputs::token_errors));
        let registration = Router::new()
            .route("/register", post(registration::register))
            .route(
                "/register/{client_id}",
                get(registration::get).put(registration::update).delete(registration::delete),
            )
            .layer(from_fn(inputs::registration_errors));
        let with_token = Router::new()
            .route("/userinfo", get(endpoints::userinfo).post(endpoints::userinfo))
            .route("/grants/{grant_id}", get(endpoints::grant).delete(endpoints::grant))
            .layer(from_fn(inputs::resource_errors))
            .route("/api/me", get(me).layer(protect).layer(from_fn(log)));
        let open = Router::new()
            .merge(clients)
            .merge(registration)
            .merge(with_token)
            .route("/jwks", get(endpoints::jwks))
            .merge(self.metadata())
            .layer(from_any_site());
        // These know their callers, none of which is a browser.
        let closed = Router::new()
            .route("/backchannel", post(ciba::authentication))
            .route("/introspect", post(endpoints::introspect))
            .route("/federation/register", post(federation::register))
            .layer(from_fn(inputs::token_errors));
        Router::new()
            .merge(pages)
            .merge(authorize)
            .merge(open)
            .merge(closed)
            .route("/", get(pages::home))
            .route("/style.css", get(pages::style))
            .route("/client/callback", get(pages::callback).post(pages::callback))
            .layer(from_fn_with_state(self.clone(), pages::guard))
            .with_state(self)
    }
}

/// A URL without its path.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |path| &url[..host + path])
}

/// Lets scripts of any site call an endpoint, and read what it asks of clients in headers.
fn from_any_site() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")])
        .max_age(Duration::from_secs(3600))
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
