//! How to build servers with this crate, chapter by chapter. Every program in it is compiled, and run where it can be.
//!
//! | chapter | about |
//! |---|---|
//! | [`getting_started`] | installing, a service and its token, a first call |
//! | [`actions`] | what responses ask for, replies and steps |
//! | [`authorization_server`] | login, consent, sessions, `prompt`, `max_age`, PAR, refreshing, token exchange, grants |
//! | [`resource_server`] | protecting an API |
//! | [`mcp_server`] | tools for agents: the Model Context Protocol |
//! | [`sender_constrained`] | DPoP and mutual TLS |
//! | [`device_flow`] | devices without a browser |
//! | [`ciba`] | users who are asked on another device |
//! | [`registration`] | clients that register themselves |
//! | [`credential_issuer`] | verifiable credentials |
//! | [`management`] | services, clients and tokens as resources |
//! | [`production`] | errors, a check at start, retries, timeouts, limits, caches |
//! | [`observability`] | spans and logs |
//! | [`testing`] | canned responses, the emulator, its clock, faults |
//! | [`frameworks`] | actix-web, poem and plain hyper |
//! | [`migration`] | from Authlete's other libraries, and from version 2.x |
//!
//! The programs of a chapter need the features that it names at its head; without them this page has its title alone.

/// Installing, a service and its token, a first call.
///
#[cfg_attr(feature = "reqwest", doc = include_str!("getting_started.md"))]
pub mod getting_started {}

/// What responses ask for: actions, replies and steps.
///
#[doc = include_str!("actions.md")]
pub mod actions {}

/// An authorization server: login, consent, tokens.
///
#[cfg_attr(feature = "axum", doc = include_str!("authorization_server.md"))]
pub mod authorization_server {}

/// A resource server: an API that accepts access tokens.
///
#[cfg_attr(feature = "axum", doc = include_str!("resource_server.md"))]
pub mod resource_server {}

/// An MCP server: tools for agents.
///
#[cfg_attr(feature = "axum", doc = include_str!("mcp_server.md"))]
pub mod mcp_server {}

/// Tokens that are bound to a key: DPoP and mutual TLS.
///
#[cfg_attr(feature = "axum", doc = include_str!("sender_constrained.md"))]
pub mod sender_constrained {}

/// The device flow.
///
#[cfg_attr(feature = "axum", doc = include_str!("device_flow.md"))]
pub mod device_flow {}

/// Client-initiated backchannel authentication (CIBA).
///
#[cfg_attr(feature = "reqwest", doc = include_str!("ciba.md"))]
pub mod ciba {}

/// Clients that register themselves.
///
#[cfg_attr(feature = "axum", doc = include_str!("registration.md"))]
pub mod registration {}

/// An issuer of verifiable credentials.
///
#[cfg_attr(feature = "axum", doc = include_str!("credential_issuer.md"))]
pub mod credential_issuer {}

/// Managing services, clients and tokens.
///
#[cfg_attr(feature = "reqwest", doc = include_str!("management.md"))]
pub mod management {}

/// Errors, retries, timeouts, limits and caches.
///
#[cfg_attr(all(feature = "cache", feature = "reqwest"), doc = include_str!("production.md"))]
pub mod production {}

/// Spans and logs.
///
#[cfg_attr(all(feature = "tracing", feature = "reqwest"), doc = include_str!("observability.md"))]
pub mod observability {}

/// Testing without an account: canned responses, the emulator, its clock, faults.
///
#[cfg_attr(all(feature = "reqwest", feature = "test-util"), doc = include_str!("testing.md"))]
pub mod testing {}

/// Other web frameworks: actix-web, poem, plain hyper.
///
#[doc = include_str!("frameworks.md")]
#[doc = "\n# actix-web\n\n```rust,ignore"]
#[doc = include_str!("frameworks/actix_web.rs")]
#[doc = "```\n\n# poem\n\n```rust,ignore"]
#[doc = include_str!("frameworks/poem.rs")]
#[doc = "```\n\n# hyper\n\n```rust,ignore"]
#[doc = include_str!("frameworks/hyper.rs")]
#[doc = "```"]
pub mod frameworks {}

/// From Authlete's other libraries, and from version 2.x.
///
#[doc = include_str!("migration.md")]
pub mod migration {}
