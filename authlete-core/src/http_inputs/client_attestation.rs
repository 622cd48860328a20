//! An attestation of a client.

use std::fmt;

use http::{HeaderMap, HeaderValue};

use super::Malformed;

/// What a client authenticates with that is attested by its vendor (OAuth 2.0 Attestation-Based Client Authentication).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientAttestation {
    /// For `oauthClientAttestation`.
    pub attestation: Option<String>,
    /// For `oauthClientAttestationPop`.
    pub proof: Option<String>,
}

impl fmt::Debug for ClientAttestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAttestation")
            .field("attestation", &self.attestation.is_some())
            .field("proof", &self.proof.is_some())
            .finish()
    }
}

/// The attestation in `OAuth-Client-Attestation`, and the proof of possession in `OAuth-Client-Attestation-PoP`. Whether both
/// are there, and right, Authlete says.
///
/// # Errors
/// When there is more than one of either, or something else than one: an empty header is not an attestation.
pub fn client_attestation(headers: &HeaderMap) -> Result<ClientAttestation, Malformed> {
    Ok(ClientAttestation {
        attestation: single(headers, "oauth-client-attestation")?,
        proof: single(headers, "oauth-client-attestation-pop")?,
    })
}

fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, Malformed> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) if !value.trim().is_empty() => Ok(Some(value.to_owned())),
        _ => Err(Malformed::of_attestation("there is not one value in a header of the client attestation")),
    }
}
