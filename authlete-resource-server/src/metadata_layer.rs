//! Serving the metadata document in front of a router.

use std::sync::Arc;
use std::task::{Context, Poll};

use authlete_api::BoxFuture;
use bytes::Bytes;
use http::{Request, Response};

use crate::ResourceMetadata;

/// Serves the metadata document of a resource at its well-known paths, and passes all other requests on.
/// [`ResourceServer::metadata_layer`](crate::ResourceServer::metadata_layer) makes one; put it outside of the layers that
/// protect routes, since the document is public.
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct MetadataLayer(Option<Arc<ResourceMetadata>>);

impl MetadataLayer {
    pub(crate) fn new(metadata: Option<ResourceMetadata>) -> Self {
        Self(metadata.map(Arc::new))
    }
}

impl<S> tower_layer::Layer<S> for MetadataLayer {
    type Service = ServeMetadata<S>;

    fn layer(&self, inner: S) -> ServeMetadata<S> {
        ServeMetadata { inner, metadata: self.0.clone() }
    }
}

/// A service behind a [`MetadataLayer`].
#[derive(Debug, Clone)]
pub struct ServeMetadata<S> {
    inner: S,
    metadata: Option<Arc<ResourceMetadata>>,
}

impl<S, B, R> tower_service::Service<Request<B>> for ServeMetadata<S>
where
    S: tower_service::Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: From<Bytes> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let found = self.metadata.as_ref().and_then(|metadata| metadata.respond(request.method(), request.uri()));
        match found {
            Some(response) => Box::pin(std::future::ready(Ok(response.map(R::from)))),
            None => Box::pin(self.inner.call(request)),
        }
    }
}
