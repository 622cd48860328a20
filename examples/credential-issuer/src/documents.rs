//! What anybody may read: metadata, keys, nonces and challenges. Authlete's responses are all there is to send.

use authlete_api::types::{
    AttestationChallengeRequest, VciJwksRequest, VciJwtIssuerRequest, VciMetadataRequest, VciNonceRequest,
};
use authorization_server::reuse::{Answer, ready};
use axum::extract::State;

use crate::Issuer;

/// The metadata of the issuer (OpenID4VCI 1.0, 12.2).
pub(crate) async fn metadata(State(issuer): State<Issuer>) -> Answer {
    ready(issuer.service().credential_issuer().metadata(VciMetadataRequest::new(false)).await?)
}

/// Where the keys are that credentials are verified with (SD-JWT VC, JWT VC Issuer Metadata).
pub(crate) async fn jwt_issuer(State(issuer): State<Issuer>) -> Answer {
    ready(issuer.service().credential_issuer().jwt_issuer(VciJwtIssuerRequest::new(false)).await?)
}

/// The keys.
pub(crate) async fn keys(State(issuer): State<Issuer>) -> Answer {
    ready(issuer.service().credential_issuer().jwks(VciJwksRequest::new(false)).await?)
}

/// A nonce for key proofs (OpenID4VCI 1.0, 7).
pub(crate) async fn nonce(State(issuer): State<Issuer>) -> Answer {
    ready(issuer.service().credential_issuer().nonce(VciNonceRequest::default()).await?)
}

/// A challenge for wallets that authenticate by an attestation, where the service has a `challengeEndpoint`.
pub(crate) async fn challenge(State(issuer): State<Issuer>) -> Answer {
    ready(issuer.service().client_attestation().challenge(AttestationChallengeRequest::default()).await?)
}
