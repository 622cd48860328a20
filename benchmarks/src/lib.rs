//! The same three calls by three ways, against a server on the loopback interface that does next to nothing; and the same
//! request to an API that is protected in several ways.

mod contestants;
mod policies;
mod server;

pub use contestants::{Contestant, by_progenitor, by_reqwest, by_us};
pub use policies::{Policy, for_memory, policies};
pub use server::Server;

/// What is called, and what the server answers.
pub const CALLS: [(&str, &str); 3] = [
    ("introspection", include_str!("../bodies/introspection.json")),
    ("authorization", include_str!("../bodies/authorization.json")),
    ("service", include_str!("../bodies/service.json")),
];

/// The service's id, and the token.
pub const SERVICE: &str = "986126671";
/// The access token that calls are made with.
pub const TOKEN: &str = "YTM4ZjFkOTItNWU2Ny00NTgxLWIxYTItZjA5NTg4";

/// Everything here runs on the thread that asks, so that its time and its allocations can be counted.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
