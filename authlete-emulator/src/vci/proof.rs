//! Key proofs (OpenID4VCI 1.0, appendix F): which keys a credential is to be bound to.

use serde_json::{Map, Value};

use super::issuer::Configuration;
use super::key_attestation::{self, Attestation};
use super::{Issuer, Version, choices, did, keys};
use crate::certificates::Chain;
use crate::jose::{Algorithm, Jwk, Jwt, jwk};
use crate::oauth::OAuthError;

use crate::reply::Code;
use crate::state::{Client, Settings};

const MISSING: Code = "A900601";
const TYPE: Code = "A900602";
const COUNT: Code = "A900603";
const HEADER: Code = "A900604";
const KEY: Code = "A900605";
const SIGNATURE: Code = "A900606";
const CLAIMS: Code = "A900607";
const NONCE: Code = "A900608";

/// The value of `typ` of a proof of the type `jwt`.
const TYP: &str = "openid4vci-proof+jwt";

/// What proofs are held against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a Issuer<'a>,
    pub(crate) configuration: Configuration<'a>,
    /// One of these, where proofs need a nonce.
    pub(crate) nonces: Option<Vec<String>>,
    /// None for an anonymous wallet.
    pub(crate) client: Option<&'a Client>,
    pub(crate) service: &'a Settings,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

pub(crate) fn invalid(code: Code, message: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_proof", code, message)
}

/// The keys that the members of a request prove, each once. None where the configuration binds to no key.
pub(crate) fn check(expected: &Expected<'_>, members: &Map<String, Value>) -> Result<Vec<Jwk>, OAuthError> {
    let Some((kind, proofs)) = given(expected, members)? else { return Ok(Vec::new()) };
    let types = expected.configuration.proof_types();
    let Some(demands) = types.and_then(|types| types.get(kind)?.as_object()) else {
        return Err(invalid(TYPE, "The credential configuration does not list this type of proof."));
    };
    let mut found: Vec<Jwk> = Vec::new();
    for text in proofs {
        for key in of_one(expected, kind, demands, text)? {
            if !found.iter().any(|known| jwk::thumbprint(known) == jwk::thumbprint(&key)) {
                found.push(key);
            }
        }
    }
    Ok(found)
}

/// The type of the proofs, and the proofs.
fn given<'a>(
    expected: &Expected<'_>,
    members: &'a Map<String, Value>,
) -> Result<Option<(&'a str, Vec<&'a str>)>, OAuthError> {
    let malformed = |message: &str| Err(OAuthError::new("invalid_credential_request", COUNT, message));
    let single = members.get("proof").filter(|proof| !proof.is_null());
    let several = members.get("proofs").filter(|proofs| !proofs.is_null());
    let draft = expected.issuer.version == Version::Draft;
    let (kind, proofs) = match (single, several) {
        (Some(_), _) if !draft => return malformed("OpenID4VCI 1.0 has no proof; what proves keys is in proofs."),
        (Some(_), Some(_)) => return malformed("The request has both proof and proofs."),
        (None, None) if expected.configuration.proof_types().is_some() => {
            return Err(invalid(MISSING, "The credential is bound to a key, but the request has no proofs."));
        }
        (None, None) => return Ok(None),
        (Some(proof), None) => {
            let kind = proof["proof_type"].as_str().unwrap_or_default();
            match proof[kind].as_str() {
                Some(text) => (kind, vec![text]),
                None => return Err(invalid(TYPE, "proof has no proof_type, or nothing of that type.")),
            }
        }
        (None, Some(Value::Object(proofs))) if proofs.len() == 1 => {
            let Some((kind, Value::Array(elements))) = proofs.iter().next() else {
                return malformed("proofs has no array.");
            };
            let Some(texts) = elements.iter().map(Value::as_str).collect::<Option<Vec<_>>>() else {
                return Err(invalid(TYPE, "A proof is not a string."));
            };
            (kind.as_str(), texts)
        }
        (None, Some(_)) => return malformed("proofs has to be an object with proofs of one type."),
    };
    if proofs.is_empty() {
        return malformed("proofs has no proof.");
    }
    if kind == "attestation" && proofs.len() != 1 {
        return malformed("proofs of the type attestation has to have one element.");
    }
    if proofs.len() > expected.issuer.batch_size() {
        return malformed("The request has more proofs than the issuer accepts at once.");
    }
    Ok(Some((kind, proofs)))
}

fn of_one(
    expected: &Expected<'_>,
    kind: &str,
    demands: &Map<String, Value>,
    text: &str,
) -> Result<Vec<Jwk>, OAuthError> {
    match kind {
        "jwt" => of_jwt(expected, demands, text),
        "attestation" => Ok(key_attestation::check(expected, demands, text, false)?.keys),
        _ => Err(invalid(TYPE, "Proofs of this type are not supported.")),
    }
}

fn of_jwt(expected: &Expected<'_>, demands: &Map<String, Value>, text: &str) -> Result<Vec<Jwk>, OAuthError> {
    let jwt = read(text, TYP, demands)?;
    let key = key(&jwt)?;
    if !is_signed(&jwt, &key) {
        return Err(invalid(SIGNATURE, "The signature of a proof is not that of the key that its header names."));
    }
    check_claims(expected, &jwt)?;
    let attestation = match jwt.header.get("key_attestation") {
        Some(Value::String(text)) => Some(key_attestation::check(expected, demands, text, true)?),
        Some(_) => return Err(invalid(HEADER, "key_attestation of a proof is not a string.")),
        None if demands.contains_key("key_attestations_required") => {
            return Err(invalid(HEADER, "The credential configuration wants a proof to have a key_attestation."));
        }
        None => None,
    };
    match attestation {
        None => Ok(vec![key]),
        Some(Attestation { keys }) if keys.iter().any(|one| jwk::thumbprint(one) == jwk::thumbprint(&key)) => Ok(keys),
        Some(_) => Err(invalid(KEY, "The key of a proof is not one that its key_attestation attests.")),
    }
}

/// A JWT of the right type, signed by an algorithm that the configuration lists.
pub(crate) fn read<'a>(text: &'a str, typ: &str, demands: &Map<String, Value>) -> Result<Jwt<'a>, OAuthError> {
    let Ok(jwt) = Jwt::read(text) else { return Err(invalid(HEADER, "A proof is not a signed JWT.")) };
    if jwt.header.get("typ").and_then(Value::as_str) != Some(typ) {
        return Err(invalid(HEADER, format!("The typ of a proof is not {typ}.")));
    }
    if jwt.is_critical() {
        return Err(invalid(HEADER, "A proof has critical extensions."));
    }
    let algorithm = keys::algorithm(&Value::String(jwt.alg().to_owned())).filter(|alg| !alg.is_symmetric());
    let listed = demands.get("proof_signing_alg_values_supported").and_then(Value::as_array);
    let listed = listed.is_some_and(|all| all.iter().any(|one| keys::algorithm(one) == algorithm));
    if algorithm.is_none() || !listed {
        return Err(invalid(HEADER, "The alg of a proof is not one that the credential configuration lists."));
    }
    Ok(jwt)
}

/// Whether the signature of a JWT is that of the key.
pub(crate) fn is_signed(jwt: &Jwt<'_>, key: &Jwk) -> bool {
    Algorithm::parse(jwt.alg()).is_some_and(|algorithm| jwt.is_signed_by(algorithm, key))
}

/// The public key that the header names.
fn key(jwt: &Jwt<'_>) -> Result<Jwk, OAuthError> {
    let member = |name: &str| jwt.header.get(name).filter(|value| !value.is_null());
    let public = |key: Option<Jwk>| match key {
        Some(key) if jwk::is_private(&key) => Err(invalid(KEY, "The header of a proof has a private key.")),
        Some(key) if jwk::thumbprint(&key).is_some() => Ok(key),
        _ => Err(invalid(KEY, "The key in the header of a proof cannot be read.")),
    };
    match (member("jwk"), member("x5c"), member("kid")) {
        // A kid beside the key can be a name for it, which some wallets leave there; a DID names another.
        (Some(_), Some(_), _) => Err(invalid(KEY, "The header of a proof has both jwk and x5c.")),
        (Some(_), None, Some(kid)) | (None, Some(_), Some(kid)) if is_did(kid) => {
            Err(invalid(KEY, "The header of a proof has a DID beside its key."))
        }
        (Some(key), None, _) => public(key.as_object().cloned()),
        (None, Some(chain), _) => public(Chain::from_x5c(chain).and_then(|chain| chain.key())),
        (None, None, Some(kid)) => public(kid.as_str().and_then(did::key)),
        (None, None, None) => Err(invalid(KEY, "The header of a proof names no key.")),
    }
}

fn is_did(kid: &Value) -> bool {
    kid.as_str().is_some_and(|kid| kid.starts_with("did:"))
}

fn check_claims(expected: &Expected<'_>, jwt: &Jwt<'_>) -> Result<(), OAuthError> {
    let alone = jwt.claims.get("aud").and_then(Value::as_array).is_none_or(|all| all.len() == 1);
    if !alone || !jwt.is_for(&[expected.issuer.identifier()]) {
        return Err(invalid(CLAIMS, "The aud of a proof is not the credential issuer."));
    }
    let client = expected.client;
    let named = |iss: &Value| {
        let Some(iss) = iss.as_str() else { return false };
        client.is_none_or(|client| iss == client.id.to_string() || Some(iss) == client.alias())
    };
    if !jwt.claims.get("iss").is_none_or(named) {
        return Err(invalid(CLAIMS, "The iss of a proof is not the client."));
    }
    let window = choices::PROOF_SECONDS + expected.service.number("allowableClockSkew");
    if !jwt.seconds("iat").is_some_and(|made| made.abs_diff(expected.now) <= window) {
        return Err(invalid(CLAIMS, "A proof has no iat, or was not made just now."));
    }
    if !jwt.is_current(expected.now, window) {
        return Err(invalid(CLAIMS, "A proof has expired, or is not valid yet."));
    }
    check_nonce(expected, jwt)
}

/// Whether the nonce is one that the issuer gave, where it gives any.
pub(crate) fn check_nonce(expected: &Expected<'_>, jwt: &Jwt<'_>) -> Result<(), OAuthError> {
    let Some(nonces) = &expected.nonces else { return Ok(()) };
    match jwt.claims.get("nonce").and_then(Value::as_str) {
        None => Err(invalid(NONCE, "A proof has no nonce.")),
        Some(nonce) if nonces.iter().any(|one| one == nonce) => Ok(()),
        // The draft has no error of its own for it (draft 13, section 7.3.1.2).
        Some(_) if expected.issuer.version == Version::Draft => {
            Err(invalid(NONCE, "The nonce of a proof is not the token's, or has expired."))
        }
        Some(_) => {
            let message = "The nonce of a proof is not of the present time.";
            Err(OAuthError::new("invalid_nonce", NONCE, message))
        }
    }
}
