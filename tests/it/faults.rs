//! What goes wrong on the way, against a real server: what the caller is told, and how often the server is called.

use std::time::{Duration, Instant};

use authlete_api::layers::{CircuitBreaker, RateLimiter, RetryPolicy};
use authlete_api::types::TokenRequest;
use authlete_api::{Authlete, AuthleteBuilder, AuthleteService, Error, TransportErrorKind};

use crate::fault_server::{Fault, Server, answer};

const TOKEN: &str = "s3cret-token";
const TRY: Duration = Duration::from_millis(400);

/// A client whose tries follow each other quickly.
fn builder(base_url: &str) -> AuthleteBuilder {
    let policy = RetryPolicy::default().initial_backoff(Duration::from_millis(1));
    Authlete::builder().base_url(base_url).service_token(1, TOKEN).retry(policy)
}

async fn read(client: &AuthleteService) -> Result<(), Error> {
    client.get().await.map(|_| ())
}

/// What must not be done twice: the code in it is used up.
async fn write(client: &AuthleteService) -> Result<(), Error> {
    client.token().process(TokenRequest::new("grant_type=authorization_code&code=s3cret")).await.map(|_| ())
}

/// Meets a fault with a read and with a write, each of which must fail after so many requests; returns the read's error.
async fn meet(fault: Fault, reads: usize, writes: usize) -> Error {
    meet_within(Duration::from_secs(20), fault, reads, writes).await
}

/// The same, with a time limit for each try.
async fn meet_within(time: Duration, fault: Fault, reads: usize, writes: usize) -> Error {
    let builder = |base_url| builder(base_url).attempt_timeout(time);
    let server = Server::start(vec![fault.clone()]);
    let error = write(&builder(&server.base_url).build_service().unwrap()).await.unwrap_err();
    assert_eq!(server.requests(), writes, "{error}");
    check_text(&error);
    let server = Server::start(vec![fault]);
    let error = read(&builder(&server.base_url).build_service().unwrap()).await.unwrap_err();
    assert_eq!(server.requests(), reads, "{error}");
    check_text(&error);
    error
}

/// An error is told in one line that names the operation, and nothing secret is in it or in its causes.
fn check_text(error: &Error) {
    let mut text = error.to_string();
    assert!(text.lines().count() == 1 && error.operation().is_some_and(|it| text.contains(it.name)), "{text}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(!format!("{text} {error:?}").contains("s3cret"), "{text} {error:?}");
}

fn kind(error: &Error) -> Option<TransportErrorKind> {
    match error {
        Error::Transport(error) => Some(error.kind()),
        _ => None,
    }
}

#[tokio::test]
async fn nobody_listens() {
    let base_url = Server::nobody();
    for error in [
        read(&builder(&base_url).build_service().unwrap()).await,
        write(&builder(&base_url).build_service().unwrap()).await,
    ] {
        let error = error.unwrap_err();
        assert_eq!(kind(&error), Some(TransportErrorKind::Connect));
        assert!(error.is_retryable() && !error.is_timeout());
        check_text(&error);
    }
}

#[tokio::test]
async fn the_connection_breaks_within_the_body() {
    let error = meet(Fault::Reset(answer("200 OK", &["Content-Length: 1000"], "{\"code\":\"s3cret")), 4, 1).await;
    assert_eq!(kind(&error), Some(TransportErrorKind::Interrupted));
    assert!(error.is_retryable());
    let error = meet(Fault::Answer(answer("200 OK", &["Content-Length: 1000"], "{\"code\":\"s3cret")), 4, 1).await;
    assert_eq!(kind(&error), Some(TransportErrorKind::Interrupted));
}

#[tokio::test]
async fn the_server_stalls() {
    let (nothing, head) = (Vec::new(), answer("200 OK", &["Content-Length: 9"], "{"));
    let parts = [nothing, b"HTTP/1.1 200 OK\r\nContent-".to_vec(), head];
    let [first, second, third] = parts.map(|part| meet_within(TRY, Fault::Stall(part), 4, 1));
    let (first, second, third) = tokio::join!(first, second, third);
    for error in [first, second, third] {
        assert_eq!(kind(&error), Some(TransportErrorKind::Timeout));
        assert!(error.is_timeout() && error.is_retryable());
    }
}

#[tokio::test]
async fn the_whole_call_ends_in_time() {
    let server = Server::start(vec![Fault::Stall(Vec::new())]);
    let client =
        builder(&server.base_url).attempt_timeout(TRY).operation_timeout(TRY + TRY / 2).build_service().unwrap();
    let start = Instant::now();
    assert!(read(&client).await.unwrap_err().is_timeout());
    assert!(start.elapsed() < 4 * TRY, "{:?}", start.elapsed());
    assert_eq!(server.requests(), 2);
    let error = client.get().timeout(TRY / 8).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn called_too_often() {
    let error = meet(Fault::Answer(answer("429 Too Many Requests", &[], "")), 4, 4).await;
    assert!(matches!(error, Error::RateLimited(_)) && error.is_retryable());
    assert_eq!(error.retry_after(), None);
    meet(Fault::Answer(answer("429 Too Many Requests", &["Retry-After: 0"], "")), 4, 4).await;
    // Longer than a call may take: the caller is told at once.
    for header in ["Retry-After: 100", "RateLimit-Reset: 100", "X-RateLimit-Reset: 100"] {
        let headers = [header, "X-RateLimit-Limit: 200", "X-RateLimit-Remaining: 0"];
        let error = meet(Fault::Answer(answer("429 Too Many Requests", &headers, "")), 1, 1).await;
        assert_eq!(error.retry_after(), Some(Duration::from_secs(100)));
        assert_eq!((error.rate_limit().limit, error.rate_limit().remaining), (Some(200), Some(0)));
        assert!(error.to_string().ends_with("try again in 100 s"), "{error}");
    }
}

#[tokio::test]
async fn the_server_has_trouble() {
    let page = "<html>\r\n<h1>s3cret</h1>\r\n</html>";
    for status in ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
        let error = meet(Fault::Answer(answer(status, &["Content-Type: text/html"], page)), 4, 1).await;
        let Error::Api(error) = error else { panic!("another error: {error:?}") };
        assert_eq!((error.body().as_ref(), error.result_code()), (page.as_bytes(), None));
    }
    let busy = Fault::Answer(answer("503 Service Unavailable", &["Retry-After: 0"], ""));
    assert!(meet(busy, 4, 1).await.is_retryable());
    let body = r#"{"resultCode":"A000001","resultMessage":"first\r\nsecond"}"#;
    let error = meet(Fault::Answer(answer("400 Bad Request", &[], body)), 1, 1).await;
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn trouble_passes() {
    let wrong = Fault::Answer(answer("500 Internal Server Error", &[], ""));
    let busy = Fault::Answer(answer("429 Too Many Requests", &["Retry-After: 0"], ""));
    let right = Fault::Answer(answer("200 OK", &["X-RateLimit-Remaining: 7"], "{}"));
    let server = Server::start(vec![wrong.clone(), Fault::Reset(Vec::new()), right.clone()]);
    let answer = builder(&server.base_url).build_service().unwrap().get().await.unwrap();
    assert_eq!((server.requests(), answer.rate_limit().remaining), (3, Some(7)));
    let server = Server::start(vec![busy, right.clone()]);
    write(&builder(&server.base_url).build_service().unwrap()).await.unwrap();
    assert_eq!(server.requests(), 2);
    let server = Server::start(vec![wrong, right]);
    let client = builder(&server.base_url).retry(RetryPolicy::off()).build_service().unwrap();
    assert!(read(&client).await.is_err());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn the_body_is_not_what_it_should_be() {
    for (headers, body) in [
        (["Content-Type: application/json"], ""),
        (["Content-Type: application/json"], "{\"serviceName\":\"s3cret"),
        (["Content-Type: application/json"], "[]"),
        (["Content-Type: text/html"], "<p>s3cret</p>"),
    ] {
        let error = meet(Fault::Answer(answer("200 OK", &headers, body)), 1, 1).await;
        assert!(!error.is_retryable());
        let Error::Decode(error) = error else { panic!("another error: {error:?}") };
        assert!(!error.excerpt().contains("s3cret"), "{error:?}");
    }
    let server = Server::start(vec![Fault::Answer(answer("200 OK", &["Content-Type: text/plain"], "{}"))]);
    read(&builder(&server.base_url).build_service().unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_body_is_large() {
    let name = "x".repeat(10 << 20);
    let body = format!("{{\"serviceName\":\"{name}\"}}");
    let server = Server::start(vec![Fault::Answer(answer("200 OK", &[], &body))]);
    let client = builder(&server.base_url).build_service().unwrap();
    let service = client.get().await.unwrap();
    assert_eq!(service.service_name.as_deref().map(str::len), Some(name.len()));
}

#[tokio::test]
async fn the_body_is_larger_than_allowed() {
    let body = format!("{{\"serviceName\":\"{}\"}}", "x".repeat(1 << 16));
    let chunked = {
        let (first, second) = body.split_at(1 << 10);
        let part = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{}{}0\r\n\r\n", part(first), part(second)).into_bytes()
    };
    // One says how much it sends, one does not.
    for bytes in [answer("200 OK", &[], &body), chunked] {
        let server = Server::start(vec![Fault::Answer(bytes)]);
        let error = read(&builder(&server.base_url).body_limit(1 << 15).build_service().unwrap()).await.unwrap_err();
        assert_eq!((kind(&error), server.requests()), (Some(TransportErrorKind::TooLarge), 1));
        assert!(!error.is_retryable() && error.to_string().contains("body_limit"), "{error}");
        check_text(&error);
        read(&builder(&server.base_url).body_limit(body.len()).build_service().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_redirect_takes_the_token_nowhere() {
    let elsewhere = Server::start(vec![Fault::Answer(answer("200 OK", &[], "{}"))]);
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}/api/1/service/get", elsewhere.base_url);
        let error = meet(Fault::Answer(answer(status, &[&location], "")), 1, 1).await;
        assert!(error.status().is_some_and(|status| status.is_redirection()), "{error}");
    }
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn the_certificate_is_from_nobody_we_know() {
    let (base_url, connections) = Server::unknown_authority();
    let error = read(&builder(&base_url).build_service().unwrap()).await.unwrap_err();
    assert_eq!(kind(&error), Some(TransportErrorKind::Tls), "{:?}", std::error::Error::source(&error));
    assert!(!error.is_retryable() && error.to_string().contains("certificate"), "{error}");
    check_text(&error);
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 1, "it is not tried again");
}

#[tokio::test]
async fn the_breaker_spares_the_server() {
    let server = Server::start(vec![Fault::Answer(answer("500 Internal Server Error", &[], ""))]);
    let breaker = CircuitBreaker::default().failures(3);
    let client = builder(&server.base_url).circuit_breaker(breaker).build_service().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_eq!((kind(&error), server.requests()), (Some(TransportErrorKind::CircuitOpen), 3));
    check_text(&error);
    assert!(error.retry_after().is_some_and(|wait| wait > Duration::from_secs(30)));
    assert!(write(&client).await.unwrap_err().status().is_some(), "another operation");
}

#[tokio::test]
async fn a_dropped_call_leaves_the_client_whole() {
    let stall = Fault::Stall(Vec::new());
    let server = Server::start(vec![stall.clone(), stall, Fault::Answer(answer("200 OK", &[], "{}"))]);
    let limiter = RateLimiter::new(1000, 1);
    let client = builder(&server.base_url)
        .rate_limit(limiter)
        .circuit_breaker(CircuitBreaker::default())
        .build_service()
        .unwrap();
    for requests in 1..=2 {
        let call = tokio::spawn({
            let client = client.clone();
            async move { read(&client).await }
        });
        while server.requests() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        call.abort();
    }
    read(&client).await.unwrap();
}
