//! The layer, and the service it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use authlete_api::actions::IntrospectionAction;
use authlete_api::http_inputs::Malformed;
use authlete_api::types::IntrospectionRequest;
use authlete_api::{AuthleteService, BoxFuture, Reply};
use http::{HeaderMap, Request, Response};

use super::challenge;
use super::principal::{Principal, Refusal};

/// Lets requests through whose access token is good; see [the crate](crate).
///
/// Each route can have a layer of its own, with other scopes. A layer around routes of which some want more scopes saves
/// calls: see [`Principal::require_scopes`].
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct ProtectLayer(Arc<Settings>);

/// Takes certificates out of a request's headers.
type Certificates = dyn Fn(&HeaderMap) -> Result<Vec<String>, Malformed> + Send + Sync;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) service: AuthleteService,
    pub(super) external_url: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) acr_values: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) certificates: Option<Arc<Certificates>>,
    timeout: Option<Duration>,
}

impl ProtectLayer {
    /// Asks the given service.
    pub fn new(service: AuthleteService) -> Self {
        Self(Arc::new(Settings {
            service,
            external_url: None,
            scopes: Vec::new(),
            resources: Vec::new(),
            acr_values: Vec::new(),
            max_age: None,
            certificates: None,
            timeout: None,
        }))
    }

    /// Where clients reach this API: `https://api.example.com`, with the part of the path that the layer does not see.
    ///
    /// With it, tokens that are bound to a key are accepted (DPoP): the request's path is appended, and the proof must be
    /// for that URL. It is not taken from the request, whose `Host` is the client's word.
    pub fn external_url(self, url: impl Into<String>) -> Self {
        self.with(|settings| settings.external_url = Some(url.into().trim_end_matches('/').to_owned()))
    }

    /// Scopes that the token must all have: else 403, `insufficient_scope`.
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with(|settings| settings.scopes.extend(scopes.into_iter().map(Into::into)))
    }

    /// Resources that the token must be for (RFC 8707): the audience.
    pub fn resources<S: Into<String>>(self, resources: impl IntoIterator<Item = S>) -> Self {
        self.with(|settings| settings.resources.extend(resources.into_iter().map(Into::into)))
    }

    /// Authentication context classes of which the user's authentication must have satisfied one (RFC 9470).
    pub fn acr_values<S: Into<String>>(self, acrs: impl IntoIterator<Item = S>) -> Self {
        self.with(|settings| settings.acr_values.extend(acrs.into_iter().map(Into::into)))
    }

    /// How long ago the user's authentication may be (RFC 9470). With it no answer is taken from a cache.
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|settings| settings.max_age = Some(age))
    }

    /// Where the client's certificate is found, so that tokens bound to one are accepted (RFC 8705):
    /// [`http_inputs::client_certificates`](authlete_api::http_inputs::client_certificates), for example.
    ///
    /// Only the proxy in front may set such headers: it has to remove those that come from outside.
    ///
    /// ```
    /// # use authlete_api::{AuthleteService, http_inputs};
    /// # use authlete_resource_server::ProtectLayer;
    /// # fn example(service: AuthleteService) {
    /// let header = http::HeaderName::from_static("x-ssl-cert");
    /// let layer = ProtectLayer::new(service)
    ///     .certificates(move |headers| http_inputs::pem_certificates(headers, std::slice::from_ref(&header)));
    /// # }
    /// ```
    pub fn certificates(
        self,
        find: impl Fn(&HeaderMap) -> Result<Vec<String>, Malformed> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.certificates = Some(Arc::new(find)))
    }

    /// The most that asking Authlete may take, with all tries; by default what the service's client is set to.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = Some(timeout))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Settings {
    /// Who a request is from, by what was taken out of it.
    async fn principal(&self, question: Result<IntrospectionRequest, Reply>) -> Result<Principal, Reply> {
        let mut call = self.service.introspection().process(question?);
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        match call.await.map_err(challenge::unavailable)? {
            // What Authlete has to say of its own failures is not for clients.
            IntrospectionAction::InternalServerError(reply) => Err(challenge::silent(reply)),
            action => action.proceed().map(Principal::new),
        }
    }
}

impl<S> tower_layer::Layer<S> for ProtectLayer {
    type Service = Protect<S>;

    fn layer(&self, inner: S) -> Protect<S> {
        Protect { inner, settings: Arc::clone(&self.0) }
    }
}

impl fmt::Debug for ProtectLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectLayer")
            .field("service", &self.service)
            .field("external_url", &self.external_url)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A service behind a [`ProtectLayer`].
#[derive(Debug, Clone)]
pub struct Protect<S> {
    inner: S,
    settings: Arc<Settings>,
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
        let settings = Arc::clone(&self.settings);
        let question = settings.question(request.method(), request.uri(), request.headers());
        // The one that is ready is the one to call; its clone may not be.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            match settings.principal(question).await {
                Ok(principal) => {
                    let extra_headers = principal.extra_headers();
                    request.extensions_mut().insert(principal);
                    let mut response = inner.call(request).await?;
                    extra_headers.add_to(response.headers_mut());
                    Ok(response)
                }
                Err(reply) => Ok(refused(reply)),
            }
        })
    }
}

/// The answer with which a request is refused: headers alone.
fn refused<R: Default>(reply: Reply) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = reply.status();
    *response.headers_mut() = reply.headers().clone();
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    response.extensions_mut().insert(Refusal::new(reply));
    response
}
