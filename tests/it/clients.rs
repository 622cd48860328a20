//! The layer for users: groups against the emulator, and what travels, recorded.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authlete_api::actions::AuthorizationAction;
use authlete_api::layers::RetryPolicy;
use authlete_api::types;
use authlete_api::{
    Authlete, AuthleteService, BoxFuture, ClientId, Credentials, CredentialsProvider, DpopKey, Error, Idempotency,
    Operation, ProviderError, SharedCredentials, Transport, TransportError, operations,
};
use authlete_emulator::Emulator;
use base64::Engine as _;
use bytes::Bytes;
use futures_core::Stream;
use serde_json::{Value, json};

use crate::server::{Server, full, json as json_answer};

/// Keeps what is sent, and answers with what was prepared: status and body.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    answers: VecDeque<(u16, Value)>,
    /// Method, path with query, `Authorization`, body.
    requests: Vec<(String, String, String, Value)>,
}

impl Recorder {
    fn answering(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let recorder = Self::default();
        recorder.0.lock().unwrap().answers.extend(answers);
        recorder
    }

    fn service(&self) -> AuthleteService {
        let builder = Authlete::builder().base_url("https://authlete.example").transport(self.clone());
        builder.service_token(12, "s3cret").build_service().unwrap()
    }

    fn organization(&self) -> Authlete {
        let builder = Authlete::builder().base_url("https://authlete.example").idp_url("https://idp.example");
        builder.organization_token("s3cret").transport(self.clone()).build().unwrap()
    }

    fn sent(&self) -> Vec<(String, String, String, Value)> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }

    fn paths(&self) -> Vec<String> {
        self.sent().into_iter().map(|(method, path, ..)| format!("{method} {path}")).collect()
    }
}

impl Transport for Recorder {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        let mut record = self.0.lock().unwrap();
        let url = request.uri();
        let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        record.requests.push((request.method().to_string(), path, authorization.unwrap_or_default(), body));
        let (status, answer) = record.answers.pop_front().unwrap_or((200, json!({})));
        let answer = http::Response::builder().status(status).body(Bytes::from(answer.to_string())).unwrap();
        Box::pin(async { Ok(answer) })
    }
}

#[test]
fn both_ends_are_shared_between_tasks_and_print_no_secret() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Authlete>();
    shared::<AuthleteService>();
    let service = Recorder::default().service();
    let printed = format!("{service:?} {:?} {:?}", service.authlete(), service.clients());
    assert!(!printed.contains("s3cret") && printed.contains("12"), "{printed}");
    let builder = Authlete::builder().service_token(1, "s3cret");
    assert!(!format!("{builder:?}").contains("s3cret"));
}

#[test]
fn a_builder_without_a_service_or_with_a_bad_token_says_so() {
    let builder = || Authlete::builder().base_url("https://authlete.example");
    let error = builder().organization_token("t").build().unwrap().default_service().unwrap_err();
    assert!(error.to_string().contains("service_id"), "{error}");
    assert!(builder().service_token(1, "a b").build().is_err());
    let own = builder().organization_token("t").http_client(reqwest::Client::new());
    let proxy = reqwest::Proxy::https("http://127.0.0.1:1").unwrap();
    let error = own.proxy(proxy).build().unwrap_err();
    assert!(error.to_string().contains("proxy"), "{error}");
}

#[tokio::test]
async fn groups_work_against_the_emulator() {
    let emulator = Emulator::start().await.unwrap();
    let token = emulator.organization_token();
    let authlete = Authlete::builder().base_url(emulator.base_url()).organization_token(token).build().unwrap();
    let settings = types::Service::default().issuer("https://as.example.com");
    let id = authlete.services().create(&settings).await.unwrap().api_key.unwrap();
    let service = authlete.service(id);
    assert_eq!(service.get().await.unwrap().issuer, settings.issuer);
    let client = types::OAuthClient::default()
        .redirect_uris(["https://client.example.org/cb"])
        .response_types([types::ResponseType::Code])
        .grant_types([types::GrantType::AuthorizationCode]);
    let client = service.clients().create(client).await.unwrap().client_id.unwrap();
    let query = format!("response_type=code&client_id={client}");
    let action = service.authorization().process(query).await.unwrap();
    assert!(matches!(action, AuthorizationAction::Interaction(_)), "{action:?}");
}

#[tokio::test]
async fn nobody_passes_the_service_id_twice() {
    let recorder = Recorder::default();
    let service = recorder.service();
    let _ = service.introspection().process("token").await.unwrap();
    let _ = service.clients().get(34).await.unwrap();
    let _ = service.clients().refresh_secret("an alias/").await.unwrap();
    let _ = service.clients().refresh_secret(ClientId::from(34)).await.unwrap();
    let _ = service.access_tokens().list().client_identifier("c").start(5).end(10).await.unwrap();
    let _ = service.clients().list_authorized("user").await.unwrap();
    let _ = service.authlete().utilities().echo().await.unwrap();
    let sent = recorder.sent();
    assert_eq!(sent[0].3, json!({"token": "token"}));
    assert!(sent.iter().all(|request| request.2 == "Bearer s3cret"));
    let paths: Vec<_> = sent.iter().map(|request| request.1.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/api/12/auth/introspection",
            "/api/12/client/get/34",
            "/api/12/client/secret/refresh/an%20alias%2F",
            "/api/12/client/secret/refresh/34",
            "/api/12/auth/token/get/list?clientIdentifier=c&start=5&end=10",
            "/api/12/client/authorization/get/list?subject=user",
            "/api/misc/echo",
        ]
    );
}

#[tokio::test]
async fn a_modification_keeps_what_is_unknown_and_says_what_changed() {
    let known = json!({"clientId": 34, "clientName": "old", "newField": {"kept": [1, null]}, "redirectUris": ["a"]});
    let mut after = known.clone();
    after["clientName"] = "new".into();
    let recorder = Recorder::answering([(200, known.clone()), (200, after.clone()), (200, known)]);
    let service = recorder.service();
    let change = |client: &mut types::OAuthClient| client.client_name = Some("new".to_owned());
    let modified = service.clients().modify(34, change).await.unwrap();
    assert_eq!(modified.changed(), ["clientName"]);
    assert_eq!(modified.client_name.as_deref(), Some("new"));
    let sent = recorder.sent();
    assert_eq!((sent[1].1.as_str(), &sent[1].3), ("/api/12/client/update/34", &after));
    let modified = service.clients().modify(34, |_| {}).await.unwrap();
    assert!(modified.changed().is_empty());
    assert_eq!(recorder.paths(), ["GET /api/12/client/get/34"]);
}

#[tokio::test]
async fn lists_are_fetched_page_by_page_and_as_a_stream() {
    let page = |ids: &[i64]| {
        let clients: Vec<_> = ids.iter().map(|id| json!({"clientId": id})).collect();
        (200, json!({"totalCount": 3, "clients": clients}))
    };
    let recorder = Recorder::answering([page(&[1, 2]), page(&[3]), page(&[1, 2]), page(&[3]), page(&[])]);
    let service = recorder.service();
    let mut pages = service.clients().list().pages().page_size(2);
    let first = pages.next_page().await.unwrap().unwrap();
    assert_eq!((first.start, first.items.len(), first.total), (0, 2, Some(3)));
    assert_eq!(pages.next_page().await.unwrap().unwrap().start, 2);
    assert!(pages.next_page().await.unwrap().is_none());
    assert_eq!(
        recorder.paths(),
        ["GET /api/12/client/get/list?start=0&end=2", "GET /api/12/client/get/list?start=2&end=4"]
    );

    let mut stream = pin!(service.clients().list().developer("dev").pages().page_size(2).into_stream());
    let mut ids = Vec::new();
    while let Some(client) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        ids.push(client.unwrap().client_id.unwrap());
        assert_eq!(recorder.0.lock().unwrap().requests.len(), ids.len().div_ceil(2), "pages come on demand");
    }
    assert_eq!(ids, [1, 2, 3]);
    assert!(service.clients().list().pages().collect().await.unwrap().is_empty());
}

#[tokio::test]
async fn lists_with_cursors_are_fetched_as_others_are() {
    let page = |events: &[&str], next: Value| {
        let entries: Vec<_> = events.iter().map(|event| json!({"event": event})).collect();
        (200, json!({"entries": entries, "limit": 2, "nextCursor": next}))
    };
    let pages = [page(&["a", "b"], json!("1/2")), page(&[], json!("3")), page(&["c"], json!(null))];
    let recorder = Recorder::answering([pages.clone(), pages.clone()].concat());
    let authlete = recorder.organization();
    let mut listed = authlete.audit().entries().types(["x"]).pages().page_size(2);
    let first = listed.next_page().await.unwrap().unwrap();
    assert_eq!((first.start.as_str(), first.items.len(), first.total), (None, 2, None));
    assert_eq!(first.next, Some("1/2".into()));
    let second = listed.next_page().await.unwrap().unwrap();
    assert_eq!((second.start.as_str(), second.next), (Some("3"), None), "a page may be empty and not the last");
    assert!(listed.next_page().await.unwrap().is_none());
    let paths = ["types=x&limit=2", "types=x&limit=2&cursor=1%2F2", "types=x&limit=2&cursor=3"];
    assert_eq!(recorder.paths(), paths.map(|query| format!("GET /api/audit/entries?{query}")));

    let mut stream = pin!(authlete.audit().entries().pages().into_stream());
    let mut events = Vec::new();
    while let Some(entry) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        events.extend(entry.unwrap().event);
    }
    assert_eq!(events, ["a", "b", "c"]);
    recorder.paths();

    // To go on where another program stopped.
    let resumed = authlete.audit().entries().pages().start_at("1/2").collect().await.unwrap();
    assert!(resumed.is_empty());
    assert_eq!(recorder.paths(), ["GET /api/audit/entries?limit=100&cursor=1%2F2"]);
    // A server that names the same cursor again is not asked for ever.
    let recorder = Recorder::answering([page(&["a"], json!("1")), page(&["b"], json!("1"))]);
    assert_eq!(recorder.organization().audit().entries().pages().collect().await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_audit_log_of_the_emulator_is_read_to_its_end() {
    let emulator = Emulator::start().await.unwrap();
    let builder = Authlete::builder().base_url(emulator.base_url()).idp_url(emulator.base_url());
    let authlete = builder.organization_token(emulator.organization_token()).build().unwrap();
    for _ in 0..5 {
        authlete.services().create(types::Service::default()).await.unwrap();
        emulator.clock().advance(Duration::from_secs(1));
    }
    let entries = || authlete.audit().entries().types(["service.create"]).pages().page_size(2);
    let all = entries().collect().await.unwrap();
    assert_eq!(all.len(), 5);
    let mut pages = entries();
    let first = pages.next_page().await.unwrap().unwrap();
    let rest = entries().start_at(first.next.unwrap()).collect().await.unwrap();
    assert_eq!([first.items, rest].concat(), all);
}

#[tokio::test]
async fn a_stream_ends_after_an_error() {
    let service = Recorder::answering([(500, json!({}))]).service();
    let mut stream = pin!(service.clients().list().pages().into_stream());
    let first = poll_fn(|context| stream.as_mut().poll_next(context)).await;
    assert!(matches!(first, Some(Err(Error::Api(_)))));
    assert!(poll_fn(|context| stream.as_mut().poll_next(context)).await.is_none());
}

/// Has one more token than the first, which is refused.
struct Two;

impl CredentialsProvider for Two {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
        Box::pin(async { Ok(Credentials::bearer("first")?) })
    }

    fn refresh<'a>(&'a self, _: &'a Credentials) -> BoxFuture<'a, Result<Option<Credentials>, ProviderError>> {
        Box::pin(async { Ok(Some(Credentials::bearer("second")?)) })
    }
}

#[tokio::test]
async fn a_provider_is_asked_once_for_fresh_credentials() {
    let recorder = Recorder::answering([(401, json!({})), (200, json!({})), (401, json!({})), (401, json!({}))]);
    let builder = Authlete::builder().base_url("https://authlete.example").transport(recorder.clone());
    let service = builder.credentials_provider(Two).service_id(12).build_service().unwrap();
    let _ = service.introspection().process("t").await.unwrap();
    let status = service.introspection().process("t").await.unwrap_err().status();
    assert_eq!(status.map(|status| status.as_u16()), Some(401));
    let sent = recorder.sent();
    let tokens: Vec<_> = sent.iter().map(|request| request.2.as_str()).collect();
    assert_eq!(tokens, ["Bearer first", "Bearer second", "Bearer first", "Bearer second"]);
    assert_eq!(sent[0].3, sent[1].3);
}

/// The key of RFC 7515, appendix A.3.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

// RFC 9449 8: the server asks for a nonce, and the request is made again with it, in a new proof.
#[tokio::test]
async fn a_nonce_is_taken_into_the_next_proof() {
    let wanted = full("401 Unauthorized", &["DPoP-Nonce: n-1", "WWW-Authenticate: DPoP error=\"use_dpop_nonce\""], "");
    let server = Server::start(vec![wanted, json_answer("200 OK", "{}"), json_answer("200 OK", "{}")]);
    let key = DpopKey::from_jwk(KEY).unwrap();
    let builder = Authlete::builder().base_url(&server.base_url).dpop_token("at", &key).service_id(1);
    let service = builder.retry(RetryPolicy::off()).build_service().unwrap();
    for _ in 0..2 {
        // What uses up a ticket, too: a call that was answered 401 was not served.
        let _ = service.authorization().issue(types::AuthorizationIssueRequest::new("ada", "ticket")).await.unwrap();
    }
    let proofs: Vec<Value> = server.requests().iter().map(|request| proof(request)).collect();
    let nonces: Vec<_> = proofs.iter().map(|proof| proof["nonce"].as_str()).collect();
    assert_eq!(nonces, [None, Some("n-1"), Some("n-1")]);
    assert_ne!(proofs[1]["jti"], proofs[2]["jti"]);
    assert_eq!(proofs[0]["htu"], format!("{}/api/1/auth/authorization/issue", server.base_url));
}

/// The claims of the proof in a request.
fn proof(request: &str) -> Value {
    let value = |name: &str| {
        let lines = request.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(value("authorization"), ["DPoP at"]);
    let proofs = value("dpop");
    let [proof] = proofs[..] else { panic!("{proofs:?}") };
    let claims = proof.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn credentials_are_replaced_while_the_client_runs() {
    let recorder = Recorder::default();
    let credentials = SharedCredentials::new(Credentials::bearer("first").unwrap());
    let builder = Authlete::builder().base_url("https://authlete.example").transport(recorder.clone());
    let service = builder.credentials_provider(credentials.clone()).service_id(12).build_service().unwrap();
    let _ = service.get().await.unwrap();
    credentials.replace(Credentials::basic("key", "secret").unwrap());
    let _ = service.get().await.unwrap();
    let tokens: Vec<_> = recorder.sent().into_iter().map(|request| request.2).collect();
    assert_eq!(tokens, ["Bearer first", "Basic a2V5OnNlY3JldA=="]);
}

#[tokio::test]
async fn operations_without_a_method_are_reached() {
    let recorder = Recorder::answering([(200, json!({"action": "OK"}))]);
    let service = recorder.service();
    let body = json!({"a": 1});
    let answer = service.client().request(http::Method::POST, "/api/12/rs/sign?x=1", Some(&body)).await.unwrap();
    assert_eq!(&answer[..], br#"{"action":"OK"}"#);
    let expected = ("POST".to_owned(), "/api/12/rs/sign?x=1".to_owned(), "Bearer s3cret".to_owned(), body);
    assert_eq!(recorder.sent(), [expected]);
    let error = service.client().request(http::Method::GET, "//elsewhere", None::<&()>).await.unwrap_err();
    assert!(matches!(error, Error::Request(_)), "{error}");
}

#[test]
fn what_uses_up_a_ticket_or_a_code_is_not_tried_again() {
    let of = |class| operations::ALL.iter().filter(|operation| operation.idempotency == class).count();
    assert_eq!((of(Idempotency::Safe), of(Idempotency::Idempotent), of(Idempotency::NotIdempotent)), (36, 25, 34));
    for operation in [&operations::AUTH_TOKEN, &operations::AUTH_AUTHORIZATION_ISSUE, &operations::DEVICE_COMPLETE] {
        assert_eq!(operation.idempotency, Idempotency::NotIdempotent);
    }
    assert_eq!(operations::AUTH_INTROSPECTION.idempotency, Idempotency::Safe);
}
