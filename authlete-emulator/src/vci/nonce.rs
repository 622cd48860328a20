//! The values of `c_nonce`, which key proofs show to be fresh.

use super::{Issuer, Version, choices, issuable};
use crate::error::ApiError;
use crate::oauth::window;
use crate::random;
use crate::state::{Authorized, CNonce, Tenant};

/// How long a nonce is good, in seconds.
pub(crate) fn seconds(tenant: &Tenant) -> u64 {
    tenant.duration("cnonceDuration", choices::NONCE_SECONDS)
}

/// The nonce of the present time window, which is the same for everybody (OpenID4VCI 1.0).
pub(crate) fn present(tenant: &mut Tenant, now: u64) -> Result<String, ApiError> {
    let [present, _] = windows(tenant, now)?;
    Ok(present)
}

fn windows(tenant: &mut Tenant, now: u64) -> Result<[String; 2], ApiError> {
    let seconds = seconds(tenant);
    window::values(tenant, "c_nonce", seconds, now)
}

/// A new nonce for a token (the draft).
pub(crate) fn for_token(tenant: &Tenant, now: u64) -> Result<CNonce, ApiError> {
    Ok(CNonce { value: random::token::<32>()?, expires_at: now + 1000 * seconds(tenant) })
}

/// The nonce that a new token comes with: under the draft, where it is for credentials.
pub(crate) fn of_new_token(tenant: &Tenant, authorized: &Authorized, now: u64) -> Result<Option<CNonce>, ApiError> {
    let service = &tenant.settings;
    let issuable = Version::of(service) == Version::Draft && !issuable::of(service, authorized).is_empty();
    if issuable { for_token(tenant, now).map(Some) } else { Ok(None) }
}

/// The nonces that a proof may have; none where proofs need no nonce.
pub(crate) fn accepted(tenant: &mut Tenant, own: Option<&CNonce>, now: u64) -> Result<Option<Vec<String>>, ApiError> {
    let issuer = Issuer::of(&tenant.settings);
    match issuer.version {
        Version::Final if issuer.string("nonceEndpoint").is_none() => Ok(None),
        Version::Final => Ok(Some(windows(tenant, now)?.into())),
        Version::Draft => {
            let own = own.filter(|nonce| now < nonce.expires_at);
            Ok(Some(own.map(|nonce| nonce.value.clone()).into_iter().collect()))
        }
    }
}
