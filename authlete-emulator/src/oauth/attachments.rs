//! Access tokens for external attachments of verified claims (OpenID Connect for Identity Assurance 1.0).

use serde_json::{Map, Value};

use super::{OperationError, access_token, lifetime};
use crate::random;
use crate::state::{Authorized, Client, Details, Tenant, Token};

/// Puts an access token into every external attachment in the evidence of verified claims, if the service wants that. An
/// attachment that says for itself which token it needs, or with `null` that it needs none, stays as it is.
pub(crate) fn embed(
    tenant: &mut Tenant,
    client: &Client,
    subject: Option<&str>,
    claims: &mut Map<String, Value>,
    now: u64,
) -> Result<(), OperationError> {
    if !tenant.settings.flag("accessTokenForExternalAttachmentEmbedded") {
        return Ok(());
    }
    let verified = claims.get_mut("verified_claims").into_iter().flat_map(one_or_more);
    let evidence = verified.filter_map(|entry| entry.get_mut("verification")?.get_mut("evidence")?.as_array_mut());
    let attachments = evidence.flatten().filter_map(|one| one.get_mut("attachments")?.as_array_mut()).flatten();
    let mut external: Vec<&mut Map<String, Value>> = attachments
        .filter_map(Value::as_object_mut)
        .filter(|attachment| attachment.contains_key("url") && !attachment.contains_key("access_token"))
        .collect();
    if external.is_empty() {
        return Ok(());
    }
    let token = token(tenant, client, subject, now)?;
    for attachment in &mut external {
        attachment.insert("access_token".to_owned(), Value::from(token.presented()));
    }
    tenant.tokens.insert(token);
    Ok(())
}

fn one_or_more(value: &mut Value) -> &mut [Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_mut(one),
    }
}

/// A token that is good for attachments alone: it has no scopes.
fn token(tenant: &mut Tenant, client: &Client, subject: Option<&str>, now: u64) -> Result<Token, OperationError> {
    let token = Token {
        access: random::token::<32>()?,
        expires_at: now + 1000 * lifetime::ACCESS_TOKEN.of(&tenant.settings, client, &[]),
        client_id: client.id,
        grant_type: "AUTHORIZATION_CODE",
        authorized: Authorized {
            subject: subject.map(str::to_owned),
            details: Details { for_external_attachment: true, ..Details::default() },
            ..Authorized::default()
        },
        created_at: now,
        ..Token::default()
    };
    access_token::in_its_form(tenant, client, token, now)
}
