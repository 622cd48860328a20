//! A span for every call, without bodies and secrets.

use std::time::Instant;

use bytes::Bytes;
use serde::Deserialize;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::Sent;
use crate::error::TransportErrorKind;
use crate::operation::Operation;
use crate::transport::Deadline;
use crate::transport::{BoxFuture, Transport};
use crate::wire::lenient;

/// Makes a [`tracing`] span for every call, around another transport.
///
/// The span is called `authlete`, of level `INFO`. Its fields are those that OpenTelemetry has for HTTP clients, and some
/// of our own: `authlete.operation`, `authlete.service_id`, `authlete.result_code`, `authlete.action` and
/// `authlete.duration_ms`. `http.request.resend_count` says how often the call was tried again; each such try is an event
/// of level `DEBUG`. Neither the URL is in it, since some paths hold tokens, nor a header or a body.
#[derive(Debug)]
pub struct TraceLayer<T> {
    inner: T,
}

/// What the span takes from a body.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Facts {
    result_code: Option<String>,
    action: Option<String>,
}

impl<T: Transport> TraceLayer<T> {
    /// Puts spans around a transport's calls.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }
}

impl<T: Transport> Transport for TraceLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        let span = span(&request, operation);
        if span.is_disabled() {
            return self.inner.send(request, operation);
        }
        let start = Instant::now();
        let deadline = request.extensions().get::<Deadline>().copied();
        let sent = self.inner.send(request, operation).instrument(span.clone());
        let ending = Ending { span, start, deadline, done: false };
        Box::pin(async move {
            let sent = sent.await;
            ending.finish(&sent);
            sent
        })
    }
}

/// Ends the record of a call, however it ends: it may be dropped at its deadline, or because nobody waits for it any more.
struct Ending {
    span: Span,
    start: Instant,
    deadline: Option<Deadline>,
    done: bool,
}

impl Ending {
    fn finish(mut self, sent: &Sent) {
        record(&self.span, sent);
        self.done = true;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.done {
            let timed_out = self.deadline.is_some_and(|deadline| deadline.remaining().is_zero());
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", if timed_out { "timeout" } else { "cancelled" });
        }
        self.span.record("authlete.duration_ms", self.start.elapsed().as_secs_f64() * 1000.0);
    }
}

fn span(request: &http::Request<Bytes>, operation: &'static Operation) -> Span {
    let span = tracing::info_span!(
        "authlete",
        otel.kind = "client",
        otel.name = operation.name,
        otel.status_code = Empty,
        http.request.method = operation.method,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.template = operation.path,
        server.address = request.uri().host(),
        server.port = port(request.uri()),
        error.r#type = Empty,
        authlete.operation = operation.id,
        authlete.service_id = Empty,
        authlete.result_code = Empty,
        authlete.action = Empty,
        authlete.duration_ms = Empty,
    );
    if !span.is_disabled()
        && let Some(id) = service_id(request.uri().path(), operation)
    {
        span.record("authlete.service_id", id);
    }
    span
}

/// The part of the URL's path that stands for `{serviceId}`. A base URL may have a path before it.
fn service_id<'a>(path: &'a str, operation: &Operation) -> Option<&'a str> {
    let place = operation.path.rsplit('/').position(|segment| segment == "{serviceId}")?;
    path.rsplit('/').nth(place)
}

fn port(uri: &http::Uri) -> Option<u16> {
    uri.port_u16().or(match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

fn record(span: &Span, outcome: &Sent) {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", name(error.kind()));
            return;
        }
    };
    span.record("http.response.status_code", answer.status().as_u16());
    if !answer.status().is_success() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", answer.status().as_str());
    }
    let facts: Facts = lenient::from_slice(answer.body()).unwrap_or_default();
    // A word: should it be anything else, it is none of the log's business.
    let word =
        |text: &&String| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if let Some(code) = facts.result_code.as_ref().filter(word) {
        span.record("authlete.result_code", code);
    }
    if let Some(action) = facts.action.as_ref().filter(word) {
        span.record("authlete.action", action);
    }
}

fn name(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::TooLarge => "too_large",
        TransportErrorKind::Credentials => "credentials",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Interrupted => "interrupted",
        TransportErrorKind::CircuitOpen => "circuit_open",
    }
}

/// Notes in the span of the call that it is tried again.
pub(super) fn sending_again(outcome: &Sent, tries: u32, wait: std::time::Duration) {
    Span::current().record("http.request.resend_count", tries);
    let why = match outcome {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => name(error.kind()).to_owned(),
    };
    tracing::debug!(error.r#type = why, tries, wait_ms = wait.as_millis() as u64, "trying again");
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use http::header::AUTHORIZATION;
    use tracing::instrument::WithSubscriber;
    use tracing_subscriber::fmt::format::FmtSpan;

    use super::super::{RetryLayer, RetryPolicy};
    use super::*;
    use crate::test::{AUTH_TOKEN_DELETE, CLIENT_GET};
    use crate::test::{Script, Step};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of one call.
    async fn log(operation: &'static Operation, path: &str, steps: &[Step]) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(move || writer.clone())
            .finish();
        let layer = TraceLayer::new(RetryLayer::new(Script::new(steps), RetryPolicy::default()));
        let url = format!("https://authlete.example:8443/base{path}");
        let mut request = http::Request::post(url).body(Bytes::from_static(b"s3cret")).unwrap();
        request.headers_mut().insert(AUTHORIZATION, "Bearer s3cret".parse().unwrap());
        async { layer.send(request, operation).await.ok() }.with_subscriber(subscriber).await;
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_a_span_with_its_tries() {
        let body = r#"{"resultCode":"A004001","action":"OK","ticket":"s3cret"}"#;
        let answer = Step::Answer { status: 200, headers: vec![("x-note", "s3cret")], body };
        let log = log(&CLIENT_GET, "/api/42/client/get/7", &[Step::status(502), answer]).await;
        for part in [
            "http.request.method=\"GET\"",
            "url.template=\"/api/{serviceId}/client/get/{clientId}\"",
            "server.address=\"authlete.example\"",
            "server.port=8443",
            "authlete.service_id=\"42\"",
            "http.response.status_code=200",
            "http.request.resend_count=1",
            "authlete.result_code=\"A004001\"",
            "authlete.action=\"OK\"",
            "authlete.duration_ms=",
            "trying again",
            "502",
        ] {
            assert!(log.contains(part), "{part} is not in\n{log}");
        }
        assert!(!log.contains("s3cret") && !log.contains("error.type=\"cancelled"), "{log}");
        // The clock of the waits is paused, that of the record is not: some part of a second.
        let rest = log.split("authlete.duration_ms=").nth(1).unwrap();
        let duration: f64 = rest.split([' ', '}']).next().unwrap().parse().unwrap();
        assert!((0.005..1000.0).contains(&duration), "{log}");
    }

    #[test]
    fn the_port_is_that_of_the_scheme_unless_it_is_said() {
        let of = |url: &str| port(&url.parse().unwrap());
        assert_eq!((of("https://a.example:8443"), of("https://a.example")), (Some(8443), Some(443)));
        assert_eq!((of("http://a.example"), of("/api/info")), (Some(80), None));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_of_a_token_is_in_it() {
        let body = r#"{"resultCode":"s3cret token","action":"s3cret!"}"#;
        let refused = Step::Answer { status: 400, headers: vec![("location", "s3cret")], body };
        let fail = |kind| Step::Fail(kind);
        for (step, kind) in [
            (refused, "400"),
            (fail(TransportErrorKind::Connect), "connect"),
            (fail(TransportErrorKind::Interrupted), "interrupted"),
        ] {
            let log = log(&AUTH_TOKEN_DELETE, "/api/42/auth/token/delete/s3cret", &[step]).await;
            assert!(log.contains(&format!("error.type=\"{kind}\"")) && log.contains("ERROR"), "{log}");
            assert!(!log.contains("s3cret"), "{log}");
        }
    }
}
