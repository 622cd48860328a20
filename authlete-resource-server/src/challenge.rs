//! Refusals: status and challenges (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authlete_api::http_inputs::{TokenScheme, add_parameter};
use authlete_api::{Details, Reply};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::jwt::dpop;

/// Makes the challenges of one route: every one names the accepted scheme, the scopes, and where the metadata of the
/// resource is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Challenger {
    pub(crate) metadata_url: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) bearer: bool,
    pub(crate) dpop: bool,
}

/// A request that is refused, with the reason for the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Refused(Arc<Parts>);

struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    reason: &'static str,
    details: Option<Details>,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names of the headers alone: one of the values may be a nonce.
        f.debug_struct("Refused")
            .field("status", &self.0.status)
            .field("headers", &self.0.headers.keys().collect::<Vec<_>>())
            .field("reason", &self.0.reason)
            .field("details", &self.0.details)
            .finish()
    }
}

/// The `error` of a challenge, with its description and what RFC 9470 adds.
struct Problem<'a> {
    code: &'static str,
    description: &'static str,
    parameters: Vec<(&'static str, &'a str)>,
}

impl Challenger {
    /// There is no token: challenges without an error (RFC 6750 section 3.1).
    pub(crate) fn missing(&self) -> Refused {
        self.refuse(StatusCode::UNAUTHORIZED, None, None, &self.scopes, "there is no access token")
    }

    /// The request is not as it has to be.
    pub(crate) fn malformed(&self, scheme: Option<TokenScheme>, what: &'static str) -> Refused {
        let problem = Problem { code: "invalid_request", description: what, parameters: Vec::new() };
        self.refuse(StatusCode::BAD_REQUEST, scheme, Some(&problem), &self.scopes, what)
    }

    /// The token is not good. The client learns no more than that; `reason` is for the log.
    pub(crate) fn invalid_token(&self, scheme: TokenScheme, reason: &'static str) -> Refused {
        let description = "the access token is not valid";
        let problem = Problem { code: "invalid_token", description, parameters: Vec::new() };
        self.refuse(StatusCode::UNAUTHORIZED, Some(scheme), Some(&problem), &self.scopes, reason)
    }

    /// The proof of possession is missing or wrong.
    pub(crate) fn invalid_proof(&self, what: &'static str) -> Refused {
        let problem = Problem { code: "invalid_dpop_proof", description: what, parameters: Vec::new() };
        self.refuse(StatusCode::UNAUTHORIZED, Some(TokenScheme::DPoP), Some(&problem), &self.scopes, what)
    }

    /// The token is good, but not for this. The scopes are those to ask for: what is required and what the token has, so
    /// that a client that asks for them loses nothing.
    pub(crate) fn insufficient_scope(&self, scheme: TokenScheme, required: &[String], granted: &[String]) -> Refused {
        let what = "the access token lacks a scope";
        let problem = Problem { code: "insufficient_scope", description: "", parameters: Vec::new() };
        let scopes: BTreeSet<&String> = required.iter().chain(granted).collect();
        let scopes: Vec<String> = scopes.into_iter().cloned().collect();
        self.refuse(StatusCode::FORBIDDEN, Some(scheme), Some(&problem), &scopes, what)
    }

    /// The user has to authenticate again, or better (RFC 9470).
    pub(crate) fn insufficient_authentication(
        &self,
        scheme: TokenScheme,
        acr_values: &[String],
        max_age: Option<Duration>,
    ) -> Refused {
        let what = "the authentication of the user is too old or too weak";
        let acr_values = acr_values.join(" ");
        let max_age = max_age.map(|age| age.as_secs().to_string());
        let mut parameters = Vec::new();
        if !acr_values.is_empty() {
            parameters.push(("acr_values", acr_values.as_str()));
        }
        if let Some(age) = &max_age {
            parameters.push(("max_age", age.as_str()));
        }
        let problem = Problem { code: "insufficient_user_authentication", description: what, parameters };
        self.refuse(StatusCode::UNAUTHORIZED, Some(scheme), Some(&problem), &self.scopes, what)
    }

    /// What Authlete answered, with what this route adds to its challenge.
    pub(crate) fn of_authlete(&self, reply: &Reply, scheme: TokenScheme) -> Refused {
        let mut headers = HeaderMap::new();
        for (name, value) in reply.headers() {
            let challenge = (name == WWW_AUTHENTICATE).then(|| value.to_str().ok()).flatten();
            let value = challenge
                .map(|challenge| self.complete(challenge, scheme))
                .and_then(|challenge| HeaderValue::try_from(challenge).ok())
                .unwrap_or_else(|| value.clone());
            headers.append(name.clone(), value);
        }
        headers.remove(http::header::CONTENT_TYPE);
        headers.remove(http::header::CONTENT_LENGTH);
        let reason = "Authlete refused the access token";
        Refused::of(Parts { status: reply.status(), headers, reason, details: Some(reply.details().clone()) })
    }

    /// Adds the parameters that a challenge lacks.
    fn complete(&self, challenge: &str, scheme: TokenScheme) -> String {
        let mut challenge = challenge.to_owned();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|_| !challenge.contains(&format!("{name}="))) {
                add_parameter(&mut challenge, name, &value);
            }
        };
        add("scope", scope(&self.scopes));
        add("resource_metadata", self.metadata_url.clone());
        if scheme == TokenScheme::DPoP {
            add("algs", Some(dpop::ALGORITHMS.to_owned()));
        }
        challenge
    }

    fn refuse(
        &self,
        status: StatusCode,
        scheme: Option<TokenScheme>,
        problem: Option<&Problem<'_>>,
        scopes: &[String],
        reason: &'static str,
    ) -> Refused {
        let mut headers = HeaderMap::new();
        // The error belongs to the scheme that the request used; with none, to the first that is accepted.
        let used = scheme.filter(|scheme| self.accepts(*scheme)).unwrap_or(self.first());
        let mut offers = [(TokenScheme::Bearer, "Bearer"), (TokenScheme::DPoP, "DPoP")];
        if used == TokenScheme::DPoP {
            offers.reverse();
        }
        for (offered, name) in offers.into_iter().filter(|(offered, _)| self.accepts(*offered)) {
            let mut challenge = name.to_owned();
            let mut add = |name: &str, value: &str| add_parameter(&mut challenge, name, value);
            if let Some(problem) = problem.filter(|_| used == offered) {
                add("error", problem.code);
                if !problem.description.is_empty() {
                    add("error_description", problem.description);
                }
                problem.parameters.iter().for_each(|(name, value)| add(name, value));
            }
            if let Some(scope) = scope(scopes) {
                add("scope", &scope);
            }
            if let Some(url) = &self.metadata_url {
                add("resource_metadata", url);
            }
            if offered == TokenScheme::DPoP {
                add("algs", dpop::ALGORITHMS);
            }
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        no_store(&mut headers);
        Refused::of(Parts { status, headers, reason, details: None })
    }

    fn accepts(&self, scheme: TokenScheme) -> bool {
        match scheme {
            TokenScheme::DPoP => self.dpop,
            _ => self.bearer,
        }
    }

    fn first(&self) -> TokenScheme {
        if self.bearer { TokenScheme::Bearer } else { TokenScheme::DPoP }
    }
}

impl Refused {
    fn of(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Nobody could be asked whether the token is good. The client learns whether trying again makes sense, and no more.
    pub(crate) fn unavailable(passing: bool, wait: Option<Duration>, reason: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        no_store(&mut headers);
        let status = if passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        if let Some(wait) = wait.filter(|_| passing) {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
        }
        Self::of(Parts { status, headers, reason, details: None })
    }

    /// Whether the client is to blame, so that the refusal may be kept for a moment.
    pub(crate) fn is_verdict(&self) -> bool {
        self.0.status.is_client_error() && !self.0.headers.contains_key("dpop-nonce")
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn reason(&self) -> &'static str {
        self.0.reason
    }

    pub(crate) fn details(&self) -> Option<&Details> {
        self.0.details.as_ref()
    }

    pub(crate) fn into_reply(self) -> Reply {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.0.status;
        *response.headers_mut() = self.0.headers.clone();
        let details = self.0.details.clone().unwrap_or_else(|| Details::because(self.0.reason));
        Reply::new(response, details)
    }
}

fn no_store(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// The value of `scope`, with the characters that a scope can have (RFC 6749 section 3.3).
fn scope(scopes: &[String]) -> Option<String> {
    let allowed = |scope: &&String| {
        !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
    };
    let scopes: Vec<&str> = scopes.iter().filter(allowed).map(String::as_str).collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

/// Why a request was refused, for the log: in the extensions of the response. Its text holds no secrets.
#[derive(Debug, Clone)]
pub struct Refusal(Refused);

impl Refusal {
    pub(crate) fn new(refused: Refused) -> Self {
        Self(refused)
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The reason, which the client is not told in full.
    pub fn reason(&self) -> &'static str {
        self.0.reason()
    }

    /// What Authlete said of its refusal, where it was asked.
    pub fn details(&self) -> Option<&Details> {
        self.0.details()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.status(), self.0.reason())?;
        match self.0.details().and_then(|details| details.message.as_deref()) {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}
