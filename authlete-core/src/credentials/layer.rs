//! The layer that adds credentials to every attempt of a call.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};

use super::{Credentials, ProviderError, Source};
use crate::call::operation::Operation;
use crate::transport::{BoxFuture, BoxTransport, Transport, TransportError, TransportErrorKind};

/// A transport that adds credentials, and tries once more where a 401 can be helped: with fresh credentials of the
/// provider, or with the nonce that the server wants in a DPoP proof. A 401 means that the call was not served, so any
/// call may be made again.
pub(crate) struct CredentialsLayer {
    source: Source,
    inner: BoxTransport,
}

impl CredentialsLayer {
    pub(crate) fn new(source: Source, inner: BoxTransport) -> Self {
        Self { source, inner }
    }

    async fn send_again(
        &self,
        request: Request<Bytes>,
        operation: &'static Operation,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut credentials = match &self.source {
            Source::Fixed(credentials) => credentials.clone(),
            Source::Provider(provider) => provider.credentials().await.map_err(unavailable)?,
        };
        // Once for a nonce, once for fresh credentials, and once for the nonce that those want.
        let (mut may_refresh, mut nonces) = (true, 2);
        loop {
            let mut attempt = request.clone();
            authorize(&mut attempt, &credentials)?;
            let response = self.inner.send(attempt, operation).await?;
            let nonce_is_new = learn(&credentials, &response);
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            if nonce_is_new && nonces > 0 {
                nonces -= 1;
                continue;
            }
            match &self.source {
                Source::Provider(provider) if may_refresh => match provider.refresh(&credentials).await {
                    Ok(Some(fresh)) => credentials = fresh,
                    Ok(None) | Err(_) => return Ok(response),
                },
                Source::Provider(_) | Source::Fixed(_) => return Ok(response),
            }
            may_refresh = false;
        }
    }
}

impl Transport for CredentialsLayer {
    fn send<'a>(
        &'a self,
        mut request: Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response<Bytes>, TransportError>> {
        if request.headers().contains_key(AUTHORIZATION) {
            return self.inner.send(request, operation);
        }
        match &self.source {
            // Nothing can be helped, so nothing is copied.
            Source::Fixed(credentials) if !has_proofs(credentials) => match authorize(&mut request, credentials) {
                Ok(()) => self.inner.send(request, operation),
                Err(error) => Box::pin(async { Err(error) }),
            },
            _ => Box::pin(self.send_again(request, operation)),
        }
    }
}

fn authorize(request: &mut Request<Bytes>, credentials: &Credentials) -> Result<(), TransportError> {
    request.headers_mut().insert(AUTHORIZATION, credentials.authorization());
    #[cfg(feature = "dpop")]
    if let Some(proofs) = credentials.proofs() {
        let proof = proofs.prove(request.method().as_str(), request.uri()).map_err(unavailable)?;
        request.headers_mut().insert(super::dpop::PROOF, proof);
    }
    Ok(())
}

#[cfg(feature = "dpop")]
fn has_proofs(credentials: &Credentials) -> bool {
    credentials.proofs().is_some()
}

#[cfg(not(feature = "dpop"))]
fn has_proofs(_: &Credentials) -> bool {
    false
}

/// Remembers the server's nonce; says whether it is another one than the proof had.
#[cfg(feature = "dpop")]
fn learn(credentials: &Credentials, response: &Response<Bytes>) -> bool {
    credentials.proofs().is_some_and(|proofs| proofs.learn(response.headers()))
}

#[cfg(not(feature = "dpop"))]
fn learn(_: &Credentials, _: &Response<Bytes>) -> bool {
    false
}

fn unavailable(error: ProviderError) -> TransportError {
    TransportError::new(TransportErrorKind::Credentials, error)
}
