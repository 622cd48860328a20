//! Values that are good for a stretch of time and are not stored: each is a keyed hash of the stretch.

use aws_lc_rs::hmac;

use crate::error::ApiError;
use crate::jose;
use crate::random;
use crate::state::Tenant;

/// The value of the present window of so many seconds, and of the one before. One purpose's mean nothing to another.
pub(crate) fn values(tenant: &mut Tenant, purpose: &str, seconds: u64, now: u64) -> Result<[String; 2], ApiError> {
    let secret = match tenant.nonce_secret.take() {
        Some(secret) => secret,
        None => random::token::<32>()?,
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let value = |window: u64| jose::encode(hmac::sign(&key, format!("{purpose} {window}").as_bytes()));
    tenant.nonce_secret = Some(secret);
    let window = now / 1000 / seconds.max(1);
    Ok([value(window), value(window.saturating_sub(1))])
}
