//! What is asked, and what may be kept of the answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authlete_api::Operation;
use authlete_api::operations::AUTH_INTROSPECTION;
use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::store::{IntrospectionKey, KeptIntrospection};

/// Everything that a question may have whose answer is as good for the next request. What is not here, as a proof, the
/// request's URL or a signature, belongs to one request alone; `maxAge` depends on the time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "only whether there is anything else matters")]
struct Question {
    token: IgnoredAny,
    scopes: Option<IgnoredAny>,
    subject: Option<IgnoredAny>,
    client_certificate: Option<IgnoredAny>,
    resources: Option<IgnoredAny>,
    acr_values: Option<IgnoredAny>,
}

/// What decides whether an answer is kept, and how long.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Verdict {
    action: Option<String>,
    expires_at: Option<u64>,
    dpop_nonce: Option<String>,
}

/// By what the answer is found again; none when it must not be kept.
pub(super) fn key(request: &http::Request<Bytes>, operation: &'static Operation) -> Option<IntrospectionKey> {
    if *operation != AUTH_INTROSPECTION {
        return None;
    }
    let body = request.body();
    serde_json::from_slice::<Question>(body).ok()?;
    Some(IntrospectionKey::new(service_of(request.uri(), operation), body))
}

/// The service that a call is for, as the URL up to its id.
pub(super) fn service_of(uri: &Uri, operation: &Operation) -> String {
    let url = uri.to_string();
    let url = url.split('?').next().unwrap_or_default();
    let after_service = operation.path.split('/').count().saturating_sub(3);
    url.rsplitn(after_service + 1, '/').last().unwrap_or_default().to_owned()
}

/// The answer in the form it is kept in, and for how long; none when it must not be kept.
pub(super) fn keep(
    answer: &Response<Bytes>,
    time: Duration,
    negative: Duration,
) -> Option<(KeptIntrospection, Duration)> {
    if answer.status() != StatusCode::OK {
        return None;
    }
    let verdict: Verdict = authlete_api::decode(answer.body()).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let time = match verdict.action.as_deref() {
        // A token whose end is not known is asked for anew.
        Some("OK") => time.min(Duration::from_millis(verdict.expires_at?).checked_sub(now)?),
        Some("UNAUTHORIZED" | "FORBIDDEN" | "BAD_REQUEST") => negative,
        _ => return None,
    };
    if time.is_zero() || verdict.dpop_nonce.is_some() {
        return None;
    }
    let body = String::from_utf8(answer.body().to_vec()).ok()?;
    Some((KeptIntrospection::new(body, now, now.checked_add(time)?), time))
}
