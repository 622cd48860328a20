//! What the responses of operations ask the server to do.
//!
//! Every operation whose response has an `action` has an enum here, with a variant for each action. Match on it, or call
//! `proceed()`, which leaves what there is to do and makes a [`Reply`](crate::Reply) of everything else:
//!
//! ```no_run
//! use authlete_api::actions::AuthorizationNext;
//! use authlete_api::{AuthleteService, Reply};
//!
//! # fn log_in() -> String { String::new() }
//! async fn authorize(service: &AuthleteService, query: &str) -> Result<Reply, Reply> {
//!     match service.authorization().process(query).await?.proceed()? {
//!         AuthorizationNext::Interaction(pending) => {
//!             // Keep `pending` in the session (it serialises) while the user logs in; then:
//!             let issued = pending.issue("subject").send(service).await?;
//!             Ok(issued.into_reply())
//!         }
//!         AuthorizationNext::NoInteraction(pending) => {
//!             let denied = pending.fail("NOT_LOGGED_IN").send(service).await?;
//!             Ok(denied.into_reply())
//!         }
//!     }
//! }
//! ```
//!
//! The enums are exhaustive: a new action is a new major version, and the compiler shows where it matters.

mod authorization_details;
mod challenge;
mod login;
#[cfg(feature = "reqwest")]
mod notification;
mod pushed;
mod token_response;

pub use authlete_core::actions::{Action, ExtraHeaders, FollowUp, IntoAction, UnknownAction, UserPage};

pub use crate::generated::actions::*;
pub use challenge::Challenge;
pub use login::{CheckedLogin, Login, LoginCheck, LoginPage, LoginProblem};
#[cfg(feature = "reqwest")]
pub use notification::{NotificationError, NotificationSender};
