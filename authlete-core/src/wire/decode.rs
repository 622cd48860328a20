//! Decoding a body that did not come through a call.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{json_path, lenient};

/// Decodes a body just as a call decodes its response: for bodies that were recorded, stored, or received by other ways.
///
/// Reading is lenient: `null` counts as absent, a `null` among a list's elements is skipped, a number may be written as
/// text and a text as a number.
///
/// ```
/// use authlete_api::types::ErrorBody;
///
/// let body: ErrorBody = authlete_api::decode(br#"{"resultCode": 404, "resultMessage": null}"#)?;
/// assert_eq!(body.result_code.as_deref(), Some("404"));
/// assert_eq!(body.result_message, None);
///
/// let error = authlete_api::decode::<ErrorBody>(br#"{"resultCode": true}"#).unwrap_err();
/// assert_eq!(error.path(), "$.resultCode");
/// # Ok::<(), authlete_api::BodyError>(())
/// ```
///
/// # Errors
/// When the body is not JSON, or not what the type says.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    lenient::from_slice(body).map_err(|error| BodyError::of(body, &error))
}

/// Why a body does not decode; it holds none of the body's values, which may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyError {
    path: String,
    reason: String,
}

impl BodyError {
    pub(crate) fn of(body: &[u8], error: &serde_json::Error) -> Self {
        Self { path: json_path::path_at(body, error.line(), error.column()), reason: json_path::reason(error) }
    }

    /// Where in the body: `$.client.clientId`, `$.scopes[3]`, or `$` for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was expected there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body does not decode at {}: {}", self.path, self.reason)
    }
}

impl std::error::Error for BodyError {}
