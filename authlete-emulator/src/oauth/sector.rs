//! Sector identifiers (OpenID Connect Core 1.0, section 8.1): what clients share that see the same pairwise subject.

use std::collections::BTreeSet;

use url::Url;

use crate::state::Settings;

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
