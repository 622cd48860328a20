//! A server of documents on this machine: what clients publish.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, Uri};

/// A document: its media type, a value of `Cache-Control`, and its content.
#[derive(Clone)]
struct Published {
    media_type: &'static str,
    cache_control: &'static str,
    content: String,
}

/// Documents by path, which a test may change at any time.
pub(crate) struct Documents {
    pub(crate) address: SocketAddr,
    published: Arc<Mutex<BTreeMap<String, Published>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Documents {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let published: Arc<Mutex<BTreeMap<String, Published>>> = Arc::default();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (known, seen) = (Arc::clone(&published), Arc::clone(&requests));
        let router = Router::new().fallback(move |uri: Uri| {
            let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
            seen.lock().expect("the requests").push(path.clone());
            let document = known.lock().expect("the documents").get(&path).cloned();
            async move {
                let response = Response::builder();
                let response = match document {
                    None => response.status(404).body(Body::empty()),
                    Some(document) => response
                        .header("Content-Type", document.media_type)
                        .header("Cache-Control", document.cache_control)
                        .body(document.content.into()),
                };
                response.expect("a response")
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, published, requests }
    }

    /// Publishes a document that is fresh for a minute, and gives its URL.
    pub(crate) fn publish(&self, path: &str, media_type: &'static str, content: impl Into<String>) -> String {
        self.publish_for(path, media_type, "max-age=60", content)
    }

    pub(crate) fn publish_for(
        &self,
        path: &str,
        media_type: &'static str,
        cache_control: &'static str,
        content: impl Into<String>,
    ) -> String {
        let document = Published { media_type, cache_control, content: content.into() };
        self.published.lock().expect("the documents").insert(path.to_owned(), document);
        self.url(path)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.requests.lock().expect("the requests").iter().filter(|one| *one == path).count()
    }
}
