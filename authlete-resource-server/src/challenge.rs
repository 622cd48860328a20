//! The answers that need no question to Authlete, or that came of none.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use authlete_api::{Details, Error, Reply};

/// There is no token: a challenge without an error (RFC 6750 3.1).
pub(super) fn missing(scopes: &[String], accepts_proofs: bool) -> Reply {
    let schemes: &[&str] = if accepts_proofs { &["Bearer", "DPoP"] } else { &["Bearer"] };
    let parameters = scope_parameter(scopes).map(|scope| format!(" {scope}")).unwrap_or_default();
    let challenges = schemes.iter().map(|scheme| format!("{scheme}{parameters}"));
    refuse(StatusCode::UNAUTHORIZED, challenges, "there is no access token")
}

/// The request is not as it should be.
pub(super) fn malformed(what: &'static str) -> Reply {
    let challenge = format!("Bearer error=\"invalid_request\", error_description=\"{what}\"");
    refuse(StatusCode::BAD_REQUEST, [challenge], what)
}

/// There is not one proof of possession.
pub(super) fn proof() -> Reply {
    let what = "a token that is bound to a key needs one DPoP header";
    let challenge = format!("DPoP error=\"invalid_dpop_proof\", error_description=\"{what}\"");
    refuse(StatusCode::UNAUTHORIZED, [challenge], what)
}

/// The token is good, but not for this.
pub(super) fn insufficient_scope(scopes: &[String]) -> Reply {
    let mut challenge = "Bearer error=\"insufficient_scope\"".to_owned();
    if let Some(scope) = scope_parameter(scopes) {
        challenge += ", ";
        challenge += &scope;
    }
    refuse(StatusCode::FORBIDDEN, [challenge], "the access token lacks a scope")
}

/// Authlete could not be asked. The client learns whether trying again makes sense, and no more.
pub(super) fn unavailable(error: Error) -> Reply {
    let passing = error.is_retryable();
    let wait = error.retry_after();
    let mut reply = silent(Reply::from(error));
    if passing {
        *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if let Some(wait) = wait {
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
        }
    }
    reply
}

/// A failure of ours, without what was to be said of it.
pub(super) fn silent(mut reply: Reply) -> Reply {
    reply.headers_mut().remove(WWW_AUTHENTICATE);
    reply
}

fn refuse(status: StatusCode, challenges: impl IntoIterator<Item = String>, reason: &'static str) -> Reply {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for challenge in challenges {
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Reply::new(response, Details::because(reason))
}

/// `scope`, with the characters that a scope can have (RFC 6749 3.3).
fn scope_parameter(scopes: &[String]) -> Option<String> {
    let allowed = |scope: &&String| scope.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
    let scopes: Vec<&str> = scopes.iter().filter(allowed).map(String::as_str).collect();
    (!scopes.is_empty()).then(|| format!("scope=\"{}\"", scopes.join(" ")))
}
