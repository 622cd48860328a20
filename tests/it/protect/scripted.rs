//! What the layer asks Authlete, and what it makes of the answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authlete_api::{
    Authlete, AuthleteService, BoxFuture, Operation, Transport, TransportError, TransportErrorKind, http_inputs,
};
use authlete_resource_server::ResourceServer;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{api, get_with, send};

/// A status and a body, or none.
type Answer = Result<(u16, Value), TransportErrorKind>;

/// The last question.
type Asked = Arc<Mutex<Option<Value>>>;

/// Answers every call with the same, and remembers the last question. A token that begins with `bound` is refused without
/// a proof.
struct Script {
    answer: Answer,
    question: Asked,
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        let question: Option<Value> = serde_json::from_slice(request.body()).ok();
        let unproven = question.as_ref().is_some_and(|question| {
            question["dpop"].is_null() && question["token"].as_str().is_some_and(|token| token.starts_with("bound"))
        });
        *self.question.lock().unwrap() = question;
        let refusal = Ok((200, json!({"action": "UNAUTHORIZED", "responseContent": "DPoP error=\"invalid_token\""})));
        let answer = match if unproven { &refusal } else { &self.answer } {
            Ok((status, body)) => {
                let answer = http::Response::builder().status(*status).header("retry-after", "7");
                Ok(answer.body(Bytes::from(body.to_string())).unwrap())
            }
            Err(kind) => Err(TransportError::new(*kind, "as the test says")),
        };
        Box::pin(async { answer })
    }
}

fn scripted(answer: Answer) -> (AuthleteService, Asked) {
    let question = Asked::default();
    let script = Script { answer, question: Arc::clone(&question) };
    let builder = Authlete::builder().base_url("https://authlete.example").service_token(1, "t").transport(script);
    (builder.build_service().unwrap(), question)
}

fn ok(more: &Value) -> Answer {
    let mut answer = json!({"action": "OK", "subject": "ada", "scopes": ["a"]});
    answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Ok((200, answer))
}

#[tokio::test]
async fn the_question_has_what_the_request_has() {
    let (service, asked) = scripted(ok(&json!({"dpopNonce": "n2"})));
    let certificate = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    let server = ResourceServer::new(service)
        .external_url("https://api.example.com/v1/")
        .certificates(http_inputs::client_certificates);
    let layer = server
        .protect()
        .scopes(["a", "b"])
        .resources(["https://api.example.com"])
        .acr_values(["loa2"])
        .max_age(Duration::from_secs(60));
    let request = Request::post("/orders?page=2")
        .header("authorization", "dpop bound1")
        .header("dpop", "proof")
        .header("client-cert", ":AQID:")
        .body(Body::from("body"))
        .unwrap();
    let got = send(&api(layer), request).await;
    assert_eq!((got.status, got.body.as_str()), (StatusCode::OK, "ada a"));
    assert_eq!(got.header("dpop-nonce"), "n2");
    let expected = json!({
        "token": "bound1", "dpop": "proof", "htm": "POST", "htu": "https://api.example.com/v1/orders",
        "scopes": ["a", "b"], "resources": ["https://api.example.com"], "acrValues": ["loa2"], "maxAge": 60,
        "clientCertificate": certificate,
    });
    assert_eq!(asked.lock().unwrap().take(), Some(expected));
}

#[tokio::test]
async fn a_token_that_is_not_bound_to_a_key_is_not_accepted_as_one() {
    let (service, _) = scripted(ok(&json!({})));
    let server = ResourceServer::new(service).external_url("https://api.example.com");
    let headers = [("authorization", "DPoP loose1"), ("dpop", "proof")];
    for layer in [server.protect(), server.protect().require_dpop()] {
        let got = send(&api(layer), get_with(&headers)).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED);
        assert!(got.challenge().starts_with("DPoP error=\"invalid_token\""), "{}", got.challenge());
    }
    // Nor is a bearer token where the route wants a bound one.
    let layer = server.protect().require_dpop();
    let got = send(&api(layer), get_with(&[("authorization", "Bearer loose1")])).await;
    assert_eq!((got.status, got.headers.get_all("www-authenticate").iter().count()), (StatusCode::UNAUTHORIZED, 1));
    assert!(got.challenge().starts_with("DPoP algs=\"ES256"), "{}", got.challenge());
}

#[tokio::test]
async fn a_bearer_token_brings_no_proof() {
    let (service, asked) = scripted(ok(&json!({})));
    let layer = ResourceServer::new(service).external_url("https://api.example.com").protect();
    send(&api(layer), get_with(&[("authorization", "Bearer token1"), ("dpop", "proof")])).await;
    assert_eq!(asked.lock().unwrap().take(), Some(json!({"token": "token1"})));
}

#[tokio::test]
async fn requests_without_a_token_as_it_should_be_are_answered_at_once() {
    let algs = "ES256 ES384 EdDSA PS256 PS384 PS512 RS256 RS384 RS512";
    let (bearer, dpop) = ("Bearer scope=\"a\"", format!("DPoP scope=\"a\", algs=\"{algs}\""));
    let malformed = "Bearer error=\"invalid_request\", error_description=";
    let no_proof = "DPoP error=\"invalid_dpop_proof\", error_description=";
    /// Where, with which headers; status, and how the challenge starts.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);
    let cases: &[Case<'_>] = &[
        ("/orders", &[], 401, bearer),
        ("/orders", &[("authorization", "Basic YTpi")], 401, bearer),
        ("/orders", &[("authorization", "Bearer a b")], 400, malformed),
        ("/orders", &[("authorization", "Bearer")], 400, malformed),
        ("/orders", &[("authorization", "Bearer a"), ("authorization", "Bearer a")], 400, malformed),
        ("/orders?x=1&access_token=a", &[], 400, malformed),
        ("/orders?access%5Ftoken=a", &[("authorization", "Bearer a")], 400, malformed),
        ("/orders", &[("authorization", "DPoP a")], 401, no_proof),
        ("/orders", &[("authorization", "DPoP a"), ("dpop", "p"), ("dpop", "p")], 401, no_proof),
    ];
    for (uri, headers, status, challenge) in cases {
        let (service, asked) = scripted(ok(&json!({})));
        let layer = ResourceServer::new(service).external_url("https://api.example.com").protect().scopes(["a"]);
        let mut request = get_with(headers);
        *request.uri_mut() = uri.parse().unwrap();
        let got = send(&api(layer), request).await;
        assert_eq!(got.status, *status, "{uri} {headers:?}");
        assert!(got.challenge().starts_with(challenge), "{uri} {headers:?}: {}", got.challenge());
        assert_eq!((got.body.as_str(), got.header("cache-control")), ("", "no-store"));
        assert!(got.refusal.is_some() && asked.lock().unwrap().is_none());
        if *challenge == bearer {
            let all: Vec<_> = got.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(all, [bearer, &dpop], "a client may choose either scheme");
        }
    }
    // Without a URL to hold proofs against, the scheme is not known.
    let (service, asked) = scripted(ok(&json!({})));
    let got = send(&api(ResourceServer::new(service).protect()), get_with(&[("authorization", "DPoP a"), ("dpop", "p")])).await;
    assert_eq!((got.status, got.challenge()), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert!(asked.lock().unwrap().is_none());
}

#[tokio::test]
async fn refusals_are_authletes() {
    for (action, status) in [("UNAUTHORIZED", 401), ("FORBIDDEN", 403), ("BAD_REQUEST", 400)] {
        let answer = json!({
            "action": action, "responseContent": "DPoP error=\"use_dpop_nonce\"", "dpopNonce": "n1",
            "resultCode": "A1", "resultMessage": "why",
        });
        let (service, _) = scripted(Ok((200, answer)));
        let got = send(&api(ResourceServer::new(service).protect()), get_with(&[("authorization", "Bearer a")])).await;
        assert_eq!((got.status.as_u16(), got.challenge()), (status, "DPoP error=\"use_dpop_nonce\""));
        assert_eq!((got.header("dpop-nonce"), got.body.as_str()), ("n1", ""));
        assert!(got.refusal.unwrap().to_string().contains("why"));
    }
}

#[tokio::test]
async fn failures_tell_the_client_nothing() {
    let internal = json!({"action": "INTERNAL_SERVER_ERROR", "responseContent": "Bearer error=\"server_error\""});
    let split = json!({"action": "UNAUTHORIZED", "responseContent": "Bearer\r\nx: y"});
    let code = json!({"resultCode": "A1", "resultMessage": "s3cret"});
    for (answer, status) in [
        (Ok((200, internal)), 500),
        (Ok((200, json!({"action": "NEW"}))), 500),
        (Ok((200, split)), 500),
        (Ok((200, json!([]))), 500),
        (Ok((401, code.clone())), 500),
        (Ok((500, code.clone())), 503),
        (Ok((429, code)), 503),
        (Err(TransportErrorKind::Connect), 503),
        (Err(TransportErrorKind::Timeout), 503),
        (Err(TransportErrorKind::Credentials), 500),
    ] {
        let waits = matches!(&answer, Ok((429 | 500, _)));
        let (service, _) = scripted(answer.clone());
        let got = send(&api(ResourceServer::new(service).protect()), get_with(&[("authorization", "Bearer a")])).await;
        assert_eq!((got.status.as_u16(), got.body.as_str(), got.challenge()), (status, "", ""), "{answer:?}");
        assert_eq!(got.header("retry-after"), if waits { "8" } else { "" }, "{answer:?}");
        assert!(!format!("{:?}", got.headers).contains("s3cret"));
        assert!(!got.refusal.unwrap().to_string().is_empty());
    }
}

#[tokio::test]
async fn a_malformed_certificate_header_is_refused() {
    let (service, asked) = scripted(ok(&json!({})));
    let layer = ResourceServer::new(service).certificates(http_inputs::client_certificates).protect();
    let got = send(&api(layer), get_with(&[("authorization", "Bearer a"), ("client-cert", "x")])).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    assert!(asked.lock().unwrap().is_none());
}
