//! Proofs of possession for access tokens that are bound to a key (RFC 9449).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ProviderError;
use crate::error::Error;

/// The header with the proof.
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");

const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A private key that access tokens for the API are bound to: an elliptic curve key on P-256, used with ES256.
///
/// It is never printed, and zeroed when the last clone goes.
#[derive(Clone)]
pub struct DpopKey(Arc<Key>);

struct Key {
    signing: SigningKey,
    /// The public part, as it stands in the header of every proof.
    jwk: serde_json::Value,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    d: Option<String>,
    alg: Option<String>,
}

impl DpopKey {
    /// Reads a private key from a JWK (RFC 7517) in JSON.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is no JWK, has no private part, or is of another kind than P-256 with ES256.
    pub fn from_jwk(json: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::configuration(format!("the DPoP key {why}"));
        // serde_json's own text could quote the key.
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| refuse("is no JWK of an elliptic curve"))?;
        let d = jwk.d.map(Zeroizing::new);
        if (jwk.kty.as_str(), jwk.crv.as_str()) != ("EC", "P-256") || jwk.alg.is_some_and(|alg| alg != "ES256") {
            return Err(refuse("is of another kind than EC, P-256, ES256, the only one supported"));
        }
        let d = d.ok_or_else(|| refuse("has no private part `d`"))?;
        let d = URL_SAFE_NO_PAD.decode(d.as_bytes()).map(Zeroizing::new);
        let d = d.map_err(|_| refuse("has a private part that is not base64url"))?;
        let signing = SigningKey::from_slice(&d)
            .map_err(|_| refuse("has a private part `d` that is not a private key of P-256"))?;
        let point = signing.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y())});
        Ok(Self(Arc::new(Key { signing, jwk })))
    }
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopKey([redacted])")
    }
}

/// Makes the proofs for one access token.
pub(crate) struct Proofs {
    key: DpopKey,
    /// The hash of the token, which every proof names.
    ath: String,
    /// The nonce that the server gave last.
    nonce: Mutex<Option<String>>,
}

impl Proofs {
    pub(crate) fn new(key: &DpopKey, token: &str) -> Self {
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        Self { key: key.clone(), ath, nonce: Mutex::new(None) }
    }

    /// The proof for one request; another one every time.
    pub(crate) fn prove(&self, method: &str, uri: &Uri) -> Result<HeaderValue, ProviderError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| "no random numbers are to be had")?;
        // Without query and fragment (RFC 9449 4.2).
        let target = uri.to_string();
        let target = target.split(['?', '#']).next().unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let mut claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(id),
            "htm": method,
            "htu": target,
            "iat": now,
            "ath": self.ath,
        });
        if let Some(nonce) = &*self.nonce.lock().unwrap_or_else(PoisonError::into_inner) {
            claims["nonce"] = nonce.as_str().into();
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.0.jwk});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature: Signature = self.key.0.signing.try_sign(signed.as_bytes())?;
        Ok(HeaderValue::try_from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))?)
    }

    /// Remembers the nonce of a response; says whether it is another one than before.
    pub(crate) fn learn(&self, headers: &HeaderMap) -> bool {
        let Some(given) = headers.get(NONCE).and_then(|value| value.to_str().ok()) else { return false };
        let mut nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner);
        if nonce.as_deref() == Some(given) {
            return false;
        }
        *nonce = Some(given.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::KEY;
    use p256::ecdsa::signature::Verifier;

    fn decoded(part: &str) -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_proof_holds_what_rfc_9449_wants() {
        let key = DpopKey::from_jwk(KEY).unwrap();
        let proofs = Proofs::new(&key, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
        let url: Uri = "https://us.authlete.com/api/1/x?a=b#c".parse().unwrap();
        let prove = || proofs.prove("POST", &url).unwrap().to_str().unwrap().to_owned();
        let proof = prove();
        let parts: Vec<_> = proof.split('.').collect();
        let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert_eq!(header["jwk"]["x"], "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(header["jwk"]["y"], "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        assert!(header["jwk"].get("d").is_none());
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://us.authlete.com/api/1/x")));
        // Token and hash are those of RFC 9449, section 7.1.
        assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert!(claims.get("nonce").is_none());
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        key.0.signing.verifying_key().verify(signed.as_bytes(), &signature).unwrap();

        let mut headers = HeaderMap::new();
        assert!(!proofs.learn(&headers));
        headers.insert(NONCE, HeaderValue::from_static("n-1"));
        assert!(proofs.learn(&headers));
        assert!(!proofs.learn(&headers));
        let second = decoded(prove().split('.').nth(1).unwrap());
        assert_eq!(second["nonce"], "n-1");
        assert_ne!(second["jti"], claims["jti"]);
    }

    #[test]
    fn keys_of_other_kinds_are_refused_and_none_is_printed() {
        for key in [
            "",
            "{}",
            r#"{"kty":"EC","crv":"P-256","x":"s3cret"}"#,
            r#"{"kty":"EC","crv":"P-384","d":"s3cret"}"#,
            r#"{"kty":"EC","crv":"P-256","d":"s3cret","alg":"ES384"}"#,
            r#"{"kty":"EC","crv":"P-256","d":"s3cret"}"#,
        ] {
            let error = DpopKey::from_jwk(key).unwrap_err();
            assert!(!format!("{error:?}").contains("s3c"), "{error}");
        }
        assert_eq!(format!("{:?}", DpopKey::from_jwk(KEY).unwrap()), "DpopKey([redacted])");
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        let with = |members: &str| DpopKey::from_jwk(&KEY.replacen('{', &format!("{{{members},"), 1));
        assert!(with(r#""alg":"ES256""#).is_ok());
        assert!(with(r#""alg":"RS256""#).is_err());
        for (known, other) in [("\"EC\"", "\"OKP\""), ("P-256", "P-384")] {
            let error = DpopKey::from_jwk(&KEY.replace(known, other)).unwrap_err().to_string();
            assert!(error.contains("another kind"), "{error}");
        }
    }
}
