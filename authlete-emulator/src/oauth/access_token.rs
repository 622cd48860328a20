//! Access tokens: their form, and what a new one does to others.

use serde_json::{Value, json};

use super::OperationError;
use crate::error::ApiError;
use crate::jose::Algorithm;
use crate::random;
use crate::reply::{self, Code};
use crate::state::{Client, Tenant, Token};

const NO_ISSUER: Code = "A000205";
const TAKEN: Code = "A000207";

/// The token with its form as a JWT (RFC 9068), if the service issues such.
pub(crate) fn in_its_form(
    tenant: &mut Tenant,
    client: &Client,
    mut token: Token,
    now: u64,
) -> Result<Token, OperationError> {
    let Some(name) = tenant.settings.string("accessTokenSignAlg").map(str::to_owned) else { return Ok(token) };
    if Algorithm::parse(&name).is_none_or(super::super::jose::algorithm::Algorithm::is_symmetric) {
        return Err(ApiError::not_implemented(format!("access tokens signed with {name}")).into());
    }
    let Some(issuer) = tenant.settings.string("issuer").map(str::to_owned) else {
        return Err(OperationError::server(
            NO_ISSUER,
            "The service has no issuer, which a JWT access token must name.",
        ));
    };
    let details = &token.authorized.details;
    let thumbprints = json!({"jkt": details.binding.jkt, "x5t#S256": details.binding.x5t});
    let is_bound = details.binding.jkt.is_some() || details.binding.x5t.is_some();
    let mut claims = json!({
        "iss": issuer,
        "sub": token.authorized.subject.clone().unwrap_or_else(|| client.identifier()),
        // Where the request names no resource, the issuer stands for all that it protects (section 3).
        "aud": if details.access_resources.is_empty() { json!([issuer]) } else { json!(details.access_resources) },
        "exp": token.expires_at / 1000,
        "iat": now / 1000,
        "jti": random::token::<32>()?,
        "client_id": client.identifier(),
        "scope": (!token.authorized.scopes.is_empty()).then(|| token.authorized.scopes.join(" ")),
        "auth_time": token.authorized.auth_time,
        "acr": token.authorized.acr,
        "cnf": if is_bound { thumbprints } else { Value::Null },
        "authorization_details": (!details.authorization_details.is_empty()).then_some(&details.authorization_details),
    });
    for (name, value) in &details.jwt_claims {
        if claims.get(name).is_none() {
            claims[name.as_str()] = value.clone();
        }
    }
    let key = tenant.keys.signer(&tenant.settings, client, &name, "accessTokenSignatureKeyId")?;
    token.authorized.details.jwt = Some(key.sign("at+jwt", &reply::without_nulls(claims))?);
    Ok(token)
}

/// The value of a new access token: the one that the call chooses, unless there is such a token already, or a random one.
pub(crate) fn value(tenant: &Tenant, chosen: Option<String>) -> Result<String, OperationError> {
    match chosen {
        None => Ok(random::token::<32>()?),
        Some(chosen) if tenant.tokens.number_by_access(&chosen).is_some() => {
            Err(OperationError::server(TAKEN, "There is an access token with the value of the call's accessToken."))
        }
        Some(chosen) => Ok(chosen),
    }
}

/// Its type, as the token response names it.
pub(crate) fn kind<'a>(tenant: &'a Tenant, token: &Token) -> &'a str {
    match token.authorized.details.binding.jkt {
        Some(_) => "DPoP",
        None => tenant.settings.string("accessTokenType").unwrap_or("Bearer"),
    }
}

/// Puts a new token in, and returns its number. Where service or client want one per user, the others go, but
/// for those of attachments.
pub(crate) fn insert(tenant: &mut Tenant, client: &Client, token: Token) -> u64 {
    let single =
        tenant.settings.flag("singleAccessTokenPerSubject") || client.settings.flag("singleAccessTokenPerSubject");
    if let (true, Some(subject)) = (single, &token.authorized.subject) {
        tenant.tokens.remove_where(|other| {
            let authorized = &other.authorized;
            other.client_id == client.id
                && authorized.subject.as_ref() == Some(subject)
                && !authorized.details.for_external_attachment
        });
    }
    tenant.tokens.insert(token)
}
