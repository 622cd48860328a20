//! Key attestations (OpenID4VCI 1.0, appendix D): somebody whom the issuer trusts says how well keys are kept.

use serde_json::{Map, Value};

use super::proof::{self, Expected, invalid};
use crate::certificates::{self, Chain};
use crate::jose::{Jwk, Jwt, jwk};
use crate::oauth::OAuthError;

use crate::reply::Code;

const SIGNER: Code = "A900620";
const SIGNATURE: Code = "A900621";
const CLAIMS: Code = "A900622";
const KEYS: Code = "A900623";
const LEVEL: Code = "A900624";

/// The value of `typ`.
const TYP: &str = "key-attestation+jwt";

/// The members that say how well keys are kept, and how users are asked before they are used.
const LEVELS: &[&str] = &["key_storage", "user_authentication"];

/// What an attestation says.
#[derive(Debug)]
pub(crate) struct Attestation {
    pub(crate) keys: Vec<Jwk>,
}

/// Checks an attestation that is a proof by itself or, with `in_proof`, part of one.
pub(crate) fn check(
    expected: &Expected<'_>,
    demands: &Map<String, Value>,
    text: &str,
    in_proof: bool,
) -> Result<Attestation, OAuthError> {
    let jwt = proof::read(text, TYP, demands)?;
    let signer = signer(expected, &jwt)?;
    if !proof::is_signed(&jwt, &signer) {
        return Err(invalid(SIGNATURE, "The signature of a key attestation is not that of its certificate."));
    }
    let skew = expected.service.number("allowableClockSkew");
    if jwt.seconds("iat").is_none() || (in_proof && jwt.seconds("exp").is_none()) {
        return Err(invalid(CLAIMS, "A key attestation has no iat, or no exp where it needs one."));
    }
    if !jwt.is_current(expected.now, skew) {
        return Err(invalid(CLAIMS, "A key attestation has expired, or is not valid yet."));
    }
    if !in_proof || jwt.claims.contains_key("nonce") {
        proof::check_nonce(expected, &jwt)?;
    }
    check_levels(demands, &jwt)?;
    Ok(Attestation { keys: keys(&jwt)? })
}

/// The key of the attester, which a chain of certificates has to lead from to a root of the service's.
fn signer(expected: &Expected<'_>, jwt: &Jwt<'_>) -> Result<Jwk, OAuthError> {
    let service = expected.service;
    let Some(chain) = jwt.header.get("x5c").and_then(Chain::from_x5c) else {
        return Err(invalid(SIGNER, "A key attestation has no certificates in x5c."));
    };
    if service.flag("keyAttesterRootsEnabled") {
        let roots = service.strings("keyAttesterRoots").filter_map(certificates::from_text).collect::<Vec<_>>();
        chain
            .check(&roots, 1000 * expected.now)
            .map_err(|reason| invalid(SIGNER, format!("A key attestation: {reason}.")))?;
    }
    chain.key().ok_or_else(|| invalid(SIGNER, "The key of a key attestation's certificate cannot be read."))
}

fn keys(jwt: &Jwt<'_>) -> Result<Vec<Jwk>, OAuthError> {
    let keys = jwt.claims.get("attested_keys").and_then(Value::as_array);
    let keys: Option<Vec<Jwk>> = keys.and_then(|all| {
        let public = |key: &Value| {
            let key = key.as_object()?;
            (!jwk::is_private(key) && jwk::thumbprint(key).is_some()).then(|| key.clone())
        };
        all.iter().map(public).collect()
    });
    keys.filter(|keys| !keys.is_empty())
        .ok_or_else(|| invalid(KEYS, "attested_keys of a key attestation is not a list of public keys."))
}

/// Whether each level that the configuration demands is one of those that the attestation states. They are compared as
/// names: nothing says that one of them includes another.
fn check_levels(demands: &Map<String, Value>, jwt: &Jwt<'_>) -> Result<(), OAuthError> {
    let Some(required) = demands.get("key_attestations_required").and_then(Value::as_object) else { return Ok(()) };
    for name in LEVELS {
        let Some(accepted) = required.get(*name).and_then(Value::as_array) else { continue };
        let stated = jwt.claims.get(*name).and_then(Value::as_array);
        if !stated.is_some_and(|stated| stated.iter().any(|one| accepted.contains(one))) {
            let message =
                format!("The {name} of a key attestation is not one that the credential configuration accepts.");
            return Err(invalid(LEVEL, message));
        }
    }
    Ok(())
}
