//! The layers that find the credentials of a call, and add them to every attempt of it.
//!
//! There are two, since caches stand between them: what is kept must be found by whose credentials it was asked with, and
//! proofs and fresh credentials belong to a single request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};

use super::{Credentials, ProviderError, Source};
use crate::error::{TransportError, TransportErrorKind};
use crate::operation::{Host, Operation};
use crate::transport::{BoxFuture, BoxTransport, Transport};

type Sent = Result<Response<Bytes>, TransportError>;

/// The credentials for each server. What is meant for one never goes to the other.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) api: Option<Arc<Source>>,
    pub(crate) idp: Option<Arc<Source>>,
}

impl Sources {
    pub(crate) fn is_empty(&self) -> bool {
        self.api.is_none() && self.idp.is_none()
    }

    pub(crate) fn has_provider(&self) -> bool {
        [&self.api, &self.idp].into_iter().flatten().any(|source| matches!(**source, Source::Provider(_)))
    }

    fn of(&self, operation: &Operation) -> Result<&Source, TransportError> {
        let source = match operation.host {
            Host::Api => &self.api,
            Host::Idp => &self.idp,
        };
        source.as_deref().ok_or_else(|| {
            unavailable(match operation.host {
                Host::Api => "the client has no credentials for the API server".into(),
                Host::Idp => {
                    "the identity provider takes an access token of the organization, which the client does not \
                              have: give `.organization_token(…)` or `.idp_credentials(…)`"
                        .into()
                }
            })
        })
    }
}

/// Finds the credentials of a call, once, and puts them among the extensions of its request, for the layers within.
pub(crate) struct FindCredentials {
    sources: Arc<Sources>,
    inner: BoxTransport,
}

impl FindCredentials {
    pub(crate) fn new(sources: Arc<Sources>, inner: BoxTransport) -> Self {
        Self { sources, inner }
    }
}

impl Transport for FindCredentials {
    fn send<'a>(&'a self, mut request: Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        if request.headers().contains_key(AUTHORIZATION) {
            return self.inner.send(request, operation);
        }
        match self.sources.of(operation) {
            Err(error) => Box::pin(async { Err(error) }),
            Ok(Source::Fixed(credentials)) => {
                request.extensions_mut().insert(credentials.clone());
                self.inner.send(request, operation)
            }
            Ok(Source::Provider(provider)) => Box::pin(async move {
                request.extensions_mut().insert(provider.credentials().await.map_err(unavailable)?);
                self.inner.send(request, operation).await
            }),
        }
    }
}

/// Adds credentials to a request, and sends it once more where a 401 can be helped: with fresh credentials of the provider,
/// or with the nonce that the server wants in a DPoP proof. A 401 means that the call was not processed, so any call may be
/// made again.
pub(crate) struct CredentialsLayer {
    sources: Arc<Sources>,
    inner: BoxTransport,
}

impl CredentialsLayer {
    pub(crate) fn new(sources: Arc<Sources>, inner: BoxTransport) -> Self {
        Self { sources, inner }
    }

    async fn send_with_help(
        &self,
        request: Request<Bytes>,
        operation: &'static Operation,
        mut credentials: Credentials,
        source: &Source,
    ) -> Sent {
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
            match source {
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
    fn send<'a>(&'a self, mut request: Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        if request.headers().contains_key(AUTHORIZATION) {
            return self.inner.send(request, operation);
        }
        let source = match self.sources.of(operation) {
            Ok(source) => source,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        // A transport need not know them; the request has them among its headers.
        let found = request.extensions_mut().remove::<Credentials>();
        match (found, source) {
            // Nothing can be helped, so nothing is copied.
            (_, Source::Fixed(credentials)) if !has_proofs(credentials) => match authorize(&mut request, credentials) {
                Ok(()) => self.inner.send(request, operation),
                Err(error) => Box::pin(async { Err(error) }),
            },
            (_, Source::Fixed(credentials)) => {
                Box::pin(self.send_with_help(request, operation, credentials.clone(), source))
            }
            (Some(credentials), Source::Provider(_)) => {
                Box::pin(self.send_with_help(request, operation, credentials, source))
            }
            (None, Source::Provider(provider)) => Box::pin(async move {
                let credentials = provider.credentials().await.map_err(unavailable)?;
                self.send_with_help(request, operation, credentials, source).await
            }),
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
