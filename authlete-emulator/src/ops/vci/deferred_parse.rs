//! `vci_deferred_parse_api`: checks a wallet's request for a credential that was deferred.

use serde_json::{Value, json};

use super::content;
use crate::error::ApiError;
use crate::oauth::OAuthError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::{self, Refusal, Version, encryption, request as credential_request, token};

const PARSED: Code = "A900050";
const UNKNOWN: Code = "A900051";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    parse(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn parse(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let bearer = token::check(tenant, request)?;
    let message = encryption::read(&tenant.settings, &content(request)?)?;
    let unknown = |message: &str| OAuthError::new("invalid_transaction_id", UNKNOWN, message);
    let Some(id) = message.members.get("transaction_id").and_then(Value::as_str) else {
        return Err(unknown("The request has no transaction_id.").into());
    };
    // The token may be another than the one of the first request, but it has to be of the same user and client.
    let (client_id, subject) = (bearer.token.client_id, &bearer.token.authorized.subject);
    let found = tenant
        .credential_requests
        .get(id)
        .filter(|record| record.deferred && record.client_id == client_id && record.subject == *subject);
    let Some(mut record) = found.cloned() else {
        return Err(unknown("The transaction_id is unknown, used or expired.").into());
    };
    if Version::of(&tenant.settings) == Version::Final {
        // What this request says holds for its response, whatever the first one said (OpenID4VCI 1.0, section 9.2).
        let client = tenant.clients.get(&client_id);
        let required = client.is_some_and(|client| client.settings.flag("credentialResponseEncryptionRequired"));
        record.encryption = encryption::parameters(&tenant.settings, &message, required)?;
        if let Some(kept) = tenant.credential_requests.get_mut(id) {
            kept.encryption.clone_from(&record.encryption);
        }
    }
    let info = credential_request::info(&tenant.settings, id, &record);
    Ok(reply::action("OK", PARSED, "The credential was deferred, and can be issued.", json!({"info": info})))
}
