//! Verifying signatures with the keys of JWKs.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::jwk::{self, Jwk};
use super::{Algorithm, Family};

/// Whether the signature over the message is by the key. An asymmetric key never verifies a symmetric algorithm.
pub(crate) fn verify(algorithm: Algorithm, jwk: &Jwk, message: &[u8], signature: &[u8]) -> bool {
    jwk::fits(jwk, algorithm) && check(algorithm, jwk, message, signature).is_some()
}

/// Whether the message authentication code is by the secret.
pub(crate) fn verify_secret(algorithm: Algorithm, secret: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = algorithm.hmac().map(|hash| hmac::Key::new(hash, secret));
    key.is_some_and(|key| hmac::verify(&key, message, signature).is_ok())
}

fn check(algorithm: Algorithm, jwk: &Jwk, message: &[u8], signature: &[u8]) -> Option<()> {
    match algorithm.family() {
        Family::Hmac => verify_secret(algorithm, &jwk::bytes(jwk, "k")?, message, signature).then_some(()),
        Family::Rsa => {
            let (n, e) = (jwk::number(jwk, "n")?, jwk::number(jwk, "e")?);
            RsaPublicKeyComponents { n, e }.verify(rsa(algorithm)?, message, signature).ok()
        }
        Family::Ec => UnparsedPublicKey::new(ecdsa(algorithm)?, jwk::point(jwk)?).verify(message, signature).ok(),
        Family::Ed => UnparsedPublicKey::new(&ED25519, jwk::bytes(jwk, "x")?).verify(message, signature).ok(),
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&ECDSA_P384_SHA384_FIXED),
        Algorithm::ES512 => Some(&ECDSA_P521_SHA512_FIXED),
        Algorithm::ES256K => Some(&ECDSA_P256K1_SHA256_FIXED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::verify;
    use crate::jose::{Algorithm, Jwk, decode};

    fn jwk(value: &serde_json::Value) -> Jwk {
        value.as_object().cloned().expect("an object")
    }

    /// RFC 7515, appendix A.4: ES512 over the payload `Payload`.
    #[test]
    fn the_p_521_signature_of_rfc_7515() {
        let key = jwk(&json!({
            "kty": "EC", "crv": "P-521",
            "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        }));
        let signature = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
        let signature = decode(signature).expect("base64url");
        assert!(verify(Algorithm::ES512, &key, b"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA", &signature));
        assert!(!verify(Algorithm::ES512, &key, b"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZB", &signature));
    }

    /// RFC 8037, appendix A.4.
    #[test]
    fn the_ed25519_signature_of_rfc_8037() {
        let key = jwk(&json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert!(verify(Algorithm::EdDSA, &key, message, &decode(signature).expect("base64url")));
    }

    #[test]
    fn a_public_key_is_no_shared_secret() {
        let key = jwk(&json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "k": "AA"}));
        assert!(!verify(Algorithm::HS256, &key, b"", b""));
    }
}
