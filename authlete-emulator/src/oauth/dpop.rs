//! Demonstrating Proof of Possession (RFC 9449).

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;

use super::{CheckError, OperationError, endpoint};
use crate::error::ApiError;
use crate::jose::{self, Algorithm, Jwt, jwk};
use crate::random;
use crate::reply::Code;
use crate::request::Request;
use crate::state::Tenant;

/// How far from the present a proof may have been made, in seconds, apart from the service's `allowableClockSkew`.
const WINDOW_SECONDS: u64 = 300;

/// How long a nonce lasts, in seconds, unless the service says otherwise.
const NONCE_SECONDS: u64 = 600;

/// The algorithms of proofs, for challenges.
pub(crate) const ALGORITHMS: &str = "ES256 ES384 ES512 ES256K EdDSA PS256 PS384 PS512 RS256 RS384 RS512";

const NO_HTU: Code = "A000204";

/// Why a proof is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// `invalid_dpop_proof` or `use_dpop_nonce`.
    pub(crate) error: &'static str,
    pub(crate) message: &'static str,
}

const fn invalid(message: &'static str) -> Rejection {
    Rejection { error: "invalid_dpop_proof", message }
}

/// The thumbprint of the key of the proof that the call hands on as `dpop`; none if it has none. A proof for a resource
/// comes with an access token.
pub(crate) fn check(
    tenant: &mut Tenant,
    request: &Request,
    access_token: Option<&str>,
) -> Result<Option<String>, CheckError<Rejection>> {
    let Some(text) = request.body.non_empty("dpop")? else { return Ok(None) };
    let method = request.body.non_empty("htm")?;
    let method = method.unwrap_or_else(|| "POST".to_owned());
    let uri = match request.body.non_empty("htu")? {
        Some(uri) => uri,
        None => endpoint::setting(request)
            .and_then(|setting| tenant.settings.string(setting))
            .map(str::to_owned)
            .ok_or_else(|| {
                OperationError::server(NO_HTU, "The call has no htu, and the service has no address for this endpoint.")
            })?,
    };
    let (jwt, thumbprint) = read(&text)?;
    let nonces = nonces(tenant, request)?;
    let expected = Expected { method, uri, access_token, nonces, now: request.now };
    check_claims(tenant, &jwt, &thumbprint, &expected).map_err(CheckError::Rejected)?;
    Ok(Some(thumbprint))
}

/// The proof and its key's thumbprint, if the signature is right (section 4.3, points 2 to 7).
fn read(text: &str) -> Result<(Jwt<'_>, String), CheckError<Rejection>> {
    let invalid = |message| CheckError::Rejected(invalid(message));
    let Ok(jwt) = Jwt::read(text) else { return Err(invalid("The DPoP proof is not a JWT.")) };
    if jwt.header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") || jwt.is_critical() {
        return Err(invalid("The header is not that of a DPoP proof."));
    }
    let algorithm = Algorithm::parse(jwt.alg()).filter(|algorithm| !algorithm.is_symmetric());
    let Some(algorithm) = algorithm else { return Err(invalid("The DPoP proof has no asymmetric algorithm.")) };
    let jwk = jwt.header.get("jwk").and_then(Value::as_object);
    let Some(jwk) = jwk.filter(|jwk| !jwk::is_private(jwk)) else {
        return Err(invalid("The DPoP proof has no public key in its header."));
    };
    match jwk::thumbprint(jwk) {
        Some(thumbprint) if jwt.is_signed_by(algorithm, jwk) => Ok((jwt, thumbprint)),
        Some(_) => Err(invalid("The signature of the DPoP proof is not that of the key in its header.")),
        None => Err(invalid("The DPoP proof has a key of an unknown kind.")),
    }
}

/// What a proof has to say.
struct Expected<'a> {
    method: String,
    uri: String,
    access_token: Option<&'a str>,
    /// One of these, where nonces are required.
    nonces: Option<[String; 2]>,
    now: u64,
}

fn check_claims(
    tenant: &mut Tenant,
    jwt: &Jwt<'_>,
    thumbprint: &str,
    expected: &Expected<'_>,
) -> Result<(), Rejection> {
    if jwt.string("htm") != Some(&expected.method) {
        return Err(invalid("htm of the DPoP proof is not the method of the request."));
    }
    let same = |htu| plain(htu).is_some_and(|htu| Some(htu) == plain(&expected.uri));
    if !jwt.string("htu").is_some_and(same) {
        return Err(invalid("htu of the DPoP proof is not the address of the request."));
    }
    let now = expected.now / 1000;
    let window = WINDOW_SECONDS + tenant.settings.number("allowableClockSkew");
    let Some(made) = jwt.seconds("iat").filter(|made| made.abs_diff(now) <= window) else {
        return Err(invalid("The DPoP proof was not made just now."));
    };
    if !jwt.is_current(now, window) {
        return Err(invalid("The DPoP proof has expired, or is not valid yet."));
    }
    if let Some(token) = expected.access_token
        && !jwt.string("ath").is_some_and(|hash| random::same(hash, &jose::sha256(token)))
    {
        return Err(invalid("ath of the DPoP proof is not the hash of the access token."));
    }
    if let Some(nonces) = &expected.nonces
        && !jwt.string("nonce").is_some_and(|nonce| nonces.iter().any(|one| one == nonce))
    {
        return Err(Rejection { error: "use_dpop_nonce", message: "The DPoP proof needs the present nonce." });
    }
    let Some(id) = jwt.string("jti") else { return Err(invalid("The DPoP proof has no jti.")) };
    if !tenant.is_first_proof(thumbprint, id, (made + window + 1) * 1000) {
        return Err(invalid("The DPoP proof has been used."));
    }
    Ok(())
}

/// An address without query and fragment, in the form that comparison needs (section 4.3).
fn plain(uri: &str) -> Option<String> {
    let mut uri = Url::parse(uri).ok()?;
    uri.set_query(None);
    uri.set_fragment(None);
    Some(unreserved_decoded(uri.as_str()))
}

/// A URI in which only what has to be is percent-encoded, with capital hexadecimal digits (RFC 3986, sections 6.2.2.1 and
/// 6.2.2.2). The parser has seen to case and dot segments.
fn unreserved_decoded(uri: &str) -> String {
    let mut parts = uri.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, part.get(2..)) {
            (Some(byte), Some(rest)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(char::from(byte));
                decoded.push_str(rest);
            }
            (Some(byte), Some(rest)) => {
                decoded.push_str(&format!("%{byte:02X}"));
                decoded.push_str(rest);
            }
            _ => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

/// The nonce to hand out, where the service or the call requires one.
pub(crate) fn nonce(tenant: &mut Tenant, request: &Request) -> Result<Option<String>, ApiError> {
    Ok(nonces(tenant, request)?.map(|[present, _]| present))
}

/// The nonces that are good where one is required: the present one, and the one before.
fn nonces(tenant: &mut Tenant, request: &Request) -> Result<Option<[String; 2]>, ApiError> {
    if !tenant.settings.flag("dpopNonceRequired") && !request.body.flag("dpopNonceRequired")? {
        return Ok(None);
    }
    let secret = match tenant.nonce_secret.take() {
        Some(secret) => secret,
        None => random::token::<32>()?,
    };
    let period = request.now / 1000 / tenant.duration("dpopNonceDuration", NONCE_SECONDS);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let nonce = |period: u64| URL_SAFE_NO_PAD.encode(hmac::sign(&key, &period.to_be_bytes()));
    tenant.nonce_secret = Some(secret);
    Ok(Some([nonce(period), nonce(period.saturating_sub(1))]))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn addresses_compare_in_their_normal_form() {
        let expected = plain("https://as.example.com/a-b/t%2Fc?q#f");
        for same in [
            "HTTPS://AS.example.COM:443/a-b/t%2fc",
            "https://as.example.com/%61%2Db/t%2Fc",
            "https://as.example.com/x/../a-b/./t%2fc?other",
        ] {
            assert_eq!(plain(same), expected, "{same}");
        }
        for other in
            ["https://as.example.com/a-b/t/c", "https://as.example.com/A-b/t%2Fc", "http://as.example.com/a-b/t%2Fc"]
        {
            assert_ne!(plain(other), expected, "{other}");
        }
    }
}
