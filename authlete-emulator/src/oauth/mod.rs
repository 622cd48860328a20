//! The rules of OAuth 2.0 and its extensions that more than one operation needs.

pub(crate) mod access_token;
pub(crate) mod attachments;
pub(crate) mod authorization;
pub(crate) mod certificate;
pub(crate) mod client_auth;
pub(crate) mod client_keys;
pub(crate) mod destination;
pub(crate) mod dpop;
pub(crate) mod encryption;
pub(crate) mod endpoint;
pub(crate) mod fapi;
pub(crate) mod grant;
pub(crate) mod haip;
pub(crate) mod http_signature;
pub(crate) mod id_token;
pub(crate) mod jwt;
pub(crate) mod keys;
pub(crate) mod lifetime;
pub(crate) mod names;
pub(crate) mod parameters;
pub(crate) mod pkce;
pub(crate) mod possession;
pub(crate) mod rar;
pub(crate) mod redirect;
pub(crate) mod redirect_uri;
pub(crate) mod resource;
pub(crate) mod response_mode;
pub(crate) mod response_type;
pub(crate) mod scope;
pub(crate) mod sector;
pub(crate) mod signed_request;
pub(crate) mod signing;
pub(crate) mod support;
pub(crate) mod target;
pub(crate) mod transformed_claims;
pub(crate) mod window;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::reply::{self, Code, Reply, result_message, without_nulls};
use crate::state::{ErrorInfo, Settings};

/// An error of OAuth's: the name that the protocol has for it, our code, and what to tell a developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthError {
    pub(crate) error: &'static str,
    pub(crate) code: Code,
    pub(crate) message: String,
    /// What the authorization server wants the error to say instead.
    pub(crate) info: ErrorInfo,
}

impl OAuthError {
    pub(crate) fn new(error: &'static str, code: Code, message: impl Into<String>) -> Self {
        Self { error, code, message: message.into(), info: ErrorInfo::default() }
    }

    /// `error_description`, unless the service wants none.
    pub(crate) fn description(&self, service: &Settings) -> Option<String> {
        // RFC 6749, section 5.2 has no quotes, backslashes or line breaks in it.
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let text = self.info.description.clone().unwrap_or_else(|| result_message(self.code, &self.message));
        let text = text.chars().map(|c| if allowed(c) { c } else { '\'' }).collect();
        (!service.flag("errorDescriptionOmitted")).then_some(text)
    }

    /// The JSON form of the error.
    pub(crate) fn to_json(&self, service: &Settings) -> String {
        self.to_value(service).to_string()
    }

    /// The members of the error.
    pub(crate) fn to_value(&self, service: &Settings) -> Value {
        let description = self.description(service);
        without_nulls(json!({"error": self.error, "error_description": description, "error_uri": self.info.uri}))
    }
}

/// Why a check does not pass: what was presented is rejected, or the check could not be made.
#[derive(Debug)]
pub(crate) enum CheckError<R> {
    /// What was presented is not good, for this reason.
    Rejected(R),
    /// The check could not be made.
    Failed(OperationError),
}

impl<R> CheckError<R> {
    /// The error of an operation that cannot go on, with a rejection as `reject` puts it.
    pub(crate) fn or_reject<E: Into<OperationError>>(self, reject: impl FnOnce(R) -> E) -> OperationError {
        match self {
            Self::Rejected(reason) => reject(reason).into(),
            Self::Failed(error) => error,
        }
    }
}

impl<R> From<OperationError> for CheckError<R> {
    fn from(error: OperationError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<ApiError> for CheckError<R> {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.into())
    }
}

/// Errors of a client that is not who it says it is (RFC 6749, section 5.2; attestation-based client authentication).
const NOT_AUTHENTICATED: &[&str] =
    &["invalid_client", "invalid_client_attestation", "use_attestation_challenge", "use_fresh_attestation"];

/// Why an operation does not do what was asked.
#[derive(Debug)]
pub(crate) enum OperationError {
    /// The call as a whole is refused.
    Api(ApiError),
    /// The client is at fault, or the user.
    Client(OAuthError),
    /// The authorization server is, by the call it made or by how the service is set up.
    Server(OAuthError),
}

impl OperationError {
    /// The authorization server's fault.
    pub(crate) fn server(code: Code, message: &str) -> Self {
        Self::Server(OAuthError::new("server_error", code, message))
    }

    /// The response: `action` for what the client did wrong, `INTERNAL_SERVER_ERROR` for the server's part.
    pub(crate) fn reply(self, service: &Settings, action: &str) -> Result<Reply, ApiError> {
        let (action, error) = match self {
            Self::Api(error) => return Err(error),
            Self::Client(error) => (action, error),
            Self::Server(error) => ("INTERNAL_SERVER_ERROR", error),
        };
        let members = json!({"responseContent": error.to_json(service)});
        Ok(reply::action(action, error.code, &error.message, members))
    }

    /// The response at an endpoint where clients authenticate: `unauthenticated` is the action where one did not.
    pub(crate) fn reply_to_client(self, service: &Settings, unauthenticated: &str) -> Result<Reply, ApiError> {
        let failed = matches!(&self, Self::Client(error) if NOT_AUTHENTICATED.contains(&error.error));
        self.reply(service, if failed { unauthenticated } else { "BAD_REQUEST" })
    }
}

impl From<ApiError> for OperationError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<OAuthError> for OperationError {
    fn from(error: OAuthError) -> Self {
        Self::Client(error)
    }
}
