//! A request that holds what can be used once is not sent again after a lost response, whatever its operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authlete_api::layers::RetryPolicy;
use authlete_api::types::{GrantManagementRequest, IntrospectionRequest, RevocationRequest, UserInfoRequest};
use authlete_api::{
    Authlete, AuthleteService, BoxFuture, Error, Operation, Transport, TransportError, TransportErrorKind,
};
use bytes::Bytes;

/// Counts what arrives, and loses every response.
struct Losing(Arc<AtomicUsize>);

impl Transport for Losing {
    fn send<'a>(
        &'a self,
        _: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(TransportError::new(TransportErrorKind::Interrupted, "the response is lost")) })
    }
}

/// How often a request is sent, and whether its error says that it may be made again.
async fn sent<F: Future<Output = Error>>(call: impl FnOnce(AuthleteService) -> F) -> (usize, bool) {
    let count = Arc::new(AtomicUsize::new(0));
    let builder = Authlete::builder().base_url("https://authlete.example").service_token(1, "t");
    let builder = builder
        .transport(Losing(Arc::clone(&count)))
        .retry(RetryPolicy::default().initial_backoff(Duration::ZERO).max_backoff(Duration::ZERO));
    let error = call(builder.build_service().unwrap()).await;
    (count.load(Ordering::SeqCst), error.is_retryable())
}

macro_rules! sent {
    ($service:ident => $call:expr) => {
        sent(|$service| async move { $call.await.expect_err("every response is lost") }).await
    };
}

#[tokio::test]
async fn a_proof_is_sent_once() {
    let introspection = IntrospectionRequest::new("token");
    let userinfo = UserInfoRequest::new("token");
    let grant = GrantManagementRequest::new("token", "query", "grant");
    let (introspection, userinfo, grant) = (&introspection, &userinfo, &grant);
    let attempts = sent!(service => service.introspection().process(introspection));
    assert!(attempts.0 > 1 && attempts.1, "{attempts:?}");
    for (without, with) in [
        (
            sent!(service => service.introspection().process(introspection)),
            sent!(service => service.introspection().process(introspection.clone().dpop("proof"))),
        ),
        (
            sent!(service => service.userinfo().process(userinfo)),
            sent!(service => service.userinfo().process(userinfo.clone().dpop("proof"))),
        ),
        (
            sent!(service => service.grant_management().process(grant)),
            sent!(service => service.grant_management().process(grant.clone().dpop("proof"))),
        ),
    ] {
        assert_eq!((without, with), (attempts, (1, false)));
    }
}

#[tokio::test]
async fn a_revocation_is_sent_once_where_the_client_proves_something() {
    let plain = RevocationRequest::new("token=x&client_assertion=");
    for (request, repeated) in [
        (plain.clone(), true),
        (plain.clone().client_id("1").client_secret("secret"), true),
        (plain.clone().oauth_client_attestation("statement"), true),
        (plain.oauth_client_attestation("statement").oauth_client_attestation_pop("proof"), false),
        (RevocationRequest::new("token=x&client_assertion=jwt"), false),
    ] {
        let request = &request;
        let (attempts, retryable) = sent!(service => service.revocation().process(request));
        assert_eq!((attempts > 1, retryable), (repeated, repeated), "{attempts}");
    }
}
