//! Access tokens: their form, and what a new one does to others.

use jsonwebtoken::AlgorithmFamily;
use serde_json::{Value, json};

use super::{Stop, jose};
use crate::error::ApiError;
use crate::random;
use crate::reply::{self, Code};
use crate::state::{Client, Tenant, Token};

const NO_ISSUER: Code = "A000205";

/// The token with its form as a JWT (RFC 9068), if the service issues such.
pub(crate) fn in_its_form(tenant: &mut Tenant, client: &Client, mut token: Token, now: u64) -> Result<Token, Stop> {
    let Some(name) = tenant.settings.text("accessTokenSignAlg").map(str::to_owned) else { return Ok(token) };
    if jose::algorithm(&name)?.is_none_or(|algorithm| algorithm.family() == AlgorithmFamily::Hmac) {
        return Err(ApiError::not_implemented(format!("access tokens signed with {name}")).into());
    }
    let Some(issuer) = tenant.settings.text("issuer").map(str::to_owned) else {
        return Err(Stop::server(NO_ISSUER, "The service has no issuer, which a JWT access token must name."));
    };
    let details = &token.details;
    let thumbprints = json!({"jkt": details.binding.jkt, "x5t#S256": details.binding.x5t});
    let is_bound = details.binding.jkt.is_some() || details.binding.x5t.is_some();
    let mut claims = json!({
        "iss": issuer,
        "sub": token.subject.clone().unwrap_or_else(|| client.id.to_string()),
        // Where the request names no resource, the issuer stands for all that it protects (section 3).
        "aud": if details.access_resources.is_empty() { json!([issuer]) } else { json!(details.access_resources) },
        "exp": token.expires_at / 1000,
        "iat": now / 1000,
        "jti": random::token::<32>()?,
        "client_id": client.id.to_string(),
        "scope": (!token.scopes.is_empty()).then(|| token.scopes.join(" ")),
        "auth_time": token.auth_time,
        "acr": token.acr,
        "cnf": if is_bound { thumbprints } else { Value::Null },
        "authorization_details": (!details.authorization_details.is_empty()).then_some(&details.authorization_details),
    });
    for (name, value) in &details.jwt_claims {
        if claims.get(name).is_none() {
            claims[name.as_str()] = value.clone();
        }
    }
    let key = tenant.keys.signer(&tenant.settings, client, &name, "accessTokenSignatureKeyId")?;
    token.details.jwt = Some(key.sign("at+jwt", &reply::without_nulls(claims))?);
    Ok(token)
}

/// Its type, as the token response names it.
pub(crate) fn kind<'a>(tenant: &'a Tenant, token: &Token) -> &'a str {
    match token.details.binding.jkt {
        Some(_) => "DPoP",
        None => tenant.settings.text("accessTokenType").unwrap_or("Bearer"),
    }
}

/// Puts a new token in, and returns its number. Where service or client want one per user, the others go.
pub(crate) fn insert(tenant: &mut Tenant, client: &Client, token: Token) -> u64 {
    let single =
        tenant.settings.flag("singleAccessTokenPerSubject") || client.settings.flag("singleAccessTokenPerSubject");
    if let (true, Some(subject)) = (single, &token.subject) {
        tenant.tokens.remove_of(client.id, subject);
    }
    tenant.tokens.insert(token)
}
