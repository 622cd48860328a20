//! Errors of calling the API.

use std::fmt;

/// A response other than 2xx: the call did not get as far as an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The methods that the path takes, where the call had another.
    pub(crate) allow: Option<String>,
}

impl ApiError {
    fn new(status: u16, code: &'static str, message: impl fmt::Display) -> Self {
        Self { status, code, message: message.to_string(), allow: None }
    }

    /// 400: the body or a parameter of the call cannot be read.
    pub(crate) fn malformed(message: impl fmt::Display) -> Self {
        Self::new(400, "A001203", message)
    }

    /// 400: a value is not allowed for the member that holds it.
    pub(crate) fn invalid(message: impl fmt::Display) -> Self {
        Self::new(400, "A001204", message)
    }

    /// 400: the media type of the body is neither JSON nor a form.
    pub(crate) fn media_type(message: impl fmt::Display) -> Self {
        Self::new(400, "A001205", message)
    }

    /// 401: there is no bearer token.
    pub(crate) fn no_token() -> Self {
        Self::new(401, "A001202", "The request has no bearer token in its Authorization header.")
    }

    /// 401: the bearer token is not one of this emulator's.
    pub(crate) fn wrong_token() -> Self {
        Self::new(401, "A001206", "The bearer token is not known here.")
    }

    /// 403: the bearer token does not reach as far as the call.
    pub(crate) fn forbidden(message: impl fmt::Display) -> Self {
        Self::new(403, "A001207", message)
    }

    /// 403: the client has been locked.
    pub(crate) fn locked(client_id: u64) -> Self {
        Self::new(403, "A001215", format!("Client {client_id} is locked."))
    }

    /// 404: there is no such service, client or path.
    pub(crate) fn not_found(message: impl fmt::Display) -> Self {
        Self::new(404, "A001208", message)
    }

    /// 405: the path exists, but not with this method.
    pub(crate) fn method(path: &str, given: &str, allowed: &[&str]) -> Self {
        let message = format!("{path} takes {}, not {given}.", allowed.join(" or "));
        Self { allow: Some(allowed.join(", ")), ..Self::new(405, "A001209", message) }
    }

    /// 413: the body is longer than any call needs.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "A001210", "The body is too large.")
    }

    /// 500: the emulator itself failed.
    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::new(500, "A001101", message)
    }

    /// 501: Authlete can do it, the emulator cannot.
    pub(crate) fn not_implemented(what: impl fmt::Display) -> Self {
        Self::new(501, "A001501", format!("The emulator does not implement {what}."))
    }
}
