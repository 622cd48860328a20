//! Answers that are none, and what a caller learns of them.

use std::time::Duration;

use authlete_api::layers::RetryPolicy;
use authlete_api::types::{AuthorizationRequest, AuthorizationResponse};
use authlete_api::{ApiError, Authlete, DecodeError, Error, TransportErrorKind};
use authlete_emulator::Emulator;

use crate::server::{Answer, Server, full, json};

/// The error of a call that is answered so.
async fn failed(answer: Answer) -> Error {
    let server = Server::once(answer);
    let request = AuthorizationRequest::new("client_id=1");
    server.client().authorization().process(&request).await.expect_err("this answer is no success")
}

async fn api_error(answer: Answer) -> ApiError {
    match failed(answer).await {
        Error::Api(error) => *error,
        other => panic!("another error: {other:?}"),
    }
}

async fn decode_error(answer: Answer) -> DecodeError {
    match failed(answer).await {
        Error::Decode(error) => *error,
        other => panic!("another error: {other:?}"),
    }
}

fn kind(error: &Error) -> TransportErrorKind {
    match error {
        Error::Transport(error) => error.kind(),
        other => panic!("another error: {other:?}"),
    }
}

#[tokio::test]
async fn an_error_body_is_read() {
    let body = r#"{"resultCode":"A004201","resultMessage":"[A004201] It is wrong.","more":1}"#;
    let error = api_error(json("400 Bad Request", body)).await;
    assert_eq!(error.status(), 400);
    assert_eq!(error.result_code(), Some("A004201"));
    assert_eq!(error.result_message(), Some("[A004201] It is wrong."));
    assert_eq!(error.body(), body);
    let text = error.to_string();
    assert!(
        text.starts_with("auth_authorization (POST /api/{serviceId}/auth/authorization) at http://127.0.0.1:"),
        "{text}"
    );
    assert!(text.ends_with(": HTTP 400 Bad Request: [A004201] It is wrong"), "{text}");
}

#[tokio::test]
async fn each_status_comes_with_advice() {
    for (status, advice) in [
        ("302 Found", "; redirects are not followed: check the base URL"),
        ("400 Bad Request", ": HTTP 400 Bad Request, without Authlete's error body"),
        ("401 Unauthorized", "; check the access token and the region it belongs to"),
        ("403 Forbidden", "; the access token is not permitted to do this"),
        ("404 Not Found", "; check the service id, the other ids and the base URL"),
        ("500 Internal Server Error", "; Authlete or a proxy on the way has trouble, which may pass"),
        ("501 Not Implemented", "; this server cannot do it"),
        ("505 HTTP Version Not Supported", "; this server cannot do it"),
    ] {
        let error = failed(json(status, "{}")).await;
        assert!(error.to_string().ends_with(advice), "{error}");
        assert!(std::error::Error::source(&error).is_none(), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_without_its_values() {
    let error = decode_error(json("201 Created", r#"{"ticket":"s3cret","client":{"clientId":"s3cret"}}"#)).await;
    assert_eq!((error.status().as_u16(), error.path()), (201, "$.client.clientId"));
    assert_eq!(error.headers()["content-type"], "application/json");
    assert!(error.reason().starts_with("expected i64 at line 1"), "{}", error.reason());
    assert_eq!(error.excerpt(), r#"{"ticket":"…","client":{"clientId":"…""#);
    let error = authlete_api::decode::<AuthorizationResponse>(br#"{"action":true}"#).unwrap_err();
    assert!(error.path() == "$.action" && error.reason().starts_with("expected a text"), "{error}");
}

#[tokio::test]
async fn a_failure_of_the_transport_has_its_causes() {
    let nobody = Authlete::builder().base_url("http://127.0.0.1:1").service_token(1, "t").retry(RetryPolicy::off());
    let error = nobody.build_service().unwrap().get().await.unwrap_err();
    let Error::Transport(transport) = &error else { panic!("{error:?}") };
    let text = transport.to_string();
    assert!(text.contains(" at http://127.0.0.1:1: no connection could be made; check"), "{text}");
    for error in [&error as &dyn std::error::Error, transport] {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let refused = |cause: &(dyn std::error::Error + 'static)| {
            let io = cause.downcast_ref::<std::io::Error>();
            io.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
        };
        assert!(causes.into_iter().any(refused), "{error:?}");
    }
}

/// The error of a call to the identity provider that is answered so.
async fn idp_error(answer: Answer) -> Error {
    let server = Server::once(answer);
    let builder = Authlete::builder().base_url("https://authlete.example").idp_url(&server.base_url);
    let authlete = builder.organization_token("s3cret-token").retry(RetryPolicy::off()).build().unwrap();
    authlete.audit().types().await.expect_err("this answer is no success")
}

#[tokio::test]
async fn an_error_body_of_the_identity_provider_is_read() {
    for (body, message) in [
        (r#"{"error":"No access to organization 7.","organizationId":7}"#, Some("No access to organization 7.")),
        (
            r#"{"errors":["apiServerId is missing.","service: not an object",{"more":1}]}"#,
            Some("apiServerId is missing.; service: not an object"),
        ),
        (r#"{"error":{"message":"nested"}}"#, None),
        (r#"{"errors":[]}"#, None),
        ("<html></html>", None),
        (r#"{"resultCode":"A1","resultMessage":"As elsewhere.","error":"x"}"#, Some("As elsewhere.")),
    ] {
        let Error::Api(error) = idp_error(json("403 Forbidden", body)).await else { panic!("another error") };
        assert_eq!((error.status().as_u16(), error.result_message()), (403, message));
        assert_eq!(error.body(), body);
        let shown = message
            .map_or(", without Authlete's error body".to_owned(), |text| format!(": {}", text.trim_end_matches('.')));
        assert!(error.to_string().contains(&format!(": HTTP 403 Forbidden{shown}; ")), "{error}");
    }
    let error = idp_error(json("404 Not Found", r#"{"error":"No such service"}"#)).await;
    assert!(error.to_string().ends_with("HTTP 404 Not Found: No such service"), "{error}");
    let error = idp_error(json("401 Unauthorized", r#"{"error":"Unknown user or token"}"#)).await;
    assert!(error.to_string().ends_with("Unknown user or token; check the organization's access token"), "{error}");
}

#[tokio::test]
async fn failures_of_the_identity_provider_are_met_as_others_are() {
    let server = Server::start(vec![
        json("503 Service Unavailable", r#"{"error":"Later."}"#),
        full("429 Too Many Requests", &["Retry-After: 0"], r#"{"error":"Slow down."}"#),
        json("200 OK", r#"["service.create"]"#),
    ]);
    let builder = Authlete::builder().base_url("https://authlete.example").idp_url(&server.base_url);
    let retry = RetryPolicy::default().initial_backoff(Duration::from_millis(1));
    let authlete = builder.organization_token("s3cret-token").retry(retry).build().unwrap();
    assert_eq!(*authlete.audit().types().await.unwrap(), ["service.create"]);
    assert_eq!(server.requests().len(), 3);
    let error = idp_error(full("429 Too Many Requests", &["Retry-After: 9"], r#"{"error":"Slow down."}"#)).await;
    assert!(matches!(&error, Error::RateLimited(error) if error.result_message() == Some("Slow down.")), "{error:?}");
    assert_eq!((error.is_retryable(), error.retry_after()), (true, Some(Duration::from_secs(9))));
}

#[tokio::test]
async fn errors_of_the_emulators_identity_provider_say_what_is_wrong() {
    let emulator = Emulator::start().await.unwrap();
    let with = |token: &str| {
        let builder = Authlete::builder().base_url(emulator.base_url()).idp_url(emulator.base_url());
        builder.organization_token(token).build().unwrap()
    };
    let said = |error: Error| match error {
        Error::Api(error) => (error.status().as_u16(), error.result_message().unwrap_or_default().to_owned()),
        other => panic!("another error: {other:?}"),
    };
    let error = with("unknown").audit().types().await.unwrap_err();
    let (status, message) = said(error);
    assert!(status == 401 && !message.is_empty(), "{status} {message}");
    let error = with(emulator.organization_token()).audit().entries().limit(2).after("noon").await.unwrap_err();
    assert_eq!(said(error), (400, "after is not a date and time like 2026-06-01T12:34:56Z.".to_owned()));
}

#[tokio::test]
async fn a_numeric_result_code_is_read_as_text() {
    let error = api_error(json("404 Not Found", r#"{"resultCode":404,"resultMessage":null}"#)).await;
    assert_eq!((error.status().as_u16(), error.result_code(), error.result_message()), (404, Some("404"), None));
}

#[tokio::test]
async fn a_body_of_any_kind_leaves_status_and_headers() {
    for (status, code, body) in [
        ("502 Bad Gateway", 502, "<html><body>Bad gateway</body></html>"),
        ("503 Service Unavailable", 503, ""),
        ("500 Internal Server Error", 500, "{\"resultCode\":\"A0"),
        ("401 Unauthorized", 401, "[1,2]"),
        ("403 Forbidden", 403, r#"{"resultCode":{},"resultMessage":[]}"#),
    ] {
        let error = api_error(full(status, &["X-Gateway: here"], body)).await;
        assert_eq!((error.status().as_u16(), error.body().as_ref()), (code, body.as_bytes()));
        assert_eq!(error.headers()["x-gateway"], "here");
        assert_eq!((error.result_code(), error.result_message()), (None, None));
        assert!(error.to_string().contains("without Authlete's error body"), "{error}");
    }
}

#[tokio::test]
async fn a_caller_can_tell_when_to_try_again() {
    let error = failed(full("429 Too Many Requests", &["Retry-After: 7"], "{}")).await;
    assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
    assert_eq!(error.operation().map(|operation| operation.id), Some("auth_authorization_api"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let Error::RateLimited(error) = error else { panic!("another error: {error:?}") };
    assert_eq!(error.headers()["retry-after"], "7");
    assert!(error.to_string().ends_with("slow down and try again in 7 s"), "{error}");
}

#[tokio::test]
async fn json_that_ends_early_says_so() {
    let error = decode_error(json("200 OK", r#"{"ticket":"s3cret","client":{"clientName":"s3c"#)).await;
    assert_eq!(error.path(), "$.client.clientName");
    assert!(error.reason().starts_with("the body ends too early"), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3c"), "{error}");
    assert_eq!(error.status(), 200);
}

#[tokio::test]
async fn a_wrong_type_is_told_by_its_place_not_its_value() {
    for (body, path) in [
        (r#"{"client":{"clientId":"s3cret"}}"#, "$.client.clientId"),
        (r#"{"acrs":["a",{"s3cret":1}]}"#, "$.acrs[1]"),
        (r#"{"acrEssential":"s3cret"}"#, "$.acrEssential"),
        (r#"{"action":["s3cret"]}"#, "$.action"),
        (r#"["s3cret"]"#, "$"),
        ("", "$"),
        ("s3cret", "$"),
    ] {
        let error = decode_error(json("200 OK", body)).await;
        assert_eq!(error.path(), path, "{body}: {error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        assert_eq!(error.body(), body);
    }
}

#[tokio::test]
async fn no_content_is_none_where_the_description_knows_it() {
    let server = Server::once(full("204 No Content", &[], ""));
    let keys = server.client().jwks().await.unwrap();
    assert_eq!(keys.status(), 204);
    assert!(keys.into_inner().is_none());
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    // Port 1 belongs to a service that nobody runs.
    let client = Authlete::builder().base_url("http://127.0.0.1:1").service_token(1, "t").build_service().unwrap();
    let error = client.get().await.expect_err("nobody listens");
    assert_eq!(kind(&error), TransportErrorKind::Connect);
    assert_eq!((error.status(), error.is_timeout()), (None, false));
}

#[tokio::test]
async fn a_connection_that_breaks_is_interrupted() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ticket\":\"s3cret\"",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"ticket\":\"s3cret\"",
    ] {
        let error = failed(Answer::Bytes(answer.as_bytes().to_vec())).await;
        assert_eq!(kind(&error), TransportErrorKind::Interrupted, "{answer}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn time_runs_out() {
    let server = Server::once(Answer::Silence);
    let error = server.client().get().timeout(Duration::from_millis(50)).await.expect_err("no answer comes");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_the_token_stays() {
    let elsewhere = Server::once(json("200 OK", "{}"));
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}/api/1/auth/authorization", elsewhere.base_url);
        let error = api_error(full(status, &[&location], "")).await;
        assert!(error.status().is_redirection());
        assert!(error.headers().contains_key("location"));
    }
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_path_parameter_that_would_call_another_operation_is_refused() {
    let server = Server::once(json("200 OK", "{}"));
    for stage in ["", "/stage", "/stage/"] {
        let builder = Authlete::builder().base_url(format!("{}{stage}", server.base_url)).organization_token("t");
        let authlete = builder.build().unwrap();
        for id in ["", ".", ".."] {
            for error in [
                authlete.service("1").access_tokens().delete(id).await.map(drop).expect_err("no id"),
                authlete.service(id).clients().get(1).await.map(drop).expect_err("no id"),
                authlete.service(id).get().await.map(drop).expect_err("no id"),
            ] {
                assert!(matches!(error, Error::Request(_)), "{id:?}: {error:?}");
                assert!(error.to_string().contains("not sent: a path parameter is empty"), "{error}");
            }
        }
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}
