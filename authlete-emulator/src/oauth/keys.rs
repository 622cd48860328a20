//! Which keys of a service sign and decrypt: those of its own `jwks`, or those that the emulator makes for it.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::OperationError;
use super::signing::SigningKey;
use crate::error::ApiError;
use crate::jose::jwk::{self, Jwk};
use crate::jose::{Algorithm, Family, PrivateKey};
use crate::state::{Client, Settings};

/// Of these kinds a service has a key from the first time that its keys are asked for. Keys for ES512 and ES256K are
/// made when something is signed by them: not every client can read such keys.
const MADE: &[Algorithm] = &[Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::EdDSA];

/// The algorithm of a key that does not say one is the first of these that it fits.
const ASYMMETRIC: &[Algorithm] = &[
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::ES256K,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

/// What the emulator makes keys for decryption from.
const MADE_FOR_DECRYPTION: &[Algorithm] = &[Algorithm::ES256, Algorithm::RS256];

const NO_KEY: &str = "A000201";

/// The private key with this id, or else one for ES256 or the first that signs.
pub(crate) fn first_that_signs(keys: &[Jwk], kid: Option<&str>) -> Result<Option<SigningKey>, ApiError> {
    let named = keys.iter().filter(|key| key.contains_key("d") && (kid.is_none() || jwk::string(key, "kid") == kid));
    let signing = |key| ASYMMETRIC.iter().find(|algorithm| jwk::fits(key, **algorithm)).map(|one| (*one, key));
    let found = named.filter_map(signing).min_by_key(|(algorithm, _)| *algorithm != Algorithm::ES256);
    found.map(|(algorithm, key)| SigningKey::from_jwk(algorithm, key)).transpose()
}

/// The keys that the emulator has made for a service, each when it was first needed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    made: BTreeMap<String, SigningKey>,
    /// Private keys, to which others encrypt.
    made_for_decryption: Vec<Jwk>,
    /// Keys that stand for such in a hardware security module.
    hardware: Vec<HardwareKey>,
}

/// A key that stands for one in a hardware security module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HardwareKey {
    pub(crate) handle: String,
    /// The private key, with `kid`, `use` and `alg`.
    pub(crate) jwk: Jwk,
    /// The public key in DER.
    pub(crate) public: Vec<u8>,
}

impl HardwareKey {
    /// The key as the API shows it.
    pub(crate) fn to_api(&self) -> Value {
        let member = |name: &str| self.jwk.get(name).cloned();
        json!({
            "handle": self.handle,
            "kty": member("kty"),
            "use": member("use"),
            "alg": member("alg"),
            "kid": member("kid"),
            "hsmName": "software",
            "publicKey": STANDARD.encode(&self.public),
        })
    }
}

impl Keys {
    /// The key for a JWT to this client. `kid_setting` is the member of the service that chooses among its own keys.
    pub(crate) fn signer(
        &mut self,
        service: &Settings,
        client: &Client,
        algorithm: &str,
        kid_setting: &str,
    ) -> Result<SigningKey, OperationError> {
        let Some(algorithm) = Algorithm::parse(algorithm) else {
            return Err(ApiError::not_implemented(format!("JWTs signed with {algorithm}")).into());
        };
        if algorithm.is_symmetric() {
            let secret = client.settings.string("clientSecret").unwrap_or_default();
            return Ok(SigningKey::of_secret(algorithm, secret));
        }
        self.of_service(service, algorithm, kid_setting)
    }

    /// The key of the service itself for an asymmetric algorithm.
    pub(crate) fn of_service(
        &mut self,
        service: &Settings,
        algorithm: Algorithm,
        kid_setting: &str,
    ) -> Result<SigningKey, OperationError> {
        if let Some(keys) = self.given(service, kid_setting) {
            let wanted = service.string(kid_setting);
            let signs = |key: &Jwk| key.contains_key("d") && jwk::fits(key, algorithm);
            let mut keys = keys.into_iter().filter(signs);
            let found = keys.find(|key| wanted.is_none() || jwk::string(key, "kid") == wanted);
            let found = found.ok_or_else(|| {
                let message = format!("The service's jwks has no private key that signs with {}.", algorithm.name());
                OperationError::server(NO_KEY, &message)
            })?;
            return Ok(SigningKey::from_jwk(algorithm, &found)?);
        }
        Ok(self.made(algorithm)?.with_algorithm(algorithm))
    }

    /// The key of the service that a member of its names, by the algorithm that the key is for. Without such a member it
    /// is one for ES256, or else the first that signs.
    pub(crate) fn named(&mut self, service: &Settings, kid_setting: &str) -> Result<SigningKey, OperationError> {
        let Some(keys) = self.given(service, kid_setting) else {
            return self.of_service(service, Algorithm::ES256, kid_setting);
        };
        first_that_signs(&keys, service.string(kid_setting))?.ok_or_else(|| {
            OperationError::server(NO_KEY, &format!("The service's jwks has no private key for {kid_setting}."))
        })
    }

    /// The private keys of the service to which others encrypt: those that are not for signing alone.
    pub(crate) fn for_decryption(&mut self, service: &Settings) -> Result<Vec<Jwk>, ApiError> {
        let hardware = self.usable(service).map(|key| key.jwk.clone());
        let hardware = hardware.filter(|key| jwk::string(key, "use") == Some("enc"));
        if let Some(set) = service.string("jwks") {
            let own = jwk::set(set).into_iter().filter(|key| jwk::string(key, "use") != Some("sig"));
            return Ok(own.chain(hardware).collect());
        }
        let hardware: Vec<Jwk> = hardware.collect();
        if self.made_for_decryption.is_empty() {
            for algorithm in MADE_FOR_DECRYPTION {
                let key = PrivateKey::generate(*algorithm).map_err(ApiError::internal)?;
                let jwk = key.to_jwk(*algorithm).ok_or_else(|| ApiError::internal("A key cannot be written."))?;
                let mut jwk = jwk;
                jwk.insert("kid".to_owned(), json!(jwk::thumbprint(&jwk)));
                jwk.insert("use".to_owned(), json!("enc"));
                self.made_for_decryption.push(jwk);
            }
        }
        Ok(self.made_for_decryption.iter().cloned().chain(hardware).collect())
    }

    /// The public keys of the service (RFC 7517, section 5).
    pub(crate) fn published(&mut self, service: &Settings) -> Result<Value, ApiError> {
        let public: Vec<Jwk> = self.all(service)?.iter().filter_map(jwk::public).collect();
        Ok(json!({"keys": public}))
    }

    /// The keys of the service with their private halves, but for those in a hardware security module, which keeps them.
    pub(crate) fn with_private_halves(&mut self, service: &Settings) -> Result<Value, ApiError> {
        let hardware: Vec<Jwk> = self.usable(service).map(|key| key.jwk.clone()).collect();
        let keys = self.all(service)?.into_iter();
        let keys: Vec<Jwk> =
            keys.filter_map(|key| if hardware.contains(&key) { jwk::public(&key) } else { Some(key) }).collect();
        Ok(json!({"keys": keys}))
    }

    /// The keys of the service, private halves included.
    fn all(&mut self, service: &Settings) -> Result<Vec<Jwk>, ApiError> {
        if let Some(set) = service.string("jwks") {
            let hardware = self.usable(service).map(|key| key.jwk.clone());
            return Ok(jwk::set(set).into_iter().chain(hardware).collect());
        }
        for algorithm in MADE {
            self.made(*algorithm)?;
        }
        let decrypting = self.for_decryption(service)?;
        let signing = self.made.values().filter_map(SigningKey::to_jwk);
        let hardware = self.usable(service).filter(|key| jwk::string(&key.jwk, "use") == Some("sig"));
        Ok(signing.chain(hardware.map(|key| key.jwk.clone())).chain(decrypting).collect())
    }

    /// The keys that stand for such in a hardware security module.
    pub(crate) fn hardware(&self) -> &[HardwareKey] {
        &self.hardware
    }

    pub(crate) fn add_hardware(&mut self, key: HardwareKey) {
        self.hardware.push(key);
    }

    /// Removes the key with this handle.
    pub(crate) fn remove_hardware(&mut self, handle: &str) -> Option<HardwareKey> {
        let at = self.hardware.iter().position(|key| key.handle == handle)?;
        Some(self.hardware.remove(at))
    }

    /// Those of them that the service uses.
    fn usable(&self, service: &Settings) -> impl Iterator<Item = &HardwareKey> {
        self.hardware.iter().filter(|_| service.flag("hsmEnabled"))
    }

    /// The keys that the service has been given, where it signs by one of those: the keys of its `jwks`, and those in the
    /// module. Without a `jwks` it does so only if the setting names a key in the module.
    fn given(&self, service: &Settings, kid_setting: &str) -> Option<Vec<Jwk>> {
        let hardware: Vec<Jwk> = self.usable(service).map(|key| key.jwk.clone()).collect();
        let Some(set) = service.string("jwks") else {
            let wanted = service.string(kid_setting)?;
            return hardware.iter().any(|key| jwk::string(key, "kid") == Some(wanted)).then_some(hardware);
        };
        Some(jwk::set(set).into_iter().chain(hardware).collect())
    }

    fn made(&mut self, algorithm: Algorithm) -> Result<&SigningKey, ApiError> {
        let kind = match algorithm.family() {
            Family::Rsa => Algorithm::RS256,
            _ => algorithm,
        };
        let name = kind.name();
        let key = match self.made.remove(name) {
            Some(key) => key,
            None => SigningKey::generate(kind)?,
        };
        Ok(self.made.entry(name.to_owned()).or_insert(key))
    }
}
