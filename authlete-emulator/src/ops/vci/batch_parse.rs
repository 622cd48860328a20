//! `vci_batch_parse_api`: checks a request for many credentials, which OpenID4VCI had before 1.0.

use serde_json::{Value, json};

use super::{content, no_batches, with_next_nonce};
use crate::error::ApiError;
use crate::oauth::OAuthError;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::encryption::Message;
use crate::vci::token::{self, Bearer};
use crate::vci::{self, Refusal, Version, choices, encryption, request as credential_request};

const PARSED: Code = "A900070";
const SHAPE: Code = "A900071";

/// A request may ask for this many credentials.
const LARGEST: usize = 100;

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    parse(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn parse(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let bearer = token::check(tenant, request)?;
    if Version::of(&tenant.settings) == Version::Final {
        return Err(no_batches());
    }
    checked(tenant, &bearer, request).map_err(|refusal| with_next_nonce(tenant, &bearer, request.now, refusal))
}

fn checked(tenant: &mut Tenant, bearer: &Bearer, request: &Request) -> Result<Reply, Refusal> {
    let message = encryption::read(&tenant.settings, &content(request)?)?;
    let malformed = |message: &str| OAuthError::new("invalid_credential_request", SHAPE, message);
    let Some(Value::Array(requests)) = message.members.get("credential_requests") else {
        return Err(malformed("The request has no list credential_requests.").into());
    };
    if !(1..=LARGEST).contains(&requests.len()) {
        return Err(malformed("credential_requests is empty or too long.").into());
    }
    let whole = message.members.get("credential_response_encryption");
    let mut records = Vec::new();
    for one in requests {
        let Value::Object(members) = one else {
            return Err(malformed("An element of credential_requests is not an object.").into());
        };
        let mut members = members.clone();
        if let Some(encryption) = whole {
            // Draft 13, section 8.1: it stands beside the requests, and holds for all of them.
            members.insert("credential_response_encryption".to_owned(), encryption.clone());
        }
        let one = Message { members, encrypted: message.encrypted };
        records.push((random::token::<32>()?, credential_request::parse(tenant, bearer, &one, request.now)?));
    }
    let ends_at = bearer.token.expires_at.min(request.now + 1000 * choices::REQUEST_SECONDS);
    let mut infos = Vec::new();
    for (identifier, record) in records {
        infos.push(credential_request::info(&tenant.settings, &identifier, &record));
        tenant.credential_requests.insert(identifier, ends_at, record);
    }
    Ok(reply::action("OK", PARSED, "The credential requests are valid.", json!({"info": infos})))
}
