//! Sector identifiers (OpenID Connect Core 1.0, section 8.1): what clients share that see the same pairwise subject.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use super::OperationError;
use crate::random;
use crate::reply::Code;
use crate::state::{Client, Settings, Tenant};

const NO_SECTOR: Code = "A000206";

/// The host of the client's `sectorIdentifierUri` or, without one, the host that all its redirect URIs have. None where
/// redirect URIs have several hosts, or there are none.
pub(crate) fn derived(client: &Settings) -> Option<String> {
    let host = |uri: &str| Some(Url::parse(uri).ok()?.host_str()?.to_owned());
    if let Some(uri) = client.string("sectorIdentifierUri") {
        return host(uri);
    }
    let hosts: BTreeSet<Option<String>> = client.strings("redirectUris").map(host).collect();
    match hosts.len() {
        1 => hosts.into_iter().next().flatten(),
        _ => None,
    }
}

/// The value of `sub` for a user at a client: the subject itself, or one that only the clients of a sector share where the
/// client has pairwise subjects (section 8.1).
pub(crate) fn subject(tenant: &mut Tenant, client: &Client, subject: &str) -> Result<String, OperationError> {
    if client.settings.string("subjectType") != Some("PAIRWISE") {
        return Ok(subject.to_owned());
    }
    let Some(sector) = derived(&client.settings) else {
        return Err(OperationError::server(
            NO_SECTOR,
            "The client has pairwise subjects, but neither a sectorIdentifierUri nor redirect URIs on one host.",
        ));
    };
    let salt = match tenant.pairwise_salt.take() {
        Some(salt) => salt,
        None => random::token::<32>()?,
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    tenant.pairwise_salt = Some(salt);
    // The sector is a host, which has no line break.
    let pairwise = URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("{sector}\n{subject}").as_bytes()));
    tenant.pairwise.insert(pairwise.clone(), u64::MAX, subject.to_owned());
    Ok(pairwise)
}
