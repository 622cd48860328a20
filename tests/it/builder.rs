//! Settings of the builder, each by the effect that it has on what is sent, or on whether anything is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use authlete_api::actions::IntrospectionAction;
use authlete_api::layers::{ResponseCache, RetryPolicy};
use authlete_api::{
    Authlete, AuthleteBuilder, BoxFuture, BoxTransport, Credentials, Error, Operation, SharedCredentials, Transport,
    TransportError, TransportErrorKind,
};
use bytes::Bytes;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;

use crate::server::{Answer, Server, json};

fn builder(base_url: &str) -> AuthleteBuilder {
    Authlete::builder().base_url(base_url).service_token(1, "s3cret").retry(RetryPolicy::off())
}

/// The kind of a failure without a response.
fn kind(error: &Error) -> Option<TransportErrorKind> {
    match error {
        Error::Transport(error) => Some(error.kind()),
        _ => None,
    }
}

#[tokio::test]
async fn an_api_key_and_its_secret() {
    let server = Server::once(json("200 OK", "{}"));
    let service = builder(&server.base_url).basic(12, "s3cret").build_service().unwrap();
    service.get().await.unwrap();
    // "12:s3cret" in base64.
    assert!(server.requests()[0].contains("authorization: Basic MTI6czNjcmV0\r\n"), "{:?}", server.requests());
}

#[tokio::test]
async fn credentials_of_the_identity_provider() {
    let server = Server::start(vec![json("200 OK", "[]"), json("200 OK", "[]")]);
    let builder = || builder("https://authlete.example").idp_url(&server.base_url);
    let credentials = || Credentials::bearer("organization").unwrap();
    for builder in [
        builder().idp_credentials(credentials()),
        builder().idp_credentials_provider(SharedCredentials::new(credentials())),
    ] {
        builder.build().unwrap().audit().types().await.unwrap();
    }
    for request in server.requests() {
        assert!(request.contains("authorization: Bearer organization\r\n"), "{request}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn plain_http_to_another_host() {
    let builder = || builder("http://authlete.example");
    assert!(matches!(builder().build(), Err(Error::Configuration(_))));
    builder().allow_http().build().unwrap();
}

#[tokio::test]
async fn how_long_a_connection_may_take() {
    // It takes connections, and says nothing when TLS is to begin.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let builder = builder(&format!("https://{}", silent.local_addr().unwrap()));
    let builder = builder.connect_timeout(Duration::from_millis(1)).attempt_timeout(Duration::from_secs(5));
    let error = builder.build_service().unwrap().get().await.unwrap_err();
    assert_eq!(kind(&error), Some(TransportErrorKind::Connect), "{error}");
}

/// Counts requests, and those of them that have credentials.
struct Counter {
    inner: BoxTransport,
    counts: Arc<[AtomicUsize; 2]>,
}

impl Transport for Counter {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        self.counts[0].fetch_add(1, Ordering::SeqCst);
        self.counts[1].fetch_add(usize::from(request.headers().contains_key("authorization")), Ordering::SeqCst);
        self.inner.send(request, operation)
    }
}

#[tokio::test]
async fn layers_around_calls_and_around_attempts() {
    let server = Server::start(vec![json("503 Service Unavailable", "{}"), json("200 OK", "{}")]);
    let [calls, attempts] = [(); 2].map(|()| Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]));
    let layer = |counts: &Arc<_>| {
        let counts = Arc::clone(counts);
        move |inner| Box::new(Counter { inner, counts }) as BoxTransport
    };
    let service = builder(&server.base_url)
        .retry(RetryPolicy::default().initial_backoff(Duration::from_millis(1)))
        .transport_layer(layer(&calls))
        .attempt_layer(layer(&attempts));
    service.build_service().unwrap().get().await.unwrap();
    let counted = |counts: &[AtomicUsize; 2]| [0, 1].map(|number| counts[number].load(Ordering::SeqCst));
    assert_eq!(counted(&calls), [1, 0]);
    assert_eq!(counted(&attempts), [2, 2]);
}

/// A certificate that its own key signed, and both in PEM.
struct Certificate {
    der: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    pem: String,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        Self { der: own.cert.der().clone(), key, pem: own.cert.pem() + &own.signing_key.serialize_pem() }
    }
}

/// A server that wants the client's certificate, and responds to each request with an empty object.
fn mutual_tls(server: &Certificate, client: &Certificate) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(client.der.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider)).build().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server.der.clone()], server.key.clone_key().into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            // A handshake that fails ends the connection.
            if stream.read(&mut [0; 1 << 14]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn responses_are_kept_where_it_is_asked_for() {
    let server = Server::start(vec![json("200 OK", "{}"), json("200 OK", "{}")]);
    let service = builder(&server.base_url).response_cache(ResponseCache::default()).build_service().unwrap();
    for _ in 0..3 {
        service.get().await.unwrap();
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_set_for_a_call_with_an_action_is_the_calls() {
    let server = Server::start(vec![json("200 OK", r#"{"action":"OK"}"#), Answer::Silence]);
    let service = builder(&server.base_url).build_service().unwrap();
    let trace = http::HeaderName::from_static("x-trace");
    let action = service.introspection().process("token").header(trace, "a-b".parse().unwrap()).await.unwrap();
    assert!(matches!(action, IntrospectionAction::Ok(_)), "{action:?}");
    assert!(server.requests()[0].contains("x-trace: a-b\r\n"), "{:?}", server.requests());
    let error = service.introspection().process("token").timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn certificates_of_both_sides() {
    let (server, client) = (Certificate::new("localhost"), Certificate::new("client"));
    let base_url = mutual_tls(&server, &client);
    let root = reqwest::Certificate::from_pem(server.pem.as_bytes()).unwrap();
    let identity = reqwest::Identity::from_pem(client.pem.as_bytes()).unwrap();

    let trusting = || builder(&base_url).root_certificate(root.clone());
    let service = trusting().client_certificate(identity.clone()).build_service().unwrap();
    service.get().await.unwrap();
    trusting().build_service().unwrap().get().await.expect_err("the server wants a certificate");
    let error = builder(&base_url).client_certificate(identity).build_service().unwrap().get().await.unwrap_err();
    assert_eq!(kind(&error), Some(TransportErrorKind::Tls), "{error}");
}

#[test]
fn the_environment_may_hold_the_certificate_or_name_its_file() {
    let client = Certificate::new("client");
    let file = std::env::temp_dir().join(format!("authlete-certificate-{}.pem", std::process::id()));
    std::fs::write(&file, &client.pem).unwrap();
    let without_key = client.pem.split("-----BEGIN PRIVATE KEY").next().unwrap();
    for (certificate, complaint) in [
        (client.pem.as_str(), None),
        (file.to_str().unwrap(), None),
        (without_key, Some("AUTHLETE_CLIENT_CERTIFICATE does not hold a certificate and its private key")),
    ] {
        let environment = authlete_api::Environment::read_from(|name| match name {
            "AUTHLETE_REGION" => Some("eu".to_owned()),
            "AUTHLETE_SERVICE_ACCESSTOKEN" => Some("token".to_owned()),
            "AUTHLETE_CLIENT_CERTIFICATE" => Some(certificate.to_owned()),
            _ => None,
        });
        match (environment.unwrap().client(), complaint) {
            (Ok(client), None) => assert_eq!(client.base_url(), "https://eu.authlete.com"),
            (Err(error), Some(complaint)) => assert!(error.to_string().contains(complaint), "{error}"),
            (built, _) => panic!("{certificate}: {built:?}"),
        }
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_region_is_where_calls_go() {
    let authlete = Authlete::builder().service_token(1, "s3cret").region(authlete_api::Region::Jp).build().unwrap();
    assert_eq!(authlete.client().base_url(), "https://jp.authlete.com");
}

#[test]
fn handles_print_where_calls_go() {
    let authlete = builder("https://authlete.example").build().unwrap();
    let service = authlete.default_service().unwrap();
    for printed in [format!("{authlete:?}"), format!("{:?}", authlete.client()), format!("{service:?}")] {
        assert!(printed.contains("https://authlete.example") && !printed.contains("s3cret"), "{printed}");
    }
    let printed = format!("{:?}", builder("https://authlete.example"));
    assert!(printed.contains("https://authlete.example") && !printed.contains("s3cret"), "{printed}");
}
