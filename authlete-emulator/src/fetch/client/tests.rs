//! Bounds, redirects and caching, against servers on this machine.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, Response};

use super::{FetchError, FetchScope, Fetcher, FetcherSettings, Kind, Wanted};

/// A server that answers every request by a function, and counts them.
struct Origin {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Origin {
    async fn start(answer: impl Fn(&str, usize) -> Response<Body> + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let (seen, count) = (Arc::clone(&requests), Arc::new(AtomicUsize::new(0)));
        let router = Router::new().fallback(move |request: HttpRequest| {
            seen.lock().expect("the requests").push(request.headers().clone());
            let response = answer(request.uri().path(), count.fetch_add(1, Ordering::SeqCst));
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn count(&self) -> usize {
        self.requests.lock().expect("the requests").len()
    }
}

fn json(headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().header("Content-Type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).expect("a response")
}

fn redirect(to: &str) -> Response<Body> {
    Response::builder().status(302).header("Location", to).body(Body::empty()).expect("a response")
}

fn fetcher() -> Fetcher {
    Fetcher::new(FetcherSettings::default())
}

async fn get(fetcher: &Fetcher, kind: Kind, url: &str, now: u64) -> Result<String, FetchError> {
    let document = fetcher.fetch(&Wanted::new(kind, url), now).await?;
    Ok(document.text().expect("UTF-8").to_owned())
}

#[tokio::test]
async fn a_document_is_kept_for_as_long_as_it_says() {
    let origin = Origin::start(|_, count| json(&[("Cache-Control", "max-age=60")], format!("{count}"))).await;
    let (fetcher, url) = (fetcher(), origin.url("/keys"));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("0"));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 59_000).await.as_deref(), Ok("0"));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 61_000).await.as_deref(), Ok("1"));
    let forced = Wanted { revalidate: true, ..Wanted::new(Kind::KeySet, &url) };
    let document = fetcher.fetch(&forced, 62_000).await.expect("a document");
    assert_eq!((document.text(), document.fresh_until), (Some("2"), 122_000));
}

#[tokio::test]
async fn what_says_nothing_is_asked_for_again() {
    for header in [("X-Nothing", ""), ("Cache-Control", "no-store"), ("Cache-Control", "no-cache")] {
        let origin = Origin::start(move |_, count| json(&[header], format!("{count}"))).await;
        let (fetcher, url) = (fetcher(), origin.url("/keys"));
        assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("0"));
        assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("1"), "{header:?}");
    }
}

#[tokio::test]
async fn an_entity_tag_saves_the_body() {
    let origin = Origin::start(|_, count| match count {
        0 => json(&[("ETag", "\"a\""), ("Cache-Control", "max-age=10")], "first"),
        _ => unchanged(Some("\"a\"")),
    })
    .await;
    let (fetcher, url) = (fetcher(), origin.url("/keys"));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("first"));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 11_000).await.as_deref(), Ok("first"));
    assert_eq!(origin.requests.lock().expect("requests")[1].get("if-none-match").expect("a tag"), "\"a\"");
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 20_000).await.as_deref(), Ok("first"));
    assert_eq!(origin.count(), 2);
}

fn unchanged(tag: Option<&str>) -> Response<Body> {
    let mut response = Response::builder().status(304).header("Cache-Control", "max-age=10");
    if let Some(tag) = tag {
        response = response.header("ETag", tag);
    }
    response.body(Body::empty()).expect("a response")
}

#[tokio::test]
async fn unchanged_says_nothing_about_what_is_not_known() {
    let origin = Origin::start(|_, count| match count {
        0 => json(&[("ETag", "\"a\""), ("Cache-Control", "max-age=10")], "first"),
        1 => unchanged(Some("\"other\"")),
        2 => json(&[], "second"),
        _ => unchanged(None),
    })
    .await;
    let (knowing, url) = (fetcher(), origin.url("/keys"));
    assert_eq!(get(&knowing, Kind::KeySet, &url, 0).await.as_deref(), Ok("first"));
    assert_eq!(get(&knowing, Kind::KeySet, &url, 11_000).await.as_deref(), Ok("second"));
    let failed = get(&fetcher(), Kind::KeySet, &url, 12_000).await;
    assert_eq!(failed, Err(FetchError::Status { url, status: 304 }));
}

#[tokio::test]
async fn errors_are_not_kept() {
    let origin = Origin::start(|_, count| match count {
        0 => Response::builder().status(503).header("Cache-Control", "max-age=60").body(Body::empty()).expect("503"),
        _ => json(&[], "there"),
    })
    .await;
    let (fetcher, url) = (fetcher(), origin.url("/keys"));
    let failed = get(&fetcher, Kind::KeySet, &url, 0).await;
    assert_eq!(failed, Err(FetchError::Status { url: url.clone(), status: 503 }));
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("there"));
}

#[tokio::test]
async fn redirects_are_followed_within_bounds() {
    let origin = Origin::start(|path, _| match path {
        "/one" => redirect("/two"),
        "/two" => json(&[], "here"),
        "/outside" => redirect("http://192.0.2.1/keys"),
        _ => redirect("/round"),
    })
    .await;
    let fetcher = fetcher();
    assert_eq!(get(&fetcher, Kind::KeySet, &origin.url("/one"), 0).await.as_deref(), Ok("here"));
    let round = origin.url("/round");
    assert_eq!(get(&fetcher, Kind::KeySet, &round, 0).await, Err(FetchError::Redirect(round)));
    let one = origin.url("/one");
    assert_eq!(get(&fetcher, Kind::ClientMetadata, &one, 0).await, Err(FetchError::Redirect(one)));
    let outside = get(&fetcher, Kind::KeySet, &origin.url("/outside"), 0).await;
    assert!(matches!(outside, Err(FetchError::OutOfScope { .. })), "{outside:?}");
}

#[tokio::test]
async fn a_document_has_a_size_and_a_type() {
    let origin = Origin::start(|path, _| match path {
        "/declared" => json(&[], vec![b' '; 6 << 10]),
        "/endless" => json(&[], Body::from_stream(Endless)),
        "/html" => Response::builder().header("Content-Type", "text/html").body("<html>".into()).expect("a page"),
        _ => Response::builder()
            .header("Content-Type", "application/x+json; charset=utf-8")
            .body("{}".into())
            .expect("a document"),
    })
    .await;
    let fetcher = fetcher();
    for path in ["/declared", "/endless"] {
        let url = origin.url(path);
        assert_eq!(get(&fetcher, Kind::ClientMetadata, &url, 0).await, Err(FetchError::TooLarge(url)));
    }
    let html = origin.url("/html");
    assert_eq!(get(&fetcher, Kind::ClientMetadata, &html, 0).await, Err(FetchError::MediaType(html)));
    assert_eq!(get(&fetcher, Kind::ClientMetadata, &origin.url("/json"), 0).await.as_deref(), Ok("{}"));
}

/// A body that never ends.
struct Endless;

impl futures_core::Stream for Endless {
    type Item = std::io::Result<Vec<u8>>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok(vec![b' '; 1 << 10])))
    }
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    // It accepts connections, and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    let settings = FetcherSettings { timeout: Duration::from_millis(50), ..FetcherSettings::default() };
    assert_eq!(get(&Fetcher::new(settings), Kind::KeySet, &url, 0).await, Err(FetchError::Timeout(url)));
}

#[tokio::test]
async fn nothing_outside_of_the_scope_is_asked_for() {
    let fetcher = fetcher();
    for url in [
        "http://192.0.2.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://client.example/jwks.json",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://2130706433.example/",
        "http://user:password@127.0.0.1/",
    ] {
        let fetched = get(&fetcher, Kind::KeySet, url, 0).await;
        assert!(matches!(fetched, Err(FetchError::OutOfScope { .. })), "{url}: {fetched:?}");
    }
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "client.example"] {
        assert_eq!(get(&fetcher, Kind::KeySet, url, 0).await, Err(FetchError::Url(url.to_owned())));
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_not_followed() {
    // A name that is looked up in the wider scope still leads nowhere but to allowed addresses.
    let settings = FetcherSettings { scope: FetchScope::Public, ..FetcherSettings::default() };
    let fetched = get(&Fetcher::new(settings), Kind::KeySet, "http://ip6-allnodes.invalid/", 0).await;
    assert!(matches!(fetched, Err(FetchError::Unreachable { .. })), "{fetched:?}");
}

#[tokio::test]
async fn a_name_may_be_given_an_address() {
    let origin = Origin::start(|_, _| json(&[], "{}")).await;
    let hosts = [("client.example".to_owned(), origin.address)].into();
    let fetcher = Fetcher::new(FetcherSettings { hosts, ..FetcherSettings::default() });
    let url = format!("http://client.example:{}/", origin.address.port());
    assert_eq!(get(&fetcher, Kind::KeySet, &url, 0).await.as_deref(), Ok("{}"));
}
