//! Request objects by value or by reference (RFC 9101; OpenID Connect Core 1.0, section 6), signed or also encrypted.

use serde_json::Value;

use super::REQUEST_OBJECT;
use crate::jose::{Algorithm, Jwt, Unreadable};
use crate::oauth::client_keys::client_keys;
use crate::oauth::encryption::{Encryption, decrypt};
use crate::oauth::parameters::Parameters;
use crate::oauth::{CheckError, OAuthError, OperationError};
use crate::state::{Client, Tenant};

const OBJECT: &str = "invalid_request_object";

/// How the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Through the browser.
    Front,
    /// From the client itself.
    Back,
}

/// The parameters inside a request object, with its payload. `outer` stands beside it.
pub(super) fn unpack(
    tenant: &mut Tenant,
    client: &Client,
    outer: &Parameters,
    text: &str,
    channel: Channel,
    now: u64,
) -> Result<(Parameters, Option<String>), OperationError> {
    let refused = |message: &str| OperationError::Client(OAuthError::new(OBJECT, REQUEST_OBJECT, message));
    let text = decrypted(tenant, client, text, channel)?;
    let jwt = match Jwt::read(&text) {
        Ok(jwt) => jwt,
        Err(Unreadable::Encrypted) => return Err(refused("The request object is encrypted twice.")),
        Err(Unreadable::Malformed) => return Err(refused("The request object is not a JWT.")),
    };
    let traditional = tenant.settings.flag("traditionalRequestObjectProcessingApplied");
    check_signature(tenant, client, &jwt, traditional).map_err(|error| error.or_reject(refused))?;
    check_claims(tenant, client, &jwt, outer, now).map_err(refused)?;
    let payload = Value::Object(jwt.claims.clone()).to_string();
    let inner = Parameters::from_claims(&jwt.claims)
        .map_err(|name| refused(&format!("{name} of the request object is not a string.")))?;
    // OpenID Connect lets parameters stand beside the object, RFC 9101 (section 6.3) ignores them.
    let parameters = if traditional {
        inner.or(outer)
    } else {
        let identifier = outer.get("client_id").map_or_else(|| client.identifier(), str::to_owned);
        inner.with("client_id", identifier)
    };
    Ok((parameters.without(&["request", "request_uri"]), Some(payload)))
}

/// The signed object. Where it has to be encrypted, and how, is up to service and client.
fn decrypted(tenant: &mut Tenant, client: &Client, text: &str, channel: Channel) -> Result<String, OperationError> {
    let refused = |message: String| OperationError::Client(OAuthError::new(OBJECT, REQUEST_OBJECT, message));
    let required = |tenant: &Tenant, flag| tenant.settings.flag(flag) || client.settings.flag(flag);
    if !matches!(Jwt::read(text), Err(Unreadable::Encrypted)) {
        if channel == Channel::Front && required(tenant, "frontChannelRequestObjectEncryptionRequired") {
            return Err(refused("The request object has to be encrypted.".to_owned()));
        }
        return Ok(text.to_owned());
    }
    let decrypted = decrypt(tenant, Some(client), text).map_err(|error| {
        error.or_reject(|reason| refused(format!("The request object cannot be decrypted: {reason}.")))
    })?;
    let wanted = Encryption::wanted(&client.settings, "requestEncryptionAlg", "requestEncryptionEnc")?;
    if let Some(wanted) = wanted {
        if required(tenant, "requestObjectEncryptionAlgMatchRequired") && decrypted.management != wanted.management {
            return Err(refused(
                "The request object is not encrypted by the client's requestEncryptionAlg.".to_owned(),
            ));
        }
        if required(tenant, "requestObjectEncryptionEncMatchRequired") && decrypted.encoding != wanted.encoding {
            return Err(refused(
                "The request object is not encrypted by the client's requestEncryptionEnc.".to_owned(),
            ));
        }
    }
    Ok(decrypted.content)
}

fn check_signature(
    tenant: &Tenant,
    client: &Client,
    jwt: &Jwt<'_>,
    traditional: bool,
) -> Result<(), CheckError<&'static str>> {
    let rejected = |reason| Err(CheckError::Rejected(reason));
    let registered = client.settings.string("requestSignAlg");
    if jwt.alg() == "none" {
        let allowed = traditional && registered.is_none_or(|registered| registered == "NONE");
        return if allowed { Ok(()) } else { rejected("The request object has to be signed.") };
    }
    if registered.is_some_and(|registered| registered != jwt.alg()) {
        return rejected("The request object is not signed by the client's requestSignAlg.");
    }
    let Some(algorithm) = Algorithm::parse(jwt.alg()) else {
        return rejected("The request object is not signed by a known algorithm.");
    };
    if jwt.is_critical() || !is_signed(tenant, client, jwt, algorithm)? {
        return rejected("The signature of the request object is wrong, or it has critical extensions.");
    }
    Ok(())
}

fn is_signed(tenant: &Tenant, client: &Client, jwt: &Jwt<'_>, algorithm: Algorithm) -> Result<bool, OperationError> {
    if algorithm.is_symmetric() {
        let secret = client.settings.string("clientSecret").unwrap_or_default();
        // A public client's secret is no secret.
        return Ok(!client.is_public() && jwt.is_signed_by_secret(algorithm, secret));
    }
    let keys = client_keys(tenant, &client.settings).map_err(|unknown| unknown.as_error(OBJECT, REQUEST_OBJECT))?;
    Ok(jwt.is_signed_by_one_of(algorithm, &keys))
}

fn check_claims(
    tenant: &Tenant,
    client: &Client,
    jwt: &Jwt<'_>,
    outer: &Parameters,
    now: u64,
) -> Result<(), &'static str> {
    let is_client = |name: &str| client.is_called(name);
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
