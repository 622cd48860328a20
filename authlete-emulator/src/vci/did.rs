//! Keys behind decentralized identifiers (DIDs), as far as the identifier itself says which they are.

use crate::jose::{self, Jwk};

/// The key that a DID URL of the method `jwk` names. Other methods would have to be looked up elsewhere.
pub(crate) fn key(url: &str) -> Option<Jwk> {
    let encoded = url.strip_prefix("did:jwk:")?;
    let encoded = encoded.split('#').next().unwrap_or_default();
    serde_json::from_slice(&jose::decode(encoded)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::key;
    use crate::jose;

    #[test]
    fn the_key_is_in_the_identifier() {
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
        let did = format!("did:jwk:{}", jose::encode(jwk.to_string()));
        assert_eq!(key(&did).as_ref(), jwk.as_object());
        assert_eq!(key(&format!("{did}#0")).as_ref(), jwk.as_object());
        assert_eq!(key("did:web:example.org#0"), None);
    }
}
