//! The keys that sign credentials.

use serde_json::{Value, json};

use super::Refusal;
use super::issuer::Configuration;
use crate::jose::{Algorithm, Jwk, PrivateKey, jwk};
use crate::reply::Code;
use crate::state::Settings;

const NO_KEY: Code = "A900401";
const UNKNOWN_KEY: Code = "A900402";
const NO_ALGORITHM: Code = "A900403";

/// The algorithms of COSE, as metadata of an mdoc lists them (IANA, COSE Algorithms), by their names in JOSE. Two names
/// for one signature are the same here.
const COSE: &[(i64, Algorithm)] = &[
    (-7, Algorithm::ES256),
    (-9, Algorithm::ES256),
    (-35, Algorithm::ES384),
    (-51, Algorithm::ES384),
    (-36, Algorithm::ES512),
    (-52, Algorithm::ES512),
    (-8, Algorithm::EdDSA),
    (-19, Algorithm::EdDSA),
    (-47, Algorithm::ES256K),
];

/// A key that signs credentials.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    pub(crate) private: PrivateKey,
    pub(crate) jwk: Jwk,
}

/// An algorithm as a list in metadata names it: by its name, or by its number in COSE.
pub(crate) fn algorithm(value: &Value) -> Option<Algorithm> {
    match value {
        Value::String(name) => Algorithm::parse(name),
        Value::Number(number) => {
            let number = number.as_i64()?;
            COSE.iter().find(|(known, _)| *known == number).map(|(_, algorithm)| *algorithm)
        }
        _ => None,
    }
}

/// The key for a credential of this configuration: the one that the order names, or else the first that signs by an
/// algorithm that the configuration lists.
pub(crate) fn signer(
    service: &Settings,
    configuration: Configuration<'_>,
    id: Option<&str>,
) -> Result<Signer, Refusal> {
    let keys = jwk::set(service.string("credentialJwks").unwrap_or_default());
    let listed = configuration.members.get("credential_signing_alg_values_supported").and_then(Value::as_array);
    let listed: Option<Vec<Algorithm>> = listed.map(|all| all.iter().filter_map(algorithm).collect());
    let mut private = keys.into_iter().filter(jwk::is_private);
    let chosen = match id {
        Some(id) => private.find(|key| jwk::string(key, "kid") == Some(id)).ok_or_else(|| {
            Refusal::caller(UNKNOWN_KEY, "The service's credentialJwks has no private key with the signingKeyId.")
        })?,
        None => {
            let signs = |key: &Jwk| {
                jwk::string(key, "use").is_none_or(|one| one == "sig")
                    && key
                        .get("alg")
                        .and_then(algorithm)
                        .is_some_and(|alg| listed.as_ref().is_none_or(|l| l.contains(&alg)))
            };
            private.find(signs).ok_or_else(|| {
                let message =
                    "The service's credentialJwks has no private key whose alg is one that the configuration lists.";
                Refusal::service(NO_KEY, message)
            })?
        }
    };
    let Some(algorithm) = jwk::string(&chosen, "alg").and_then(Algorithm::parse).filter(|alg| !alg.is_symmetric())
    else {
        return Err(Refusal::service(NO_ALGORITHM, "The key that is to sign the credential has no asymmetric alg."));
    };
    let Some(private) = PrivateKey::from_jwk(algorithm, &chosen) else {
        return Err(Refusal::service(NO_KEY, "The key that is to sign the credential does not fit its alg."));
    };
    Ok(Signer { algorithm, private, jwk: chosen })
}

/// Gives the keys of a set that have no `kid` their thumbprints for it, as Authlete does when a service is changed.
pub(crate) fn name(settings: &mut Settings) {
    let Some(mut set) = settings.string("credentialJwks").and_then(|text| serde_json::from_str::<Value>(text).ok())
    else {
        return;
    };
    let mut changed = false;
    for key in set["keys"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if !key.contains_key("kid")
            && let Some(thumbprint) = jwk::thumbprint(key)
        {
            key.insert("kid".to_owned(), json!(thumbprint));
            changed = true;
        }
    }
    if changed {
        settings.set("credentialJwks", json!(set.to_string()));
    }
}
