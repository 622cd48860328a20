//! The layer of a route, and the service it makes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use authlete_api::{AuthleteService, BoxFuture};
use http::{Request, Response};
use sha2::{Digest, Sha256};

use crate::challenge::{Challenger, Refusal, Refused};
use crate::server::ResourceServer;
use crate::verdicts::Key;

/// Lets those requests through whose access token is good and meets the route's requirements, and puts a
/// [`Principal`](crate::Principal) into their extensions. [`ResourceServer::protect`] makes one.
///
/// Other requests get the response that tells the client what is missing; the reason for the log is in the response's
/// extensions as a [`Refusal`].
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct ProtectLayer {
    server: ResourceServer,
    requirements: Arc<Requirements>,
    /// Made once: axum puts a layer of a handler around it at every request, unless the router was given its state before.
    route: Arc<OnceLock<Arc<Route>>>,
}

/// What a route wants of a token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requirements {
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) bound_by: Vec<Bound>,
    pub(crate) introspect: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Key,
    Certificate,
}

impl ProtectLayer {
    pub(crate) fn new(server: ResourceServer) -> Self {
        let mut requirements = Requirements::default();
        if let Some(metadata) = &server.inner().settings.metadata {
            requirements.resources.push(metadata.resource().to_owned());
        }
        Self { server, requirements: Arc::new(requirements), route: Arc::default() }
    }

    /// Scopes that the token must all have; otherwise the response is 403 with `insufficient_scope`.
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with(|wanted| wanted.scopes.extend(scopes.into_iter().map(Into::into)))
    }

    /// Resources that the token must be for (RFC 8707), in place of the server's own
    /// [`resource`](ResourceServer::resource).
    pub fn resources<S: Into<String>>(self, resources: impl IntoIterator<Item = S>) -> Self {
        self.with(|wanted| wanted.resources = resources.into_iter().map(Into::into).collect())
    }

    /// Authentication context classes of which the user's authentication must have satisfied one (RFC 9470).
    pub fn acr_values<S: Into<String>>(self, acrs: impl IntoIterator<Item = S>) -> Self {
        self.with(|wanted| wanted.acr_values.extend(acrs.into_iter().map(Into::into)))
    }

    /// How long ago the user's authentication may be (RFC 9470).
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|wanted| wanted.max_age = Some(age))
    }

    /// Accepts only tokens that are bound to a DPoP key (RFC 9449); with
    /// [`require_certificate`](Self::require_certificate) as well, either will do.
    pub fn require_dpop(self) -> Self {
        self.with(|wanted| wanted.bound_by.push(Bound::Key))
    }

    /// Accepts only tokens that are bound to a client certificate (RFC 8705); with [`require_dpop`](Self::require_dpop) as
    /// well, either will do.
    pub fn require_certificate(self) -> Self {
        self.with(|wanted| wanted.bound_by.push(Bound::Certificate))
    }

    /// Asks Authlete about the token at every request, whatever is cached or can be verified locally: for what must not
    /// be done with a token that was revoked a moment ago.
    pub fn introspect(self) -> Self {
        self.with(|wanted| wanted.introspect = true)
    }

    fn with(mut self, change: impl FnOnce(&mut Requirements)) -> Self {
        change(Arc::make_mut(&mut self.requirements));
        self.route = Arc::default();
        self
    }

    fn route(&self) -> Route {
        let settings = &self.server.inner().settings;
        let wanted = &self.requirements;
        let only_certificates = wanted.bound_by.contains(&Bound::Certificate);
        let challenger = Challenger {
            metadata_url: settings.metadata.as_ref().map(crate::ResourceMetadata::url),
            scopes: wanted.scopes.clone(),
            // Tokens that are bound to a certificate are presented as bearer tokens.
            bearer: wanted.bound_by.is_empty() || only_certificates,
            dpop: settings.base_url().is_some()
                && (wanted.bound_by.is_empty() || wanted.bound_by.contains(&Bound::Key)),
        };
        Route {
            server: self.server.clone(),
            key: wanted.key(settings.service.as_ref()),
            requirements: Arc::clone(&self.requirements),
            challenger: Arc::new(challenger),
        }
    }
}

impl Requirements {
    /// What introspection is asked beside the token, and where: verdicts of one route, one service or one server are not
    /// those of another. Whose credentials it is asked with is known when a request is served.
    fn key(&self, service: Option<&AuthleteService>) -> Key {
        let mut hash = Sha256::new();
        if let Some(service) = service {
            for part in [service.client().base_url(), service.id().as_ref()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        for (name, list) in [("s", &self.scopes), ("r", &self.resources), ("a", &self.acr_values)] {
            hash.update(name);
            hash.update((list.len() as u64).to_be_bytes());
            for item in list {
                hash.update((item.len() as u64).to_be_bytes());
                hash.update(item);
            }
        }
        hash.update(self.max_age.map_or(u64::MAX, |age| age.as_secs()).to_be_bytes());
        hash.finalize().into()
    }
}

impl fmt::Debug for ProtectLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectLayer")
            .field("server", &self.server)
            .field("requirements", &self.requirements)
            .finish_non_exhaustive()
    }
}

/// A layer's settings, with what can be made of them before the first request.
pub(crate) struct Route {
    pub(crate) server: ResourceServer,
    pub(crate) requirements: Arc<Requirements>,
    pub(crate) challenger: Arc<Challenger>,
    pub(crate) key: Key,
}

impl<S> tower_layer::Layer<S> for ProtectLayer {
    type Service = Protect<S>;

    fn layer(&self, inner: S) -> Protect<S> {
        Protect { inner, route: Arc::clone(self.route.get_or_init(|| Arc::new(self.route()))) }
    }
}

/// A service behind a [`ProtectLayer`].
#[derive(Clone)]
pub struct Protect<S> {
    inner: S,
    route: Arc<Route>,
}

impl<S: fmt::Debug> fmt::Debug for Protect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protect").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> tower_service::Service<Request<B>> for Protect<S>
where
    S: tower_service::Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let route = Arc::clone(&self.route);
        let presented = route.presented(request.method(), request.uri(), request.headers());
        // The one that is ready is the one to call; its clone may not be.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let admitted = match presented {
                Ok(presented) => route.admit(&presented).await,
                Err(refused) => Err(refused),
            };
            match admitted {
                Ok(admitted) => {
                    request.extensions_mut().insert(admitted.principal);
                    let mut response = inner.call(request).await?;
                    for (name, value) in admitted.headers {
                        if let Some(name) = name {
                            response.headers_mut().insert(name, value);
                        }
                    }
                    Ok(response)
                }
                Err(refused) => Ok(response(refused)),
            }
        })
    }
}

/// The response with which a request is refused: headers alone.
fn response<R: Default>(refused: Refused) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = refused.status();
    *response.headers_mut() = refused.headers().clone();
    response.extensions_mut().insert(Refusal::new(refused));
    response
}
