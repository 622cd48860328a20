use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderValue;
use http::header::{AGE, CACHE_CONTROL};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{advance, timeout};

use super::*;
use authlete_api::operations::{AUTH_INTROSPECTION, AUTH_TOKEN_DELETE, SERVICE_GET};

const SECOND: Duration = Duration::from_secs(1);

/// Answers what it is set to when it is let, and counts.
struct Authlete {
    answer: Mutex<Result<(u16, String), TransportErrorKind>>,
    calls: AtomicUsize,
    gate: Semaphore,
}

impl Authlete {
    fn set(&self, answer: Result<(u16, String), TransportErrorKind>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Lets no call through until `permits` are added.
    fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }
}

impl Transport for Authlete {
    fn send<'a>(&'a self, _: http::Request<Bytes>, _: &'static Operation) -> BoxFuture<'a, Sent> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            let _permit = self.gate.acquire().await.unwrap();
            match &*self.answer.lock().unwrap() {
                Ok((status, body)) => {
                    Ok(http::Response::builder().status(*status).body(Bytes::from(body.clone())).unwrap())
                }
                Err(kind) => Err(TransportError::new(*kind, "as the test says").with_retry_after(SECOND)),
            }
        })
    }
}

type Layer = IntrospectionCacheLayer<Arc<Authlete>>;

fn good(seconds: u64) -> Result<(u16, String), TransportErrorKind> {
    let expires_at = (SystemTime::now() + Duration::from_secs(seconds)).duration_since(UNIX_EPOCH).unwrap().as_millis();
    let expires_at = u64::try_from(expires_at).unwrap();
    Ok((200, json!({"action": "OK", "subject": "ada", "expiresAt": expires_at}).to_string()))
}

fn refusal(action: &str) -> Result<(u16, String), TransportErrorKind> {
    Ok((200, json!({"action": action}).to_string()))
}

fn layer(answer: Result<(u16, String), TransportErrorKind>) -> (Arc<Layer>, Arc<Authlete>) {
    layer_with(answer, IntrospectionCache::default())
}

fn layer_with(
    answer: Result<(u16, String), TransportErrorKind>,
    cache: IntrospectionCache,
) -> (Arc<Layer>, Arc<Authlete>) {
    let gate = Semaphore::new(1000);
    let authlete = Arc::new(Authlete { answer: Mutex::new(answer), calls: AtomicUsize::new(0), gate });
    (Arc::new(Layer::new(Arc::clone(&authlete), cache)), authlete)
}

fn request(body: &Value) -> http::Request<Bytes> {
    let url = "https://authlete.example/api/1/auth/introspection";
    http::Request::post(url).body(Bytes::from(body.to_string())).unwrap()
}

async fn ask(layer: &Layer, body: &Value) -> Sent {
    layer.send(request(body), &AUTH_INTROSPECTION).await
}

async fn calls_after(layer: &Layer, authlete: &Authlete, token: &str) -> usize {
    let _ = ask(layer, &json!({"token": token})).await;
    authlete.calls()
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_its_time() {
    let (layer, authlete) = layer(good(3600));
    assert_eq!(calls_after(&layer, &authlete, "t").await, 1);
    advance(29 * SECOND).await;
    let kept = ask(&layer, &json!({"token": "t"})).await.unwrap();
    assert!(kept.headers().contains_key(AGE) && kept.body().starts_with(b"{\"action\":\"OK\""));
    assert_eq!(authlete.calls(), 1);
    assert_eq!(calls_after(&layer, &authlete, "other").await, 2);
    advance(SECOND).await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 3);
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_kept_longer_than_its_token_lives() {
    let (layer, authlete) = layer(good(10));
    calls_after(&layer, &authlete, "t").await;
    advance(9 * SECOND).await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 1);
    advance(SECOND).await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 2);

    for (answer, why) in [
        (good(0), "it has expired"),
        (refusal("OK"), "its end is not known"),
        (Ok((200, r#"{"action":"OK","expiresAt":0}"#.to_owned())), "its end is not known"),
        (Ok((200, "<html>".to_owned())), "it is not an answer"),
    ] {
        let (layer, authlete) = self::layer(answer);
        calls_after(&layer, &authlete, "t").await;
        assert_eq!(calls_after(&layer, &authlete, "t").await, 2, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_kept_briefly_and_failures_not_at_all() {
    for action in ["UNAUTHORIZED", "FORBIDDEN", "BAD_REQUEST"] {
        let (layer, authlete) = layer(refusal(action));
        calls_after(&layer, &authlete, "t").await;
        advance(4 * SECOND).await;
        assert_eq!(calls_after(&layer, &authlete, "t").await, 1, "{action}");
        advance(SECOND).await;
        assert_eq!(calls_after(&layer, &authlete, "t").await, 2, "{action}");
    }
    for answer in [
        refusal("INTERNAL_SERVER_ERROR"),
        refusal("NEW_ACTION"),
        Ok((500, r#"{"action":"OK"}"#.to_owned())),
        Err(TransportErrorKind::Connect),
    ] {
        let (layer, authlete) = layer(answer.clone());
        calls_after(&layer, &authlete, "t").await;
        assert_eq!(calls_after(&layer, &authlete, "t").await, 2, "{answer:?}");
    }
    let never = IntrospectionCache::default().negative_ttl(Duration::ZERO);
    let (layer, authlete) = layer_with(refusal("UNAUTHORIZED"), never);
    calls_after(&layer, &authlete, "t").await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 2);
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_one_request_is_never_kept() {
    for (member, value) in [
        ("dpop", json!("proof")),
        ("htm", json!("GET")),
        ("htu", json!("https://api.example")),
        ("dpopNonceRequired", json!(true)),
        ("uri", json!("/a")),
        ("targetUri", json!("https://api.example")),
        ("message", json!("body")),
        ("headers", json!([{"key": "signature", "value": "x"}])),
        ("requiredComponents", json!(["@method"])),
        ("requestBodyContained", json!(true)),
        ("maxAge", json!(60)),
        ("anythingNew", json!(1)),
    ] {
        let (layer, authlete) = layer(good(3600));
        let mut body = json!({"token": "t"});
        body[member] = value;
        ask(&layer, &body).await.unwrap();
        ask(&layer, &body).await.unwrap();
        assert_eq!(authlete.calls(), 2, "{member}");
    }
    let nonce = json!({"action": "UNAUTHORIZED", "dpopNonce": "n"}).to_string();
    let (layer, authlete) = layer(Ok((200, nonce)));
    calls_after(&layer, &authlete, "t").await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 2);
}

#[tokio::test(start_paused = true)]
async fn every_input_makes_another_question() {
    let (layer, authlete) = layer(good(3600));
    let questions = [
        json!({"token": "t"}),
        json!({"token": "t", "scopes": ["a"]}),
        json!({"token": "t", "scopes": ["b"]}),
        json!({"token": "t", "subject": "ada"}),
        json!({"token": "t", "clientCertificate": "one"}),
        json!({"token": "t", "clientCertificate": "other"}),
        json!({"token": "t", "resources": ["https://api.example"]}),
        json!({"token": "t", "acrValues": ["loa2"]}),
    ];
    for round in 0..2 {
        for (index, question) in questions.iter().enumerate() {
            ask(&layer, question).await.unwrap();
            assert_eq!(authlete.calls(), if round == 0 { index + 1 } else { questions.len() }, "{question}");
        }
    }
    let mut elsewhere = request(&questions[0]);
    *elsewhere.uri_mut() = "https://authlete.example/api/2/auth/introspection".parse().unwrap();
    layer.send(elsewhere, &AUTH_INTROSPECTION).await.unwrap();
    assert_eq!(authlete.calls(), questions.len() + 1);
    let mut anew = request(&questions[0]);
    anew.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    layer.send(anew, &AUTH_INTROSPECTION).await.unwrap();
    assert_eq!(authlete.calls(), questions.len() + 2);
}

fn revocation() -> http::Request<Bytes> {
    http::Request::delete("https://authlete.example/api/1/auth/token/delete/t").body(Bytes::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_may_end_tokens_drops_answers() {
    let (layer, authlete) = layer(good(3600));
    calls_after(&layer, &authlete, "t").await;
    layer.send(request(&json!({})), &SERVICE_GET).await.unwrap();
    assert_eq!(calls_after(&layer, &authlete, "t").await, 2);
    layer.send(revocation(), &AUTH_TOKEN_DELETE).await.unwrap();
    assert_eq!(calls_after(&layer, &authlete, "t").await, 4);

    // Whatever became of it: it may have been done.
    authlete.set(Err(TransportErrorKind::Timeout));
    layer.send(revocation(), &AUTH_TOKEN_DELETE).await.unwrap_err();
    authlete.set(good(3600));
    assert_eq!(calls_after(&layer, &authlete, "t").await, 6);
    authlete.close();
    assert!(timeout(SECOND, layer.send(revocation(), &AUTH_TOKEN_DELETE)).await.is_err());
    authlete.gate.add_permits(1000);
    tokio::task::yield_now().await;
    assert_eq!(calls_after(&layer, &authlete, "t").await, 8);
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_before_a_revocation_is_not_kept_after_it() {
    let (layer, authlete) = layer(good(3600));
    authlete.close();
    let early = tokio::spawn({
        let layer = Arc::clone(&layer);
        async move { ask(&layer, &json!({"token": "t"})).await }
    });
    tokio::task::yield_now().await;
    let revoked = tokio::spawn({
        let layer = Arc::clone(&layer);
        async move { layer.send(revocation(), &AUTH_TOKEN_DELETE).await }
    });
    tokio::task::yield_now().await;
    authlete.gate.add_permits(1000);
    assert!(early.await.unwrap().is_ok() && revoked.await.unwrap().is_ok());
    assert_eq!(calls_after(&layer, &authlete, "t").await, 3);
}

#[tokio::test]
async fn many_that_ask_at_once_make_one_call() {
    for (answer, expected) in [(good(3600), true), (Err(TransportErrorKind::Connect), false)] {
        let (layer, authlete) = layer(answer);
        authlete.close();
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let layer = Arc::clone(&layer);
                tokio::spawn(async move { ask(&layer, &json!({"token": "t"})).await })
            })
            .collect();
        tokio::task::yield_now().await;
        authlete.gate.add_permits(1000);
        for asked in asking {
            match asked.await.unwrap() {
                Ok(answer) => assert!(expected && answer.status() == 200),
                Err(error) => {
                    assert!(!expected && error.kind() == TransportErrorKind::Connect);
                    assert_eq!(error.retry_after(), Some(SECOND));
                }
            }
        }
        assert_eq!(authlete.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_calls_gives_up_another_goes_on() {
    let (layer, authlete) = layer(good(3600));
    authlete.close();
    let impatient = tokio::spawn({
        let layer = Arc::clone(&layer);
        async move {
            let mut request = request(&json!({"token": "t"}));
            request.extensions_mut().insert(Deadline::at(tokio::time::Instant::now() + SECOND));
            layer.send(request, &AUTH_INTROSPECTION).await
        }
    });
    tokio::task::yield_now().await;
    let patient = tokio::spawn({
        let layer = Arc::clone(&layer);
        async move { ask(&layer, &json!({"token": "t"})).await }
    });
    let error = impatient.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    authlete.gate.add_permits(1000);
    assert!(patient.await.unwrap().is_ok());
    assert_eq!(authlete.calls(), 2);
    assert!(layer.flights.is_empty());
}

/// A store of texts that is slow to write.
struct Slow(Arc<Texts>);

impl IntrospectionStore for Slow {
    fn get<'a>(&'a self, key: &'a IntrospectionKey) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>> {
        self.0.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a IntrospectionKey,
        kept: KeptIntrospection,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tokio::time::sleep(SECOND).await;
            self.0.put(key, kept, time).await
        })
    }

    fn clear<'a>(&'a self, service: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.clear(service)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_store_writes_after_a_revocation_goes_too() {
    let texts = Arc::new(Texts::default());
    let (layer, _) = layer_with(good(3600), IntrospectionCache::default().store(Slow(Arc::clone(&texts))));
    let slow = tokio::spawn({
        let layer = Arc::clone(&layer);
        async move { ask(&layer, &json!({"token": "t"})).await }
    });
    tokio::time::sleep(SECOND / 2).await;
    layer.send(revocation(), &AUTH_TOKEN_DELETE).await.unwrap();
    assert!(slow.await.unwrap().is_ok());
    assert!(texts.0.lock().unwrap().is_empty());
}

/// A store that fails at everything.
struct Broken;

impl IntrospectionStore for Broken {
    fn get<'a>(&'a self, _: &'a IntrospectionKey) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>> {
        Box::pin(async { Err("broken".into()) })
    }

    fn put<'a>(
        &'a self,
        _: &'a IntrospectionKey,
        _: KeptIntrospection,
        _: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Err("broken".into()) })
    }

    fn clear<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Err("broken".into()) })
    }
}

/// A store of texts, as one on another machine would be.
#[derive(Default)]
struct Texts(Mutex<std::collections::HashMap<String, String>>);

impl IntrospectionStore for Arc<Texts> {
    fn get<'a>(&'a self, key: &'a IntrospectionKey) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>> {
        let text = self.0.lock().unwrap().get(&key.to_string()).cloned();
        Box::pin(async move { Ok(text.map(|text| serde_json::from_str(&text)).transpose()?) })
    }

    fn put<'a>(
        &'a self,
        key: &'a IntrospectionKey,
        kept: KeptIntrospection,
        _: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        assert_eq!(key.service(), "https://authlete.example/api/1");
        self.0.lock().unwrap().insert(key.to_string(), serde_json::to_string(&kept).unwrap());
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, service: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        assert_eq!(service, "https://authlete.example/api/1");
        self.0.lock().unwrap().clear();
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_store_is_shared_and_its_failures_are_not_the_calls() {
    let texts = Arc::new(Texts::default());
    let shared = || layer_with(good(3600), IntrospectionCache::default().store(Arc::clone(&texts)));
    let ((one, authlete_of_one), (other, authlete_of_other)) = (shared(), shared());
    calls_after(&one, &authlete_of_one, "s3cret").await;
    assert_eq!(calls_after(&other, &authlete_of_other, "s3cret").await, 0);
    assert!(!format!("{:?}", texts.0.lock().unwrap()).contains("s3cret"));
    one.send(revocation(), &AUTH_TOKEN_DELETE).await.unwrap();
    assert_eq!(calls_after(&other, &authlete_of_other, "s3cret").await, 1);

    // What the store should have dropped is not used.
    let old = KeptIntrospection::new("{}".to_owned(), SECOND, 2 * SECOND);
    for text in texts.0.lock().unwrap().values_mut() {
        *text = serde_json::to_string(&old).unwrap();
    }
    assert_eq!(calls_after(&other, &authlete_of_other, "s3cret").await, 2);

    let (broken, authlete) = layer_with(good(3600), IntrospectionCache::default().store(Broken));
    calls_after(&broken, &authlete, "t").await;
    assert_eq!(calls_after(&broken, &authlete, "t").await, 2);
    broken.send(revocation(), &AUTH_TOKEN_DELETE).await.unwrap();
}
