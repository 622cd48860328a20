//! What a request presents: the access token, and proof that it is the client's own.

use authlete_api::http_inputs::{TokenScheme, access_token, dpop_proof};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Method, Uri};
use sha2::{Digest, Sha256};

use crate::challenge::Refused;
use crate::layer::Route;

/// What a request presents.
pub(crate) struct Presented {
    pub(crate) token: String,
    pub(crate) scheme: TokenScheme,
    pub(crate) proof: Option<Proof>,
    /// The client's certificate, in PEM.
    pub(crate) certificate: Option<String>,
}

/// A DPoP proof, and what it has to be for.
pub(crate) struct Proof {
    pub(crate) value: String,
    pub(crate) method: String,
    pub(crate) url: String,
}

impl Route {
    /// Reads the request.
    ///
    /// # Errors
    /// The response to a request that has no token, or not as it has to be.
    pub(crate) fn presented(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Presented, Refused> {
        let challenger = &self.challenger;
        let query = uri.query().unwrap_or_default();
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
            // URLs end up in logs (RFC 9700 section 4.3.2).
            return Err(challenger.malformed(None, "an access token must not be in the URL"));
        }
        let given = access_token(headers).map_err(|error| challenger.malformed(None, error.what()))?;
        let given = given.ok_or_else(|| challenger.missing())?;
        let accepted = match given.scheme {
            TokenScheme::DPoP => challenger.dpop,
            _ => challenger.bearer,
        };
        if !accepted {
            return Err(challenger.missing());
        }
        let settings = &self.server.inner().settings;
        let proof = match (given.scheme, settings.base_url()) {
            (TokenScheme::DPoP, Some(base)) => Some(Proof {
                value: dpop_proof(headers)
                    .ok()
                    .flatten()
                    .ok_or_else(|| challenger.invalid_proof("a token that is bound to a key needs one DPoP header"))?,
                method: method.as_str().to_owned(),
                url: format!("{base}{}", uri.path()),
            }),
            _ => None,
        };
        let certificate = match &settings.certificates {
            Some(find) => find(headers).map_err(|error| challenger.malformed(Some(given.scheme), error.what()))?,
            None => Vec::new(),
        };
        Ok(Presented { token: given.token, scheme: given.scheme, proof, certificate: certificate.into_iter().next() })
    }
}

/// The SHA-256 thumbprint of a certificate in PEM (RFC 8705 section 3.1).
pub(crate) fn thumbprint(pem: &str) -> Option<String> {
    let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(STANDARD.decode(body).ok()?)))
}
