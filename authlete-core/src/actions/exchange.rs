//! What the calls of one exchange with a client leave to each other: headers for the reply, and facts of the client's request.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ExtraHeaders;
use crate::call::client::Client;
use crate::json_string::JsonString;

/// What an exchange has beside its responses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// Headers that its reply has.
    pub headers: ExtraHeaders,
    /// What is known of the client's request.
    pub request: RequestFacts,
}

/// Facts of a client's request that no response repeats, and that steps and replies depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFacts {
    /// Whether it names `max_age`.
    pub names_max_age: bool,
    /// Whether it has no token where one belongs.
    pub is_anonymous: bool,
    /// Whether it has a DPoP proof.
    pub has_proof: bool,
}

impl RequestFacts {
    /// With what the parameters of an authorization request say, those that were pushed before included.
    pub fn parameters(mut self, parameters: &str, client: &Client) -> Self {
        // The others need not be decoded; a name with a percent sign may be one of these.
        let concerned = |pair: &str| {
            pair.starts_with("max_age")
                || pair.starts_with("request")
                || pair.bytes().take_while(|byte| *byte != b'=').any(|byte| byte == b'%')
        };
        let names_max_age = |pair: &str| {
            form_urlencoded::parse(pair.as_bytes()).any(|(name, value)| match &*name {
                // A parameter without a value counts as left out (RFC 6749 3.1).
                "max_age" => !value.is_empty(),
                "request" => claims(&value).is_some_and(|claims| names_max_age(&claims)),
                "request_uri" => client.pushed_requests().name_max_age(&value),
                _ => false,
            })
        };
        self.names_max_age |= parameters.split('&').any(|pair| concerned(pair) && names_max_age(pair));
        self
    }

    /// With whether there is a token.
    pub fn token(mut self, token: &str) -> Self {
        self.is_anonymous = token.is_empty();
        self
    }

    /// With whether there is a DPoP proof.
    pub fn proof(mut self, proof: Option<&str>) -> Self {
        self.has_proof = proof.is_some_and(|proof| !proof.is_empty());
        self
    }

    /// The scheme of a challenge where Authlete sends none.
    pub(super) fn scheme(self) -> &'static str {
        if self.has_proof { "DPoP" } else { "Bearer" }
    }
}

/// The maximum age that was asked for. Authlete says 0 for none and for zero alike: it is zero only where the request, or the
/// payload of its request object, names `max_age` at all, whichever way the zero is spelt.
pub fn asked_max_age(seconds: Option<i64>, request: RequestFacts, payload: Option<&JsonString>) -> Option<Duration> {
    let in_payload =
        || payload.is_some_and(|payload| payload.parse().is_ok_and(|payload: Value| names_max_age(&payload)));
    match u64::try_from(seconds.unwrap_or_default()).unwrap_or_default() {
        0 => (request.names_max_age || in_payload()).then_some(Duration::ZERO),
        seconds => Some(Duration::from_secs(seconds)),
    }
}

fn names_max_age(claims: &Value) -> bool {
    match &claims["max_age"] {
        Value::Null => false,
        Value::String(age) => !age.is_empty(),
        _ => true,
    }
}

/// The claims of a signed request object. Authlete verifies it; what is in an encrypted one comes back with the response.
fn claims(jwt: &str) -> Option<Value> {
    let payload = jwt.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_told_from_none_by_the_request() {
        let named = RequestFacts { names_max_age: true, ..RequestFacts::default() };
        let none = RequestFacts::default();
        let payload = |text: &str| Some(JsonString::from(text.to_owned()));
        for (seconds, request, object, asked) in [
            (None, none, None, None),
            (Some(0), none, None, None),
            (Some(0), named, None, Some(0)),
            (None, named, None, Some(0)),
            (Some(60), none, None, Some(60)),
            (Some(60), named, None, Some(60)),
            (Some(-1), none, None, None),
            (Some(0), none, payload(r#"{"max_age":0}"#), Some(0)),
            (Some(0), none, payload(r#"{"max_age":"00"}"#), Some(0)),
            (Some(0), none, payload(r#"{"max_age":null}"#), None),
            (Some(0), none, payload(r#"{"max_age":""}"#), None),
            (Some(0), none, payload("{}"), None),
            (Some(0), none, payload("not JSON"), None),
        ] {
            let found = asked_max_age(seconds, request, object.as_ref());
            assert_eq!(found, asked.map(Duration::from_secs), "{seconds:?} {request:?} {object:?}");
        }
    }
}
