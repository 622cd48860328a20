//! A request in which a client authenticates, read at once.

use std::fmt;

use http::HeaderMap;

use super::{ClientAttestation, ClientCredentials, Malformed, client_attestation, client_credentials, dpop_proof};

/// A request to the token endpoint, or to another one at which clients authenticate: pushed authorization, backchannel
/// authentication, device authorization, revocation. It becomes the request of the operation behind that endpoint.
///
/// ```no_run
/// use authlete_api::http_inputs::ClientRequest;
/// use authlete_api::types::TokenRequest;
/// use authlete_api::{AuthleteService, Reply};
/// use http::HeaderMap;
///
/// async fn revoke(service: &AuthleteService, headers: &HeaderMap, body: String) -> Result<Reply, Reply> {
///     let request = ClientRequest::read(headers, body)?;
///     Ok(service.revocation().process(request).await?.into_reply())
/// }
///
/// # fn token(headers: &HeaderMap, body: String) -> Result<TokenRequest, Reply> {
/// // DPoP proofs are made for a URL, which the request does not have.
/// let request = ClientRequest::read(headers, body)?.url("https://as.example.com/token");
/// # Ok(request.into())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientRequest {
    /// The body, in the form `application/x-www-form-urlencoded`. For `parameters`.
    pub parameters: String,
    /// The id and secret in `Authorization: Basic`.
    pub credentials: Option<ClientCredentials>,
    /// The client attestation, with its proof.
    pub attestation: ClientAttestation,
    /// The DPoP proof.
    pub dpop: Option<String>,
    /// The URL of the endpoint, for `htu`; set by [`url`](Self::url).
    pub url: Option<String>,
    /// The client's certificate and those above it, in PEM; set by [`certificates`](Self::certificates).
    pub certificates: Vec<String>,
}

impl ClientRequest {
    /// Reads [`client_credentials`], [`client_attestation`] and [`dpop_proof`] out of the headers, and takes the body.
    ///
    /// # Errors
    /// When one of them is malformed, or the body is not UTF-8.
    pub fn read(headers: &HeaderMap, body: impl Into<Vec<u8>>) -> Result<Self, Malformed> {
        let parameters = String::from_utf8(body.into()).map_err(|_| Malformed::of_client("the body is not UTF-8"))?;
        Ok(Self {
            parameters,
            credentials: client_credentials(headers)?,
            attestation: client_attestation(headers)?,
            dpop: dpop_proof(headers)?,
            ..Self::default()
        })
    }

    /// With the URL of the endpoint, as clients know it: what the `htu` of a DPoP proof has to be (RFC 9449 4.3).
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// With the client's certificate and those above it, in PEM: what [`client_certificates`](super::client_certificates) and
    /// the functions for particular proxies return. They are not read without being asked, because only a proxy that removes
    /// these headers from what comes from outside can be believed.
    #[must_use]
    pub fn certificates(mut self, certificates: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.certificates = certificates.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRequest")
            .field("credentials", &self.credentials)
            .field("attestation", &self.attestation)
            .field("dpop", &self.dpop.is_some())
            .field("url", &self.url)
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}
