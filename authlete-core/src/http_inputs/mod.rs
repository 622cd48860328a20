//! What a server takes out of a client's request for Authlete: credentials, access tokens, proofs, certificates.
//!
//! Nothing found is `None` or an empty list; what is there but cannot be read is [`Malformed`], which becomes the
//! [`Reply`] of the protocol that it belongs to.

mod access_token;
mod certificates;
mod challenge;
mod client_attestation;
mod client_credentials;
mod client_request;
mod dpop_proof;

use std::fmt;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::actions::reply::{Details, Reply};

pub use access_token::{AccessToken, TokenScheme, access_token, access_token_or_form};
pub use certificates::{
    apache_certificates, azure_certificates, client_certificates, envoy_certificates, haproxy_certificates,
    nginx_certificates, pem_certificates, traefik_certificates,
};
#[doc(hidden)]
pub use challenge::{add_parameter, description_text};
pub use client_attestation::{ClientAttestation, client_attestation};
pub use client_credentials::{ClientCredentials, client_credentials};
pub use client_request::ClientRequest;
pub use dpop_proof::dpop_proof;

/// Something in a request that is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    what: &'static str,
    part: Part,
}

/// What cannot be read, by which the protocol of the reply is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Client authentication, or a certificate: of the token endpoint and its like.
    Client,
    /// Basic credentials that cannot be decoded: client authentication that fails.
    Basic,
    /// An access token: of a protected resource.
    Token(Option<TokenScheme>),
    /// A DPoP proof.
    Proof,
    /// A client attestation, or the proof of possession for it.
    Attestation,
}

impl Malformed {
    const fn of_client(what: &'static str) -> Self {
        Self { what, part: Part::Client }
    }

    const fn of_basic(what: &'static str) -> Self {
        Self { what, part: Part::Basic }
    }

    const fn of_token(scheme: Option<TokenScheme>, what: &'static str) -> Self {
        Self { what, part: Part::Token(scheme) }
    }

    const fn of_proof(what: &'static str) -> Self {
        Self { what, part: Part::Proof }
    }

    const fn of_attestation(what: &'static str) -> Self {
        Self { what, part: Part::Attestation }
    }

    fn for_token(self, scheme: TokenScheme) -> Self {
        Self::of_token(Some(scheme), self.what)
    }

    /// What is wrong.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The reply of a protected resource, such as the userinfo endpoint, to a request that was made with this scheme: a
    /// challenge (RFC 6750 3, RFC 9449 7.1), with status 400, or with 401 where the proof is wrong.
    pub fn challenge(self, scheme: TokenScheme) -> Reply {
        let (status, scheme, error) = match (self.part, scheme) {
            (Part::Proof, _) => (StatusCode::UNAUTHORIZED, "DPoP", "invalid_dpop_proof"),
            (_, TokenScheme::DPoP) => (StatusCode::BAD_REQUEST, "DPoP", "invalid_request"),
            (_, TokenScheme::Bearer) => (StatusCode::BAD_REQUEST, "Bearer", "invalid_request"),
        };
        let mut challenge = scheme.to_owned();
        add_parameter(&mut challenge, "error", error);
        add_parameter(&mut challenge, "error_description", self.what);
        if scheme == "DPoP" {
            add_parameter(&mut challenge, "algs", DPOP_ALGS);
        }
        let details = Details { reason: Some(self.what), ..Details::default() };
        let mut reply = Reply::empty(status, details);
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        reply
    }
}

/// The algorithms of DPoP proofs that Authlete accepts, for `algs` of a challenge (RFC 9449 7.1).
pub const DPOP_ALGS: &str = "ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512 EdDSA";

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request is malformed: {}", self.what)
    }
}

impl std::error::Error for Malformed {}

/// An access token that cannot be read becomes the challenge of a protected resource ([`Malformed::challenge`]); everything
/// else the error response of the token endpoint (RFC 6749 5.2, RFC 9449 5), which is a 401 with `invalid_client` for Basic
/// credentials that cannot be decoded.
impl From<Malformed> for Reply {
    fn from(malformed: Malformed) -> Self {
        let details = Details { reason: Some(malformed.what), ..Details::default() };
        match malformed.part {
            Part::Client => Self::bad_request(r#"{"error":"invalid_request"}"#, details),
            Part::Basic => {
                let mut reply = Self::json(StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#, details);
                reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"clients\""));
                reply
            }
            Part::Proof => Self::bad_request(r#"{"error":"invalid_dpop_proof"}"#, details),
            Part::Attestation => Self::bad_request(r#"{"error":"invalid_client_attestation"}"#, details),
            Part::Token(scheme) => malformed.challenge(scheme.unwrap_or(TokenScheme::Bearer)),
        }
    }
}

/// What follows a scheme in `Authorization`.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<Option<&'a str>, Malformed> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Malformed::of_client("there is more than one Authorization header"));
    }
    let text = value.to_str().map_err(|_| Malformed::of_client("the Authorization header is not ASCII"))?;
    let (found, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Ok(found.eq_ignore_ascii_case(scheme).then(|| rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_to_the_log() {
        let wrong = Malformed::of_token(None, "the header is there twice");
        assert_eq!(wrong.what(), "the header is there twice");
        for reply in [wrong.challenge(TokenScheme::DPoP), Reply::from(wrong)] {
            assert_eq!(reply.details().reason, Some("the header is there twice"));
        }
        assert_eq!(Reply::from(Malformed::of_proof("no proof")).details().reason, Some("no proof"));
    }
}
