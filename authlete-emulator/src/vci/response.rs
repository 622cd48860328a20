//! The response to a credential request (OpenID4VCI 1.0, section 8.3).

use serde_json::{Value, json};

use super::encryption::Parameters;
use super::{Refusal, Version, choices};
use crate::oauth::OAuthError;
use crate::reply::{self, Code, Reply};
use crate::state::CNonce;

const ISSUED: Code = "A900002";
const ACCEPTED: Code = "A900003";
const DENIED: Code = "A900004";
const ENCRYPTION: Code = "A900005";

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Issued(Vec<String>),
    /// The wallet is to come again with this transaction ID, and not before so many seconds have passed.
    Deferred(String, u64),
}

/// The seconds that a wallet is to wait: what the call says, if it says anything.
pub(crate) fn interval(given: Option<i64>) -> u64 {
    given
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0)
        .unwrap_or(choices::INTERVAL_SECONDS)
}

/// The issuer does not issue what was asked for.
pub(crate) fn denied() -> Refusal {
    OAuthError::new("credential_request_denied", DENIED, "The issuer does not issue the credential.").into()
}

/// The members that an outcome has in the JSON of the response.
pub(crate) fn members(version: Version, format: Option<&str>, outcome: &Outcome) -> Value {
    match (version, outcome) {
        (Version::Final, Outcome::Issued(all)) => {
            let credentials: Vec<Value> = all.iter().map(|credential| json!({"credential": credential})).collect();
            json!({"credentials": credentials})
        }
        (Version::Final, Outcome::Deferred(id, interval)) => json!({"transaction_id": id, "interval": interval}),
        (Version::Draft, Outcome::Deferred(id, _)) => json!({"transaction_id": id}),
        (Version::Draft, Outcome::Issued(all)) => {
            let mut members = match all.as_slice() {
                [one] => json!({"credential": one}),
                several => json!({"credentials": several}),
            };
            if let Some(format) = format {
                members["format"] = json!(format);
            }
            members
        }
    }
}

/// The draft's way to hand out the nonce for the next request.
pub(crate) fn with_nonce(mut members: Value, nonce: Option<&CNonce>, now: u64) -> Value {
    if let Some(nonce) = nonce {
        members["c_nonce"] = json!(nonce.value);
        members["c_nonce_expires_in"] = json!(nonce.expires_at.saturating_sub(now) / 1000);
    }
    members
}

/// The response with these members, encrypted where the wallet wants it so.
pub(crate) fn reply(accepted: bool, members: &Value, encryption: Option<&Parameters>) -> Result<Reply, Refusal> {
    let content = members.to_string();
    let (content, encrypted) = match encryption {
        None => (content, false),
        Some(parameters) => match parameters.encrypt(&content)? {
            Ok(jwe) => (jwe, true),
            Err(message) => return Err(Refusal::wallet("invalid_encryption_parameters", ENCRYPTION, message)),
        },
    };
    let action = match (accepted, encrypted) {
        (false, false) => "OK",
        (false, true) => "OK_JWT",
        (true, false) => "ACCEPTED",
        (true, true) => "ACCEPTED_JWT",
    };
    let (code, message) = match accepted {
        true => (ACCEPTED, "The credential will be issued later."),
        false => (ISSUED, "The credential is issued."),
    };
    Ok(reply::action(action, code, message, json!({"responseContent": content})))
}
