//! `hsk_*_api`: keys in a hardware security module. The emulator has no such module: its keys are software, and say so by
//! the name of the module, which is always `software`, whatever the call names.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::jose::jwe::Management;
use crate::jose::{Algorithm, Family, PrivateKey};
use crate::oauth::keys::HardwareKey;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const CREATED: Code = "A280001";
const FOUND: Code = "A281001";
const LISTED: Code = "A282001";
const DELETED: Code = "A283001";
const OFF: Code = "A280201";
const INVALID: Code = "A280202";
const UNKNOWN: Code = "A280203";

/// The emulator keeps this many keys for a service.
const CAPACITY: usize = 100;

/// `hsk_create_api`.
pub(crate) fn create(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    if let Some(refusal) = refused(tenant) {
        return Ok(refusal);
    }
    let text = |name: &str| request.body.non_empty(name);
    let (kty, usage, alg) = (text("kty")?, text("use")?.unwrap_or_default(), text("alg")?.unwrap_or_default());
    let kty = kty.unwrap_or_default().to_uppercase();
    let Some(algorithm) = key_algorithm(&kty, &usage, &alg) else {
        let message = "kty has to be EC or RSA, use sig or enc, and alg an algorithm for such a key.";
        return Ok(reply::action("INVALID_REQUEST", INVALID, message, json!({})));
    };
    if tenant.keys.hardware().len() >= CAPACITY {
        let message = format!("A service keeps {CAPACITY} keys; delete one first.");
        return Ok(reply::action("INVALID_REQUEST", INVALID, &message, json!({})));
    }
    let key = PrivateKey::generate(algorithm).map_err(ApiError::internal)?;
    let kid = match text("kid")? {
        Some(kid) => kid,
        None => random::token::<32>()?,
    };
    let (jwk, der) = (key.to_jwk(algorithm), key.public_der());
    let (Some(mut jwk), Some(public)) = (jwk, der) else { return Err(ApiError::internal("A key cannot be written.")) };
    for (name, value) in [("kid", &kid), ("use", &usage), ("alg", &alg)] {
        jwk.insert(name.to_owned(), json!(value));
    }
    let key = HardwareKey { handle: random::token::<32>()?, jwk, public };
    let member = key.to_api();
    tenant.keys.add_hardware(key);
    note(tenant);
    Ok(reply::action("SUCCESS", CREATED, "The key is made, in software.", json!({"hsk": member})))
}

/// `hsk_get_api`.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let found = tenant.keys.hardware().iter().find(|key| key.handle == request.path("handle"));
    let found = found.map(HardwareKey::to_api);
    Ok(refused(tenant).unwrap_or_else(|| match found {
        Some(key) => reply::action("SUCCESS", FOUND, "This is the key.", json!({"hsk": key})),
        None => unknown(),
    }))
}

/// `hsk_get_list_api`.
pub(crate) fn list(tenant: &mut Tenant, _: &Request) -> Result<Reply, ApiError> {
    let keys = members(tenant);
    let listed = || reply::action("SUCCESS", LISTED, "These are the keys.", json!({"hsks": keys}));
    Ok(refused(tenant).unwrap_or_else(listed))
}

/// `hsk_delete_api`.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    if let Some(refusal) = refused(tenant) {
        return Ok(refusal);
    }
    let Some(removed) = tenant.keys.remove_hardware(request.path("handle")) else { return Ok(unknown()) };
    note(tenant);
    Ok(reply::action("SUCCESS", DELETED, "The key is deleted.", json!({"hsk": removed.to_api()})))
}

fn refused(tenant: &Tenant) -> Option<Reply> {
    let message = "The service has no hardware keys: hsmEnabled is off.";
    (!tenant.settings.flag("hsmEnabled")).then(|| reply::action("INVALID_REQUEST", OFF, message, json!({})))
}

fn unknown() -> Reply {
    reply::action("NOT_FOUND", UNKNOWN, "There is no key with this handle.", json!({}))
}

fn members(tenant: &Tenant) -> Vec<Value> {
    tenant.keys.hardware().iter().map(HardwareKey::to_api).collect()
}

/// The service shows its keys.
fn note(tenant: &mut Tenant) {
    let keys = members(tenant);
    tenant.settings.set("hsks", json!(keys));
}

/// The signature algorithm that a key of this kind is made for; one that decrypts is made as one that signs would be.
fn key_algorithm(kty: &str, usage: &str, alg: &str) -> Option<Algorithm> {
    let family = match kty {
        "EC" => Family::Ec,
        "RSA" => Family::Rsa,
        _ => return None,
    };
    match usage {
        "sig" => Algorithm::parse(alg).filter(|algorithm| algorithm.family() == family),
        "enc" => match (Management::parse(alg)?, family) {
            (Management::RsaOaep | Management::RsaOaep256, Family::Rsa) => Some(Algorithm::RS256),
            (Management::EcdhEs(_), Family::Ec) => Some(Algorithm::ES256),
            _ => None,
        },
        _ => None,
    }
}
