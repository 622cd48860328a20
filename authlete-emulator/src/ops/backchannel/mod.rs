//! OpenID Connect Client-Initiated Backchannel Authentication (CIBA), as far as it is not the token endpoint's.

mod authentication;
mod complete;
mod fail;
mod hint;
mod issue;
mod request_object;

pub(crate) use authentication::handle as authenticate;
pub(crate) use complete::handle as complete;
pub(crate) use fail::handle as fail;
pub(crate) use issue::handle as issue;
