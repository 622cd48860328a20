//! The client that fetches.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, Request, Response, StatusCode, request};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::tls::Certificate;
use url::{Host, Url};

use super::cache::{Cache, Lookup, Received};
use super::{Document, FetchError, FetchScope, Kind, Wanted};

/// Whence the fetcher fetches.
#[derive(Debug, Clone)]
pub(crate) struct FetcherSettings {
    pub(crate) scope: FetchScope,
    /// How long one document may take, with its redirects.
    pub(crate) timeout: Duration,
    /// Names that are not looked up, with their addresses, which may be anywhere.
    pub(crate) hosts: BTreeMap<String, SocketAddr>,
    /// Certificates of authorities, in PEM, that are trusted beside the system's.
    pub(crate) authorities: Vec<u8>,
}

impl Default for FetcherSettings {
    fn default() -> Self {
        Self {
            scope: FetchScope::default(),
            timeout: Duration::from_secs(5),
            hosts: BTreeMap::new(),
            authorities: Vec::new(),
        }
    }
}

/// The only way out of the emulator.
#[derive(Debug)]
pub(crate) struct Fetcher {
    settings: FetcherSettings,
    /// Made when something is first fetched, which most emulators never do.
    http: OnceLock<Result<reqwest::Client, String>>,
    cache: Mutex<Cache>,
}

impl Fetcher {
    pub(crate) fn new(settings: FetcherSettings) -> Self {
        Self { settings, http: OnceLock::new(), cache: Mutex::default() }
    }

    /// The document, from the cache where it is fresh by the emulator's clock (milliseconds since 1970).
    pub(crate) async fn fetch(&self, wanted: &Wanted, now: u64) -> Result<Document, FetchError> {
        let fetching = self.follow(wanted, now);
        let timeout = tokio::time::timeout(self.settings.timeout, fetching);
        timeout.await.unwrap_or_else(|_| Err(FetchError::Timeout(wanted.url.clone())))
    }

    async fn follow(&self, wanted: &Wanted, now: u64) -> Result<Document, FetchError> {
        let mut url = wanted.url.clone();
        for _ in 0..=wanted.kind.redirects() {
            let mut step = self.step(wanted.kind, &url, wanted.revalidate, now).await?;
            if matches!(step, Step::Unknown) {
                // The cache has forgotten the document, so the server is asked for all of it.
                step = self.step(wanted.kind, &url, wanted.revalidate, now).await?;
            }
            match step {
                Step::Document(document) => return Ok(document),
                Step::Redirect(next) => url = next,
                Step::Unknown => return Err(FetchError::Status { url, status: StatusCode::NOT_MODIFIED.as_u16() }),
            }
        }
        Err(FetchError::Redirect(wanted.url.clone()))
    }

    /// One request, or none where the cache has the document.
    async fn step(&self, kind: Kind, url: &str, revalidate: bool, now: u64) -> Result<Step, FetchError> {
        self.check(url)?;
        let unusable = |_| FetchError::Url(url.to_owned());
        let request = Request::get(url).header(ACCEPT, kind.accept()).body(()).map_err(unusable)?;
        let parts = match self.with_cache(|cache| cache.look_up(&request, now, revalidate)) {
            Lookup::Fresh(body, fresh_until) => return Ok(Step::Document(Document { body, fresh_until })),
            Lookup::Ask(parts) => parts,
        };
        let response = self.send(url, parts).await?;
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let base = Url::parse(url).map_err(|_| FetchError::Url(url.to_owned()))?;
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| base.join(location).ok());
            return next.map(|next| Step::Redirect(next.into())).ok_or_else(|| FetchError::Redirect(url.to_owned()));
        }
        if status != StatusCode::OK && status != StatusCode::NOT_MODIFIED {
            self.with_cache(|cache| cache.forget(&request));
            return Err(FetchError::Status { url: url.to_owned(), status: status.as_u16() });
        }
        if status == StatusCode::OK && !kind.allows(media_type(response.headers().get(CONTENT_TYPE)).as_deref()) {
            return Err(FetchError::MediaType(url.to_owned()));
        }
        let mut head = Response::new(());
        *head.status_mut() = status;
        head.headers_mut().clone_from(response.headers());
        let body = read(response, url, kind.longest()).await?;
        let received = Received { request: &request, response: head, body };
        Ok(match self.with_cache(|cache| cache.receive(received, now)) {
            Some((body, fresh_until)) => Step::Document(Document { body, fresh_until }),
            None => Step::Unknown,
        })
    }

    async fn send(&self, url: &str, parts: request::Parts) -> Result<reqwest::Response, FetchError> {
        let unreachable = |why: String| FetchError::Unreachable { url: url.to_owned(), why };
        let http = self.http.get_or_init(|| client(&self.settings)).as_ref().map_err(|why| unreachable(why.clone()))?;
        http.get(url).headers(parts.headers).send().await.map_err(|error| unreachable(innermost(&error)))
    }

    /// Whether the URL may be asked for at all. Where its name leads to is checked when it is looked up.
    fn check(&self, text: &str) -> Result<(), FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::Url(text.to_owned()))?;
        let outside = |why| Err(FetchError::OutOfScope { url: text.to_owned(), why });
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Url(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return outside("it has a user name or a password");
        }
        let scope = self.settings.scope;
        let allowed = match url.host() {
            Some(Host::Ipv4(address)) => scope.allows(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => scope.allows(IpAddr::V6(address)),
            Some(Host::Domain(name)) => self.settings.hosts.contains_key(name) || scope.looks_up(name),
            None => false,
        };
        if allowed { Ok(()) } else { outside("its host is not one that may be fetched from") }
    }

    fn with_cache<T>(&self, act: impl FnOnce(&mut Cache) -> T) -> T {
        act(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

enum Step {
    Document(Document),
    Redirect(String),
    /// The server takes for granted that a document is known which is not.
    Unknown,
}

fn client(settings: &FetcherSettings) -> Result<reqwest::Client, String> {
    let failed = |error: reqwest::Error| innermost(&error);
    let authorities = Certificate::from_pem_bundle(&settings.authorities).map_err(failed)?;
    let resolver = Resolver { scope: settings.scope };
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .user_agent(concat!("authlete-emulator/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(resolver);
    for (name, address) in &settings.hosts {
        builder = builder.resolve(name, *address);
    }
    // On this machine nobody has a certificate of a public authority.
    let builder = match settings.scope {
        FetchScope::Loopback => builder.tls_certs_only(authorities),
        _ => builder.tls_certs_merge(authorities),
    };
    builder.build().map_err(failed)
}

/// Looks names up, and keeps the addresses that may be connected to. The connection goes to one of these and no other,
/// so a name cannot lead elsewhere in between.
struct Resolver {
    scope: FetchScope,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let scope = self.scope;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| scope.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err("its name leads to no address that may be fetched from".into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// The body, unless it is longer than it may be.
async fn read(mut response: reqwest::Response, url: &str, longest: usize) -> Result<Arc<[u8]>, FetchError> {
    let too_large = || FetchError::TooLarge(url.to_owned());
    if response.content_length().is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > longest)) {
        return Err(too_large());
    }
    let failed = |error: reqwest::Error| FetchError::Unreachable { url: url.to_owned(), why: innermost(&error) };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > longest {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// The media type without its parameters, in small letters.
fn media_type(value: Option<&HeaderValue>) -> Option<String> {
    let value = value?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// What went wrong at the bottom of an error: the others only say that something did.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests;
