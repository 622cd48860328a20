//! Adapters between [`Transport`] and [`tower::Service`](https://docs.rs/tower-service), both ways.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{BoxFuture, Transport};
use crate::error::{TransportError, TransportErrorKind};
use crate::operation::{OTHER, Operation};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Sent = Result<Response<Bytes>, TransportError>;

/// How large a response may be, unless somebody says otherwise: the largest lists have a few megabytes.
const BODY_LIMIT: usize = 32 << 20;

/// Sends calls through a `tower::Service`: a client of another HTTP library, or a stack of tower layers.
///
/// The service finds the operation that is called among the request's extensions, as a `&'static Operation`.
///
/// ```
/// use authlete_api::{Authlete, HttpTransport, TowerTransport, TransportService, reqwest};
/// use tower::ServiceBuilder;
/// use tower::timeout::TimeoutLayer;
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// // A tower layer around the transport over HTTP.
/// let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client");
/// let stack = ServiceBuilder::new()
///     .concurrency_limit(20)
///     .layer(TimeoutLayer::new(std::time::Duration::from_secs(5)))
///     .service(TransportService::new(HttpTransport::new(http)));
/// let builder = Authlete::builder().base_url("https://authlete.example").service_token(1, "token");
/// let service = builder.transport(TowerTransport::new(stack)).build_service()?;
/// # Ok(())
/// # }
/// ```
pub struct TowerTransport {
    send: Box<SendRequest>,
    kind_of: Box<dyn Fn(&BoxError) -> TransportErrorKind + Send + Sync>,
    body_limit: usize,
}

/// Sends a request, and reads a body of at most so many bytes.
type SendRequest = dyn Fn(Request<Bytes>, usize) -> BoxFuture<'static, Result<Response<Bytes>, Failed>> + Send + Sync;

/// Why there is no response: the service says so, or the response is too large.
enum Failed {
    Service(BoxError),
    TooLarge,
}

impl TowerTransport {
    /// Sends through a service whose bodies are [`Bytes`].
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        let service = Mutex::new(service);
        Self::with(move |request, _| {
            let service = service.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(async move { call(service, request).await.map_err(Failed::Service) })
        })
    }

    /// Sends through a client whose bodies are those of the crate `http-body`, hyper-util's for example. It should follow no
    /// redirects, so that credentials never travel to another host, and check certificates.
    pub fn over_http<S, Q, R>(service: S) -> Self
    where
        S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        Q: From<Bytes> + Send + 'static,
        R: Body + Send + 'static,
        R::Data: Send,
        R::Error: Into<BoxError>,
    {
        let service = Mutex::new(service);
        Self::with(move |request, limit| {
            let service = service.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(async move {
                let response = call(service, request.map(Q::from)).await.map_err(Failed::Service)?;
                let (parts, body) = response.into_parts();
                Ok(Response::from_parts(parts, collect(body, limit).await?))
            })
        })
    }

    fn with(
        send: impl Fn(Request<Bytes>, usize) -> BoxFuture<'static, Result<Response<Bytes>, Failed>> + Send + Sync + 'static,
    ) -> Self {
        Self { send: Box::new(send), kind_of: Box::new(kind_of), body_limit: BODY_LIMIT }
    }

    /// How many bytes the body of a response may have: by default 32 MiB.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Says what an error of the service means. By default a refused connection is
    /// [`Connect`](TransportErrorKind::Connect), and everything else [`Interrupted`](TransportErrorKind::Interrupted): the
    /// request may have arrived. Errors that are a [`TransportError`] stay as they are.
    #[must_use]
    pub fn classify(mut self, kind_of: impl Fn(&BoxError) -> TransportErrorKind + Send + Sync + 'static) -> Self {
        self.kind_of = Box::new(kind_of);
        self
    }
}

impl Transport for TowerTransport {
    fn send<'a>(&'a self, mut request: Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        request.extensions_mut().insert(operation);
        let sent = (self.send)(request, self.body_limit);
        Box::pin(async move {
            match sent.await {
                Ok(response) => Ok(response),
                Err(Failed::TooLarge) => Err(TransportError::new(
                    TransportErrorKind::TooLarge,
                    format!("{} bytes are allowed", self.body_limit),
                )),
                Err(Failed::Service(error)) => Err(match error.downcast::<TransportError>() {
                    Ok(error) => *error,
                    Err(error) => TransportError::new((self.kind_of)(&error), error),
                }),
            }
        })
    }
}

impl fmt::Debug for TowerTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport").field("body_limit", &self.body_limit).finish_non_exhaustive()
    }
}

async fn call<S: Service<Request<Q>, Error: Into<BoxError>>, Q>(
    mut service: S,
    request: Request<Q>,
) -> Result<S::Response, BoxError> {
    poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
    service.call(request).await.map_err(Into::into)
}

async fn collect<R: Body<Error: Into<BoxError>>>(body: R, limit: usize) -> Result<Bytes, Failed> {
    // What the header promises too much of need not be read.
    if body.size_hint().lower() > limit as u64 {
        return Err(Failed::TooLarge);
    }
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|error| Failed::Service(error.into()))?;
        if let Ok(data) = frame.into_data() {
            if whole.len() + data.remaining() > limit {
                return Err(Failed::TooLarge);
            }
            whole.put(data);
        }
    }
    Ok(whole.freeze())
}

fn kind_of(error: &BoxError) -> TransportErrorKind {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return TransportErrorKind::Connect;
        }
        cause = error.source();
    }
    TransportErrorKind::Interrupted
}

/// A transport as a `tower::Service`, for tower's layers to go around; [`TowerTransport`] makes a transport of them again.
#[derive(Debug)]
pub struct TransportService<T>(std::sync::Arc<T>);

impl<T: Transport> TransportService<T> {
    /// Makes a service of a transport.
    pub fn new(transport: T) -> Self {
        Self(std::sync::Arc::new(transport))
    }
}

impl<T> Clone for TransportService<T> {
    fn clone(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }
}

impl<T: Transport> Service<Request<Bytes>> for TransportService<T> {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Sent>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let operation: &'static Operation = request.extensions().get().copied().unwrap_or(&OTHER);
        let transport = std::sync::Arc::clone(&self.0);
        Box::pin(async move { transport.send(request, operation).await })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;

    use http_body::{Frame, SizeHint};

    use super::*;

    /// A body of these parts, whose size is known before or not.
    struct Parts(VecDeque<&'static [u8]>, bool);

    impl Body for Parts {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(Bytes::from_static(part)))))
        }

        fn size_hint(&self) -> SizeHint {
            let size = self.0.iter().map(|part| part.len() as u64).sum();
            if self.1 { SizeHint::with_exact(size) } else { SizeHint::default() }
        }
    }

    #[tokio::test]
    async fn a_body_may_have_as_many_bytes_as_are_allowed() {
        for size_is_known in [true, false] {
            for parts in [&[&b"12345"[..], b"67890"][..], &[b"1234567890"]] {
                let body = |limit| collect(Parts(parts.iter().copied().collect(), size_is_known), limit);
                for limit in [10, 11] {
                    let whole = body(limit).await.unwrap_or_else(|_| panic!("{limit} bytes are allowed"));
                    assert_eq!(whole, "1234567890");
                }
                for limit in [5, 8, 9] {
                    assert!(matches!(body(limit).await, Err(Failed::TooLarge)), "{limit}");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_announced_to_be_too_large_is_not_read() {
        let mut body = Parts(VecDeque::from([&b"12345"[..], b"67890"]), true);
        assert!(matches!(collect(&mut body, 9).await, Err(Failed::TooLarge)));
        assert_eq!(body.0.len(), 2);
    }
}
