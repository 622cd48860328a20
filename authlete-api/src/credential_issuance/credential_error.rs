//! A refusal of an issuer's endpoints, with the error codes of OpenID4VCI 1.0.

use std::fmt;

use authlete_core::actions::{Details, Reply};
use authlete_core::http_inputs::description_text;
use http::StatusCode;
use serde_json::json;

/// The `error` of an error response of the credential, deferred credential and notification endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialErrorCode {
    /// `invalid_credential_request`: the request is malformed, or asks for a credential that the access token does not stand
    /// for (section 8.3.1.2).
    InvalidCredentialRequest,
    /// `unknown_credential_configuration`: the issuer has no configuration with the `credential_configuration_id` (section
    /// 8.3.1.2).
    UnknownCredentialConfiguration,
    /// `unknown_credential_identifier`: the token response had no such `credential_identifier` (section 8.3.1.2).
    UnknownCredentialIdentifier,
    /// `invalid_proof`: a key proof is missing or wrong (section 8.3.1.2).
    InvalidProof,
    /// `invalid_nonce`: the nonce of a key proof is not one of now; the wallet fetches another and tries again (section
    /// 8.3.1.2).
    InvalidNonce,
    /// `invalid_encryption_parameters`: the request is not encrypted as it has to be, or asks for an encryption of the response
    /// that the issuer does not support (section 8.3.1.2).
    InvalidEncryptionParameters,
    /// `credential_request_denied`: the issuer does not give this user the credential; the wallet does not ask again (section
    /// 8.3.1.2).
    CredentialRequestDenied,
    /// `invalid_transaction_id`: the deferred credential endpoint does not know the transaction, or it is over (section 9.3).
    InvalidTransactionId,
    /// `invalid_notification_id`: the notification endpoint does not know the `notification_id` (section 11.3).
    InvalidNotificationId,
    /// `invalid_notification_request`: a request of the notification endpoint is malformed (section 11.3).
    InvalidNotificationRequest,
}

impl CredentialErrorCode {
    /// The code as the specification spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidCredentialRequest => "invalid_credential_request",
            Self::UnknownCredentialConfiguration => "unknown_credential_configuration",
            Self::UnknownCredentialIdentifier => "unknown_credential_identifier",
            Self::InvalidProof => "invalid_proof",
            Self::InvalidNonce => "invalid_nonce",
            Self::InvalidEncryptionParameters => "invalid_encryption_parameters",
            Self::CredentialRequestDenied => "credential_request_denied",
            Self::InvalidTransactionId => "invalid_transaction_id",
            Self::InvalidNotificationId => "invalid_notification_id",
            Self::InvalidNotificationRequest => "invalid_notification_request",
        }
    }
}

impl fmt::Display for CredentialErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal that the issuer decides on itself: an error response with status 400 (OpenID4VCI 1.0 sections 8.3.1.2, 9.3 and
/// 11.3). It becomes a [`Reply`], so `?` ends a handler with it. Error responses are never encrypted.
///
/// Where a parsed request is at hand, and the user must not have the credential at all,
/// [`VciSingleParseOk::deny`](crate::actions::VciSingleParseOk::deny) is the better way: it lets Authlete forget the request.
///
/// ```
/// use authlete_api::Reply;
/// use authlete_api::credential_issuance::{CredentialError, CredentialErrorCode};
///
/// fn notification_id(body: &serde_json::Value) -> Result<&str, Reply> {
///     let id = body["notification_id"].as_str();
///     Ok(id.ok_or(CredentialError::new(CredentialErrorCode::InvalidNotificationRequest))?)
/// }
///
/// let reply = notification_id(&serde_json::json!({})).unwrap_err();
/// assert_eq!(reply.status(), 400);
/// assert_eq!(reply.body(), r#"{"error":"invalid_notification_request"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it has to be sent"]
pub struct CredentialError {
    code: CredentialErrorCode,
    description: Option<String>,
}

impl CredentialError {
    /// A refusal with this code.
    pub fn new(code: CredentialErrorCode) -> Self {
        Self { code, description: None }
    }

    /// Says more to the developer of the wallet, as `error_description`. The specification allows printable ASCII without
    /// quotation mark and backslash: double quotes become single ones, and other characters become `?`.
    pub fn description(mut self, description: impl AsRef<str>) -> Self {
        self.description = Some(description_text(description.as_ref()));
        self
    }

    /// The code.
    pub fn code(&self) -> CredentialErrorCode {
        self.code
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(f, "{}: {description}", self.code),
            None => self.code.fmt(f),
        }
    }
}

impl std::error::Error for CredentialError {}

impl From<CredentialError> for Reply {
    fn from(error: CredentialError) -> Self {
        let mut members = json!({"error": error.code.as_str()});
        if let Some(description) = error.description {
            members["error_description"] = description.into();
        }
        Self::json(StatusCode::BAD_REQUEST, members.to_string(), Details::because(error.code.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_becomes_an_error_response() {
        let error = CredentialError::new(CredentialErrorCode::InvalidProof).description("no \"typ\" \\ jos\u{e9}\n");
        assert_eq!(error.to_string(), "invalid_proof: no 'typ' ? jos??");
        let reply = Reply::from(error);
        assert_eq!(reply.status(), 400);
        assert_eq!(reply.body(), r#"{"error":"invalid_proof","error_description":"no 'typ' ? jos??"}"#);
        assert_eq!(reply.headers()["content-type"], "application/json");
        assert_eq!(reply.headers()["cache-control"], "no-store");
        assert_eq!(reply.details().reason, Some("invalid_proof"));
    }
}
