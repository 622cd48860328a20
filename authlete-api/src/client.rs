//! The client that every operation is a method of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Response};
use reqwest::{Request, Url};

use crate::authorize::{Authorizing, Source};
use crate::call::BuildError;
use crate::connection::Connection;
use crate::credentials::{Credentials, CredentialsProvider};
use crate::layers::Layers;
use crate::transport::{BoxFuture, HttpTransport};
use crate::{Error, Operation, Region, Transport, TransportError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
const PRODUCT: HeaderValue = HeaderValue::from_static(concat!("authlete-api/", env!("CARGO_PKG_VERSION")));

/// A client of the Authlete API, with one method per operation. Cheap to clone; clones share their connections.
///
/// The methods are generated, one per operation of the description; they take the path and query parameters and the
/// body in that order and return a [`Call`](crate::Call) to await.
///
/// ```no_run
/// use authlete_api::{Client, Region, types::AuthorizationRequest};
///
/// # async fn example() -> Result<(), authlete_api::Error> {
/// let client = Client::builder().region(Region::Eu).token("access token").build()?;
/// let request = AuthorizationRequest::new("response_type=code&client_id=1".to_owned());
/// let response = client.auth_authorization("service id", &request).await?;
/// println!("{:?}", response.action);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    base_url: String,
    /// The same, parsed.
    base: Url,
    /// Builds requests, and sends them unless another transport does.
    http: reqwest::Client,
    transport: Box<dyn Transport>,
}

impl Client {
    /// Starts making a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Where calls go, without a final slash.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// Calls an operation that the description does not have: the path begins with `/api/` and may have a query; the
    /// answer is the body as it came. Credentials, transport and errors are those of every call.
    ///
    /// ```no_run
    /// # async fn example(client: authlete_api::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let body = serde_json::json!({"parameters": ""});
    /// let answer = client.request(http::Method::POST, "/api/1/vci/nonce", Some(&body)).await?;
    /// let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&(impl serde::Serialize + ?Sized)>,
    ) -> crate::Call<'_, Bytes> {
        let request = self.shared.http.request(method, format!("{}{path}", self.shared.base_url));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let request = match path.starts_with("/api/") {
            true => request.build().map_err(BuildError::from),
            false => Err("the path of every operation begins with `/api/`".into()),
        };
        crate::Call::new(self, &crate::operation::OTHER, request, crate::lenient::raw)
    }

    /// What generated methods build requests with.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// The address of a path, which begins with a slash and has its parameters escaped.
    pub(crate) fn url(&self, path: fmt::Arguments<'_>) -> Url {
        let mut url = self.shared.base.clone();
        url.set_path(&format!("{}{path}", self.base_path()));
        url
    }

    /// The path of the base URL, without a final slash.
    fn base_path(&self) -> &str {
        self.shared.base.path().trim_end_matches('/')
    }

    /// Adds to a request what every request carries.
    pub(crate) fn complete(
        &self,
        request: Result<Request, BuildError>,
        operation: &'static Operation,
    ) -> Result<Request, Error> {
        let mut request = request.map_err(|error| Error::request(operation, without_url(error)))?;
        self.check_path(request.url(), operation)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, PRODUCT);
        Ok(request)
    }

    /// An empty path parameter, or `.` and `..`, which URLs fold away, would call another operation.
    fn check_path(&self, url: &Url, operation: &'static Operation) -> Result<(), Error> {
        if std::ptr::eq(operation, &crate::operation::OTHER) {
            return Ok(());
        }
        let slashes = |path: &str| path.bytes().filter(|byte| *byte == b'/').count();
        let own = url.path().get(self.base_path().len()..).unwrap_or_default();
        if slashes(own) == slashes(operation.path) && !own.contains("//") && !own.ends_with('/') {
            return Ok(());
        }
        Err(Error::request(operation, "a path parameter is empty, `.` or `..`; give the id it stands for"))
    }

    /// Sends a request, by whatever way this client has.
    pub(crate) fn send(
        &self,
        request: Request,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.shared.transport.send(request, operation)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.shared.base_url).finish_non_exhaustive()
    }
}

/// Makes a [`Client`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    base_url: Option<String>,
    /// What calls are made with, or why they cannot be.
    credentials: Option<Result<Source, Error>>,
    connection: Connection,
    allow_http: bool,
    http: Option<reqwest::Client>,
    transport: Option<Box<dyn Transport>>,
    connect_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    body_limit: Option<usize>,
    pub(crate) layers: Layers,
}

impl ClientBuilder {
    /// Calls go to a region of Authlete's shared cloud.
    pub fn region(self, region: Region) -> Self {
        self.base_url(region.base_url())
    }

    /// Calls go to another server: scheme, host, and port and path where there are any. The path does not include
    /// `/api`, with which the paths of all operations begin.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The access token sent with every call: of a service, or of an organization.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.fixed(Credentials::bearer(token))
    }

    /// An API key and its secret, as HTTP Basic: for Authlete 2.x and self-hosted servers that still take it.
    pub fn basic(self, api_key: impl fmt::Display, api_secret: impl Into<String>) -> Self {
        self.fixed(Credentials::basic(api_key, api_secret))
    }

    /// An access token that is bound to a key: every request carries a proof made with it (RFC 9449), with the nonce the
    /// server asks for.
    #[cfg(feature = "dpop")]
    pub fn dpop_token(self, token: impl Into<String>, key: &crate::DpopKey) -> Self {
        self.fixed(Credentials::dpop(token, key))
    }

    /// Credentials made elsewhere.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.fixed(Ok(credentials))
    }

    /// Asks for credentials before every call, and for fresh ones when Authlete refuses those with 401.
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.credentials = Some(Ok(Source::Provider(Box::new(provider))));
        self
    }

    fn fixed(mut self, credentials: Result<Credentials, Error>) -> Self {
        self.credentials = Some(credentials.map(Source::Fixed));
        self
    }

    /// Connects through a proxy, in place of the one that the environment may name (`HTTPS_PROXY`).
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.connection.proxies.push(proxy);
        self
    }

    /// Trusts another certificate authority, beside those of the platform.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificate(mut self, certificate: reqwest::Certificate) -> Self {
        self.connection.roots.push(certificate);
        self
    }

    /// Shows a client certificate to the server (mutual TLS).
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn client_certificate(mut self, identity: reqwest::Identity) -> Self {
        self.connection.identity = Some(identity);
        self
    }

    /// Allows `http` to hosts other than this machine. The token then travels unencrypted.
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// Uses the given HTTP client, with its timeouts, proxies and certificates. It must be set to
    ///
    /// - follow no redirects ([`reqwest::redirect::Policy::none`]), so that credentials and tickets never travel to another
    ///   host; Authlete sends none;
    /// - give up after some time ([`reqwest::ClientBuilder::timeout`], `connect_timeout`): by itself it waits forever;
    /// - check certificates, as it does unless told otherwise.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// How long making a connection may take: by default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long one try of a call may take, from the first byte sent to the last one read: by default 30 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// How many bytes the body of an answer may have: see [`HttpTransport::body_limit`].
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sends calls through the given transport instead of over HTTP.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::Configuration`] when neither a region nor a base URL is given, the base URL is none or is not safe, the
    /// token has characters that no token has, two settings contradict each other, or no TLS library could be set up.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = self.base_url.ok_or_else(|| {
            Error::configuration("no region and no base URL are given; call `.region(…)` or `.base_url(…)`")
        })?;
        let base_url = check_base_url(&base_url, self.allow_http)?;
        let credentials = self.credentials.transpose()?;
        let http = match self.http {
            Some(_) if self.connect_timeout.is_some() || self.request_timeout.is_some() => {
                return Err(Error::configuration(
                    "an HTTP client and a timeout for it are both given; set the timeout where that client is made",
                ));
            }
            Some(_) if !self.connection.is_empty() => {
                return Err(Error::configuration(
                    "an HTTP client and a proxy or certificate for it are both given; set these where that client is made",
                ));
            }
            Some(client) => client,
            None => http_client(self.connection, self.connect_timeout, self.request_timeout)?,
        };
        let over_http = self.transport.is_none();
        let transport = self.transport.unwrap_or_else(|| {
            let transport = HttpTransport::new(http.clone());
            Box::new(match self.body_limit {
                Some(bytes) => transport.body_limit(bytes),
                None => transport,
            })
        });
        let transport = match credentials {
            Some(source) => Box::new(Authorizing::new(source, transport)),
            None => transport,
        };
        let transport = self.layers.around(transport, over_http);
        let base = base_url;
        let base_url = base.as_str().trim_end_matches('/').to_owned();
        Ok(Client { shared: Arc::new(Shared { base_url, base, http, transport }) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.as_deref().map(printable);
        f.debug_struct("ClientBuilder").field("base_url", &base_url).finish_non_exhaustive()
    }
}

/// The text of the error without the request's URL, whose path may hold a token.
fn without_url(error: BuildError) -> String {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => error.without_url().to_string(),
        Err(error) => error.to_string(),
    }
}

fn http_client(
    connection: Connection,
    connect: Option<Duration>,
    request: Option<Duration>,
) -> Result<reqwest::Client, Error> {
    connection
        .apply(reqwest::Client::builder())
        .connect_timeout(connect.unwrap_or(CONNECT_TIMEOUT))
        .timeout(request.unwrap_or(TIMEOUT))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Error::configuration(format!("the HTTP client cannot be set up: {error}")))
}

/// A base URL without what may be a credential in it, whether or not it is a URL at all.
fn printable(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &text[..scheme], &text[at..]),
        (None, Some(at)) => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    }
}

fn check_base_url(text: &str, allow_http: bool) -> Result<Url, Error> {
    let refuse = |why: &str| Error::configuration(format!("the base URL {:?} {why}", printable(text)));
    let url = Url::parse(text.trim()).map_err(|error| refuse(&format!("is not a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration("the base URL holds credentials; give them as a token instead"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("has a query or a fragment; give scheme, host, port and path alone"));
    }
    if url.path().trim_end_matches('/').ends_with("/api") {
        return Err(refuse("includes `/api`, which every operation adds by itself; leave it out"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_http || is_loopback(&url) => Ok(url),
        "http" => Err(refuse("is not https, so the token would travel unencrypted; allow_http() permits it")),
        _ => Err(refuse("has a scheme other than https")),
    }
}

/// The address that a URL has in place of a name.
pub(crate) fn address(url: &Url) -> Option<std::net::IpAddr> {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || address(url).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(base_url: &str) -> Result<Client, String> {
        Client::builder().base_url(base_url).token("t").build().map_err(|error| error.to_string())
    }

    #[test]
    fn base_urls_are_checked_when_the_client_is_made() {
        for (given, kept) in [
            ("https://eu.authlete.com", "https://eu.authlete.com"),
            ("https://authlete.internal:8443/stage//", "https://authlete.internal:8443/stage"),
            ("http://127.0.0.1:1234/", "http://127.0.0.1:1234"),
            ("http://[::1]:1234", "http://[::1]:1234"),
            ("http://localhost", "http://localhost"),
        ] {
            assert_eq!(build(given).unwrap().base_url(), kept);
        }
        for (given, complaint) in [
            ("", "not a URL"),
            ("eu.authlete.com", "not a URL"),
            ("http://eu.authlete.com", "not https"),
            ("ftp://eu.authlete.com", "scheme"),
            ("https://eu.authlete.com/api", "/api"),
            ("https://eu.authlete.com?x=1", "query"),
            ("https://user:pass@eu.authlete.com", "credentials"),
        ] {
            let error = build(given).unwrap_err();
            assert!(error.contains(complaint), "{given}: {error}");
            assert!(!error.contains("pass@"), "{error}");
        }
        assert!(Client::builder().base_url("http://eu.authlete.com").allow_http().build().is_ok());
        assert!(Client::builder().build().is_err());
    }

    #[test]
    fn tokens_are_checked_and_never_printed() {
        for token in ["", "s3cret\n", "s3cret token", "s3crét"] {
            let error = Client::builder().region(Region::Us).token(token).build().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3c"), "{error}");
        }
        let builder = Client::builder().region(Region::Us).token("s3cret");
        assert!(!format!("{builder:?}").contains("s3cret"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("s3cret"));
    }

    #[test]
    fn a_client_can_be_shared() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Client>();
    }
}
