//! Request objects by value (RFC 9101; OpenID Connect Core 1.0, section 6.1).

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;

use super::REQUEST_OBJECT;
use crate::error::ApiError;
use crate::oauth::jose::{self, Jwt, Unreadable};
use crate::oauth::parameters::Parameters;
use crate::oauth::{CheckError, OAuthError, OperationError};
use crate::state::{Client, Tenant};

/// The parameters of the request object if there is one, with its payload; else those that are given.
pub(super) fn unpack(
    tenant: &Tenant,
    client: &Client,
    outer: Parameters,
    now: u64,
) -> Result<(Parameters, Option<String>), OperationError> {
    let Some(text) = outer.get("request") else { return Ok((outer, None)) };
    let refused =
        |message: &str| OperationError::Client(OAuthError::new("invalid_request_object", REQUEST_OBJECT, message));
    let jwt = match Jwt::read(text) {
        Ok(jwt) => jwt,
        Err(Unreadable::Encrypted) => return Err(ApiError::not_implemented("encrypted request objects").into()),
        Err(Unreadable::Malformed) => return Err(refused("The request object is not a JWT.")),
    };
    let traditional = tenant.settings.flag("traditionalRequestObjectProcessingApplied");
    check_signature(client, &jwt, traditional).map_err(|error| error.or_reject(refused))?;
    check_claims(tenant, client, &jwt, &outer, now).map_err(refused)?;
    let payload = Value::Object(jwt.claims.clone()).to_string();
    let inner = Parameters::from_claims(&jwt.claims)
        .map_err(|name| refused(&format!("{name} of the request object is not a string.")))?;
    // OpenID Connect lets parameters stand beside the object, RFC 9101 (section 6.3) ignores them.
    let parameters = if traditional {
        inner.or(&outer)
    } else {
        let identifier = outer.get("client_id").map_or_else(|| client.id.to_string(), str::to_owned);
        inner.with("client_id", identifier)
    };
    Ok((parameters.without(&["request", "request_uri"]), Some(payload)))
}

fn check_signature(client: &Client, jwt: &Jwt<'_>, traditional: bool) -> Result<(), CheckError<&'static str>> {
    let rejected = |reason| Err(CheckError::Rejected(reason));
    let registered = client.settings.string("requestSignAlg");
    if jwt.alg() == "none" {
        let allowed = traditional && registered.is_none_or(|registered| registered == "NONE");
        return if allowed { Ok(()) } else { rejected("The request object has to be signed.") };
    }
    if registered.is_some_and(|registered| registered != jwt.alg()) {
        return rejected("The request object is not signed by the client's requestSignAlg.");
    }
    let Some(algorithm) = jose::algorithm(jwt.alg())? else {
        return rejected("The request object is not signed by a known algorithm.");
    };
    if jwt.is_critical() || !is_signed(client, jwt, algorithm)? {
        return rejected("The signature of the request object is wrong, or it has critical extensions.");
    }
    Ok(())
}

fn is_signed(client: &Client, jwt: &Jwt<'_>, algorithm: Algorithm) -> Result<bool, ApiError> {
    if algorithm.family() == AlgorithmFamily::Hmac {
        let secret = client.settings.string("clientSecret").unwrap_or_default();
        // A public client's secret is no secret.
        return Ok(!client.is_public() && jwt.is_signed_by(algorithm, &DecodingKey::from_secret(secret.as_bytes())));
    }
    Ok(jwt.is_signed_by_one_of(algorithm, &jose::client_keys(&client.settings)?))
}

fn check_claims(
    tenant: &Tenant,
    client: &Client,
    jwt: &Jwt<'_>,
    outer: &Parameters,
    now: u64,
) -> Result<(), &'static str> {
    let id = client.id.to_string();
    let is_client = |name: &str| name == id || client.alias() == Some(name);
    if ["client_id", "iss"]
        .iter()
        .any(|claim| jwt.claims.contains_key(*claim) && !jwt.string(claim).is_some_and(is_client))
    {
        return Err("client_id and iss of the request object have to be the client's id.");
    }
    if jwt.claims.contains_key("request") || jwt.claims.contains_key("request_uri") {
        return Err("The request object must not hold or point to another one.");
    }
    let differs = |name: &str| outer.has(name) && jwt.claims.contains_key(name) && outer.get(name) != jwt.string(name);
    if differs("response_type") {
        return Err("The response_type of the request object is not the one beside it.");
    }
    if !jwt.is_current(now / 1000, tenant.settings.number("allowableClockSkew")) {
        return Err("The request object has expired, or is not valid yet.");
    }
    let issuer = tenant.settings.string("issuer").unwrap_or_default();
    let checked = tenant.settings.flag("requestObjectAudienceChecked");
    if (checked || jwt.claims.contains_key("aud")) && !jwt.is_for(&[issuer]) {
        return Err("The request object is for another audience.");
    }
    Ok(())
}
