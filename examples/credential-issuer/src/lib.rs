//! An issuer of verifiable credentials (OpenID4VCI 1.0) in axum: the authorization server example with a few endpoints more.
//!
//! Authlete does the protocol, verifies the wallets' proofs and signs the credentials; this knows the users, offers them
//! credentials, and decides what is in them. What a product replaces: [`records`] by its registers, and what is kept of
//! issuances by stores that its instances share.

mod credentials;
mod documents;
mod offers;
mod pages;

pub mod demo;
pub mod records;

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authlete_api::{AuthleteService, CredentialRequestId};
use authorization_server::App;
use axum::Router;
use axum::routing::{get, post};
use moka::sync::Cache;
use tokio::net::TcpListener;

/// How long things are kept that belong to an issuance: as long as Authlete keeps a transaction.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The credential issuer. Cheap to clone.
#[derive(Clone)]
pub struct Issuer(Arc<Parts>);

/// What an [`Issuer`] holds.
pub struct Parts {
    app: App,
    /// When credentials were asked for that take longer, by transaction id.
    asked: Cache<CredentialRequestId, Instant>,
    /// Whose credentials the wallets may tell about, by `notification_id`.
    notifications: Cache<String, String>,
}

impl Deref for Issuer {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Issuer {
    /// An issuer at the URL of the authorization server, which is part of it.
    pub fn new(app: App) -> Self {
        Self(Arc::new(Parts {
            app,
            asked: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
            notifications: Cache::builder().max_capacity(100_000).time_to_live(KEPT).build(),
        }))
    }

    pub(crate) fn service(&self) -> &AuthleteService {
        self.app.service()
    }

    pub(crate) fn url(&self) -> &str {
        self.app.url()
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// All of it as a router, with the authorization server.
    pub fn router(self) -> Router {
        let pages = Router::new().route("/offer", get(offers::choose).post(offers::create)).with_state(self.clone());
        // What wallets call.
        let endpoints = Router::new()
            .route("/.well-known/openid-credential-issuer", get(documents::metadata))
            .route("/.well-known/jwt-vc-issuer", get(documents::jwt_issuer))
            .route("/credential-keys", get(documents::keys))
            .route("/offers/{id}", get(offers::by_reference))
            .route("/nonce", post(documents::nonce))
            .route("/challenge", post(documents::challenge))
            .route("/credential", post(credentials::credential))
            .route("/deferred-credential", post(credentials::deferred))
            .route("/notification", post(credentials::notification))
            .with_state(self.clone());
        self.app.clone().router_with(pages, endpoints)
    }
}
