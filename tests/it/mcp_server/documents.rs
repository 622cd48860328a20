//! A server of metadata documents on this machine, and documents that mean no good.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::Uri;
use serde_json::{Value, json};

use super::{Mcp, query_of};

/// Documents by path, which a test may change at any time. No copy of them may be kept.
pub(super) struct Documents {
    address: String,
    published: Arc<Mutex<BTreeMap<String, String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Documents {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let (published, requests) =
            (Arc::<Mutex<BTreeMap<String, String>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (known, seen) = (Arc::clone(&published), Arc::clone(&requests));
        let router = axum::Router::new().fallback(move |uri: Uri| {
            seen.lock().unwrap().push(uri.path().to_owned());
            let document = known.lock().unwrap().get(uri.path()).cloned();
            async move { respond(uri.path(), document) }
        });
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { address, published, requests }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(super) fn publish(&self, path: &str, content: String) {
        self.published.lock().unwrap().insert(path.to_owned(), content);
    }

    fn count(&self, path: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|one| *one == path).count()
    }
}

fn respond(path: &str, document: Option<String>) -> Response {
    let response = Response::builder().header("content-type", "application/json").header("cache-control", "no-store");
    let body = match (path, document) {
        ("/redirects", _) => return response.status(302).header("location", "/inside").body(Body::empty()).unwrap(),
        // A connection that is open, on which nothing comes.
        ("/slow", _) => Body::from_stream(Unending(None)),
        // One that never ends, so that no length can be seen before.
        ("/endless", _) => Body::from_stream(Unending(Some(Bytes::from_static(&[b' '; 1024])))),
        (_, Some(document)) => Body::from(document),
        (_, None) => return response.status(404).body(Body::empty()).unwrap(),
    };
    response.body(body).unwrap()
}

/// A body that goes on with the same, or waits for ever.
struct Unending(Option<Bytes>);

impl futures_core::Stream for Unending {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &self.0 {
            Some(part) => Poll::Ready(Some(Ok(part.clone()))),
            None => Poll::Pending,
        }
    }
}

#[tokio::test]
async fn a_document_that_is_not_good_ends_the_request() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    // Where it redirects to there is a good one, which says that it is the other.
    let redirects = mcp.documents.url("/redirects");
    mcp.publish("/inside", |document| document["client_id"] = json!(redirects));
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("/huge", |document| document["x"] = json!("x".repeat(1 << 20))),
        ("/other-id", |document| document["client_id"] = json!("https://agent.example/agent.json")),
        ("/secret", |document| document["client_secret"] = json!("s")),
        ("/basic", |document| document["token_endpoint_auth_method"] = json!("client_secret_basic")),
        ("/script", |document| document["redirect_uris"] = json!(["javascript:alert(1)"])),
        ("/nowhere", |document| document["redirect_uris"] = json!([])),
    ];
    for (path, change) in changes {
        mcp.publish(path, change);
    }
    let paths = ["/redirects", "/slow", "/endless", "/absent"];
    for path in paths.into_iter().chain(changes.map(|(path, _)| path)) {
        let began = Instant::now();
        let page = mcp.authorize(&mut ada, &mcp.documents.url(path), &[]).await;
        // It is an error of the server's, and goes nowhere that the document says.
        assert_eq!(page.status, 400, "{path}: {page:?}");
        assert!(
            page.url.starts_with(crate::authorization_server::URL) && !page.says("Do you agree?"),
            "{path}: {page:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(20), "{path} took {:?}", began.elapsed());
        assert_eq!(mcp.documents.count(path), 1, "{path}");
    }
    assert_eq!(mcp.documents.count("/inside"), 0);
    // Other agents are served as before.
    let client = mcp.publish("/agent.json", |_| {});
    assert!(mcp.authorize(&mut ada, &client, &[]).await.says("Do you agree?"));
}

#[tokio::test]
async fn a_document_that_changes_gets_no_consent_that_was_given_before() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    let client = mcp.publish("/agent.json", |_| {});
    let page = mcp.authorize(&mut ada, &client, &[]).await;
    assert!(page.says("Do you agree?") && page.says("this computer"), "{page:?}");
    // While Ada reads, the document gets another redirect URI, and a request of somebody else's has it fetched again.
    mcp.publish("/agent.json", |document| document["redirect_uris"] = json!(["https://evil.example/cb"]));
    let mut mallory = mcp.world.browser();
    mcp.authorize(&mut mallory, &client, &[("redirect_uri", "https://evil.example/cb")]).await;
    assert_eq!(mcp.documents.count("/agent.json"), 2);
    let decided = ada.decide(&page, "allow").await;
    assert!(decided.says("Something changed") && !decided.url.contains("code="), "{decided:?}");
    // The old redirect URI is good no more.
    assert_eq!(mcp.authorize(&mut ada, &client, &[]).await.status, 400);
}

#[tokio::test]
async fn consent_ends_when_the_document_changes() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    // What goes to a web site alone can be remembered.
    let site = |document: &mut Value| document["redirect_uris"] = json!(["https://app.example/cb"]);
    let to_site = [("redirect_uri", "https://app.example/cb")];
    let client = mcp.publish("/site.json", site);
    let page = mcp.authorize(&mut ada, &client, &to_site).await;
    assert!(query_of(&ada.decide(&page, "allow").await.url).contains_key("code"));
    assert!(query_of(&mcp.authorize(&mut ada, &client, &to_site).await.url).contains_key("code"));
    mcp.publish("/site.json", |document| {
        site(document);
        document["client_name"] = json!("Another helper");
    });
    assert!(mcp.authorize(&mut ada, &client, &to_site).await.says("Do you agree?"));
}
