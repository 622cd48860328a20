//! The device flow (RFC 8628), as far as it is not the token endpoint's.

mod authorization;
mod complete;
mod verification;

pub(crate) use authorization::handle as authorize;
pub(crate) use complete::handle as complete;
pub(crate) use verification::handle as verify;
