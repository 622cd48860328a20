//! What most programs use, for `use authlete_api::prelude::*`: the handles, the region, replies, errors, and the traits whose
//! methods calls and responses have. Types of requests, and actions, are named where they are used.

pub use crate::actions::{Action, IntoAction};
pub use crate::{Authlete, AuthleteService, Error, Region, Reply};
