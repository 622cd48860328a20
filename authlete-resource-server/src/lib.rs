//! Protecting an API: a [`tower`](https://docs.rs/tower) layer that lets requests through whose access token is good.
//!
//! [`ProtectLayer`] takes the access token from a request, asks Authlete whether it is good for the scopes wanted, and
//! puts a [`Principal`], who and what the token stands for, into the request's extensions. Other requests it answers
//! itself, with the challenge that fits (RFC 6750 3, RFC 9449 7.1); why, stands in the answer's extensions as a
//! [`Refusal`], for the log.
//!
#![cfg_attr(feature = "axum", doc = "```")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use authlete_api::AuthleteService;
//! use authlete_resource_server::{Principal, ProtectLayer};
//! use axum::Router;
//! use axum::routing::get;
//!
//! async fn orders(principal: Principal) -> String {
//!     format!("orders of {}", principal.subject().unwrap_or("a client"))
//! }
//!
//! fn api(service: &AuthleteService) -> Router {
//!     let protect = ProtectLayer::new(service.clone()).external_url("https://api.example.com").scopes(["orders:read"]);
//!     Router::new().route("/orders", get(orders)).layer(protect)
//! }
//! ```
//!
//! `axum::Router::layer` and `tower::ServiceBuilder` take it as it is. Handlers without axum find the principal by
//! `request.extensions().get::<Principal>()`. With [`IntrospectionCache`] in the
//! service's client, not every request becomes a call.
//!
//! # What it takes as a token
//!
//! `Authorization: Bearer` (RFC 6750), and `Authorization: DPoP` with its proof (RFC 9449) once
//! [`ProtectLayer::external_url`] is set. An access token in the URL is refused (RFC 9700 4.3.2), since URLs end up in
//! logs; bodies are not looked into.

mod cache;
mod challenge;
mod layer;
mod principal;
mod request;

pub use cache::{
    IntrospectionCache, IntrospectionCacheLayer, IntrospectionKey, IntrospectionStore, KeptIntrospection, StoreError,
};
pub use layer::{Protect, ProtectLayer};
pub use principal::{Principal, Refusal};
