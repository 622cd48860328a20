//! What every client of the Authlete API is made of, whatever the API's description says: calls and their responses, the
//! transport and its layers, credentials, lenient reading, identifiers, errors, and replies to clients.
//!
//! Use [`authlete-api`](https://docs.rs/authlete-api): it has the operations and types of the API, and everything that is
//! public here.

pub mod actions;
pub mod call;
#[doc(hidden)]
pub mod codegen;
pub mod credentials;
pub mod error;
pub mod http_inputs;
mod json_string;
pub mod layers;
#[cfg(feature = "test-util")]
pub mod mock;
pub mod operation;
#[cfg(test)]
mod test;
pub mod transport;
pub mod wire;

pub use json_string::JsonString;
#[cfg(feature = "reqwest")]
pub use reqwest;
