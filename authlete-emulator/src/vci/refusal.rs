//! Why an operation of credential issuance does not do what was asked, and the response that says so.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::{self, Code, Reply};
use crate::state::{CNonce, Settings};

const OFF: Code = "A900001";

/// Why there is no success.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The service does not issue credentials.
    Off,
    /// The access token is not good.
    Unauthorized(OAuthError),
    /// The wallet's request is not good.
    BadRequest(OAuthError),
    /// The same, under the draft: the response brings the `c_nonce` for the next attempt, and its lifetime.
    WrongProof(Box<(OAuthError, CNonce)>, u64),
    /// The call of the issuer's server is not good.
    Caller(OAuthError),
    /// The service is set up wrongly, or the call as a whole is refused.
    Failed(OperationError),
}

impl Refusal {
    /// The wallet's fault, by an error code of OpenID4VCI.
    pub(crate) fn wallet(error: &'static str, code: Code, message: impl Into<String>) -> Self {
        Self::BadRequest(OAuthError::new(error, code, message))
    }

    /// The fault of the server that called.
    pub(crate) fn caller(code: Code, message: impl Into<String>) -> Self {
        Self::Caller(OAuthError::new("server_error", code, message))
    }

    /// The fault of the service's settings.
    pub(crate) fn service(code: Code, message: &str) -> Self {
        Self::Failed(OperationError::server(code, message))
    }

    /// The response.
    pub(crate) fn reply(self, service: &Settings) -> Result<Reply, ApiError> {
        let respond = |action: &str, error: &OAuthError, content: Value| {
            let content = match content {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Ok(reply::action(action, error.code, &error.message, json!({"responseContent": content})))
        };
        match self {
            Self::Off => {
                let error = OAuthError::new("access_denied", OFF, "The service does not issue credentials.");
                respond("FORBIDDEN", &error, error.to_value(service))
            }
            Self::Unauthorized(error) => {
                let mut challenge = format!("Bearer error=\"{}\"", error.error);
                if let Some(description) = error.description(service) {
                    challenge += &format!(",error_description=\"{description}\"");
                }
                respond("UNAUTHORIZED", &error, json!(challenge))
            }
            Self::BadRequest(error) => respond("BAD_REQUEST", &error, error.to_value(service)),
            Self::WrongProof(wrong, seconds) => {
                let (error, nonce) = *wrong;
                let mut content = error.to_value(service);
                content["c_nonce"] = json!(nonce.value);
                content["c_nonce_expires_in"] = json!(seconds);
                respond("BAD_REQUEST", &error, content)
            }
            Self::Caller(error) => respond("CALLER_ERROR", &error, error.to_value(service)),
            Self::Failed(error) => error.reply(service, "BAD_REQUEST"),
        }
    }

    /// The response of an operation that only hands a document out.
    pub(crate) fn reply_to_reader(self, service: &Settings) -> Result<Reply, ApiError> {
        match self {
            Self::Off => {
                let error = OAuthError::new("not_found", OFF, "The service does not issue credentials.");
                let members = json!({"responseContent": error.to_json(service)});
                Ok(reply::action("NOT_FOUND", error.code, &error.message, members))
            }
            other => other.reply(service),
        }
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::BadRequest(error)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OperationError> for Refusal {
    fn from(error: OperationError) -> Self {
        Self::Failed(error)
    }
}
