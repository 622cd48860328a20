//! The transport over HTTP, by reqwest, and its settings.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use reqwest::Url;

use super::tls_and_proxy::{TlsAndProxy, build_client};
use super::{BoxFuture, Transport};
use crate::error::{Error, TransportError, TransportErrorKind};
use crate::operation::Operation;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the builder is told about HTTP.
#[derive(Default)]
#[allow(missing_docs, reason = "the builder documents its setters")]
pub struct HttpSettings {
    pub client: Option<reqwest::Client>,
    pub connect_timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    pub body_limit: Option<usize>,
    pub tls_and_proxy: TlsAndProxy,
}

impl HttpSettings {
    /// Makes the transport. `plain` is the URL of a server on this machine that is called without TLS.
    ///
    /// What is sent to it in clear must not leave this machine: by a proxy, it would.
    pub(crate) fn build(self, plain: Option<&str>) -> Result<HttpTransport, Error> {
        let refuse = |way: &str| {
            Err(Error::configuration(format!(
                "{} is called without TLS, and {way} would carry the token unencrypted; use https, or `allow_http()`",
                plain.unwrap_or_default()
            )))
        };
        if plain.is_some() && !self.tls_and_proxy.proxies.is_empty() {
            return refuse("the proxy that is set");
        }
        if let (Some(plain), Some(_)) = (plain, &self.client)
            && let Some(variable) = proxy_for(plain, |name| std::env::var(name).ok())
        {
            return refuse(&format!("the proxy that {variable} names"));
        }
        let client = match self.client {
            Some(_) if self.connect_timeout.is_some() || self.attempt_timeout.is_some() => {
                return Err(Error::configuration(
                    "an HTTP client and a timeout for it are both given; set the timeout where that client is made",
                ));
            }
            Some(_) if !self.tls_and_proxy.is_empty() => {
                return Err(Error::configuration(
                    "an HTTP client and a proxy or certificate for it are both given; set these where that client is made",
                ));
            }
            Some(client) => client,
            None => {
                let builder = || {
                    let builder = match plain {
                        // The environment may name a proxy for this host too.
                        Some(_) => reqwest::Client::builder().no_proxy(),
                        None => reqwest::Client::builder(),
                    };
                    self.tls_and_proxy
                        .apply(builder)
                        .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
                        .timeout(self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT))
                        .redirect(reqwest::redirect::Policy::none())
                };
                build_client(builder, plain.is_some())?
            }
        };
        let transport = HttpTransport::new(client);
        Ok(match self.body_limit {
            Some(bytes) => transport.body_limit(bytes),
            None => transport,
        })
    }
}

/// The variable of the environment that names a proxy for a plain URL, by which an HTTP client of the user's may send.
fn proxy_for(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = host.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    let exempt = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
    if exempt.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case(host)) {
        return None;
    }
    ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].into_iter().find(|name| set(name).is_some())
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let kind = if error.is_connect() {
            if is_tls(&error) { TransportErrorKind::Tls } else { TransportErrorKind::Connect }
        } else if error.is_timeout() {
            TransportErrorKind::Timeout
        } else {
            TransportErrorKind::Interrupted
        };
        // The URL goes: `/auth/token/delete/{accessTokenIdentifier}` may hold a token.
        Self::new(kind, error.without_url())
    }
}

/// Whether a connection failed for what the server said, not for the lack of one. rustls calls that invalid data; the
/// libraries of platforms say what is wrong with the certificate.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
            || error.to_string().to_ascii_lowercase().contains("certificate")
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// How large a response may be, unless somebody says otherwise: the largest lists have a few megabytes.
const BODY_LIMIT: usize = 32 << 20;

/// The transport over HTTP, by [`reqwest`].
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    body_limit: usize,
    /// Scheme and authority of the first request, parsed: those of the next are the same, as a rule.
    origin: Arc<OnceLock<Url>>,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // reqwest shows the client's default headers.
        f.debug_struct("HttpTransport").field("body_limit", &self.body_limit).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Uses the given client. It should follow no redirects
    /// ([`reqwest::redirect::Policy::none`]), so that credentials never travel to another host.
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, body_limit: BODY_LIMIT, origin: Arc::default() }
    }

    /// How many bytes the body of a response may have, after decompression: by default 32 MiB. A larger one is an error,
    /// and its connection is closed.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        // What the header promises too much of need not be read.
        let mut length = match answer.content_length() {
            Some(length) if length > self.body_limit as u64 => return Err(self.too_large()),
            _ => 0,
        };
        // Mostly there is one part, which needs no copy.
        let (mut first, mut all) = (Bytes::new(), Vec::new());
        while let Some(part) = answer.chunk().await? {
            length += part.len();
            if length > self.body_limit {
                return Err(self.too_large());
            }
            if first.is_empty() && all.is_empty() {
                first = part;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&part);
        }
        Ok(if all.is_empty() { first } else { all.into() })
    }

    fn too_large(&self) -> TransportError {
        TransportError::new(TransportErrorKind::TooLarge, format!("{} bytes are allowed", self.body_limit))
    }
}

/// The request as reqwest has it. Its own conversion parses the whole URL, and takes along extensions that nothing beyond
/// here looks at, to be copied by every layer of its client.
fn for_reqwest(request: http::Request<Bytes>, origin: &OnceLock<Url>) -> Result<reqwest::Request, TransportError> {
    let (parts, body) = request.into_parts();
    let url = url(&parts.uri, origin).ok_or_else(|| {
        // The path may hold a token, so the URL is not quoted.
        TransportError::new(TransportErrorKind::Connect, "the request is not for a URL with scheme and host")
    })?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(body.into());
    Ok(request)
}

/// The URL of a request. Parsing one from the start costs a tenth of a whole call's instructions.
fn url(uri: &Uri, origin: &OnceLock<Url>) -> Option<Url> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let is_of = |origin: &&Url| {
        let rest = origin.as_str().strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        rest.and_then(|rest| rest.strip_prefix(authority)) == Some("/")
    };
    let mut url = match origin.get().filter(is_of) {
        Some(known) => known.clone(),
        None => {
            let parsed = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
            origin.get_or_init(|| parsed.clone());
            parsed
        }
    };
    url.set_path(uri.path());
    if let Some(query) = uri.query() {
        url.set_query(Some(query));
    }
    Some(url)
}

impl Transport for HttpTransport {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = for_reqwest(request, &self.origin)?;
            let mut answer = self.client.execute(request).await?;
            let mut response = http::Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.version_mut() = answer.version();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            *response.body_mut() = self.body(answer).await?;
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_of_the_environment_is_found_unless_the_host_is_exempt() {
        let find = |url: &str, variables: &[(&str, &str)]| {
            let lookup =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
            proxy_for(url, lookup)
        };
        let url = "http://127.0.0.1:8080/stage";
        assert_eq!(find(url, &[]), None);
        assert_eq!(find(url, &[("HTTP_PROXY", " ")]), None);
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            assert_eq!(find(url, &[(name, "http://proxy:3128")]), Some(name));
            assert_eq!(find(url, &[(name, "http://proxy:3128"), ("NO_PROXY", "x, 127.0.0.1")]), None);
            assert_eq!(find("http://[::1]:1", &[(name, "http://proxy:3128"), ("no_proxy", "::1")]), None);
            assert_eq!(find(url, &[(name, "http://proxy:3128"), ("NO_PROXY", "localhost")]), Some(name));
        }
        assert_eq!(find(url, &[("HTTPS_PROXY", "http://proxy:3128")]), None);
    }

    #[test]
    fn a_request_for_reqwest_is_the_same_request() {
        let origin = OnceLock::new();
        for url in [
            "https://authlete.example:8443/base/api/1/a%2Fb?c=d&e=%20",
            "https://authlete.example:8443/",
            "https://authlete.example:8443/api/a;b='c'|{d}?",
            "https://authlete.example:8443/api/a|{d}?x='y'|{z}",
            "https://authlete.example/api/info",
            "https://AUTHLETE.example:443/api/info",
            "http://[::1]:8080/api/info?x",
        ] {
            let request = http::Request::put(url).version(http::Version::HTTP_2).header("x-one", "1");
            let request = for_reqwest(request.body(Bytes::from_static(b"body")).unwrap(), &origin).unwrap();
            assert_eq!((request.method().as_str(), request.url()), ("PUT", &Url::parse(url).unwrap()));
            assert_eq!((request.version(), request.headers()["x-one"].as_bytes()), (http::Version::HTTP_2, &b"1"[..]));
            assert_eq!(request.body().and_then(reqwest::Body::as_bytes), Some(&b"body"[..]));
        }
        assert_eq!(origin.get().map(Url::as_str), Some("https://authlete.example:8443/"));
        let error = for_reqwest(http::Request::get("/secret").body(Bytes::new()).unwrap(), &origin).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }

    #[test]
    fn nothing_plain_goes_through_a_proxy() {
        let mut settings = HttpSettings::default();
        settings.tls_and_proxy.proxies.push(reqwest::Proxy::all("http://proxy.example:3128").unwrap());
        let error = settings.build(Some("http://127.0.0.1:8080")).unwrap_err().to_string();
        assert!(error.contains("proxy") && error.contains("http://127.0.0.1:8080"), "{error}");
    }

    #[test]
    fn a_client_of_the_users_takes_no_settings_beside_it() {
        let with = |set: fn(&mut HttpSettings)| {
            let mut settings = HttpSettings { client: Some(reqwest::Client::new()), ..HttpSettings::default() };
            set(&mut settings);
            settings.build(None).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert!(with(|settings| settings.connect_timeout = Some(CONNECT_TIMEOUT)).unwrap_err().contains("timeout"));
        assert!(with(|settings| settings.attempt_timeout = Some(CONNECT_TIMEOUT)).unwrap_err().contains("timeout"));
        let proxy = |settings: &mut HttpSettings| {
            settings.tls_and_proxy.proxies.push(reqwest::Proxy::all("http://proxy.example").unwrap());
        };
        assert!(with(proxy).unwrap_err().contains("proxy"));
        #[cfg(feature = "rustls")]
        assert!(
            with(|settings| settings.tls_and_proxy.roots.push(reqwest::Certificate::from_der(b"a").unwrap()))
                .unwrap_err()
                .contains("certificate")
        );
    }

    #[tokio::test]
    async fn what_is_announced_to_be_too_large_is_not_waited_for() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/info", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n").await.unwrap();
            // The body never comes.
            std::future::pending::<()>().await;
        };
        let transport = HttpTransport::new(reqwest::Client::builder().no_proxy().build().unwrap()).body_limit(10);
        let request = http::Request::get(url).body(Bytes::new()).unwrap();
        let error = tokio::select! {
            sent = transport.send(request, &crate::test::INFO) => sent.unwrap_err(),
            () = server => unreachable!(),
            () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it waits for the body"),
        };
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
    }
}
