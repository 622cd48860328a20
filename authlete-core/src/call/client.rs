//! The client that sends calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::uri::Uri;
use http::{HeaderValue, Response};

use super::Call;
use super::request::RequestBuilder;
use crate::call::pushed_requests::PushedRequests;
use crate::credentials::layer::Sources;
use crate::credentials::{Credentials, CredentialsProvider, Source};
use crate::error::{ConfigurationError, Error, TransportError};
use crate::layers::stack::Layers;
use crate::operation::{Host, OTHER, Operation};
use crate::transport::{BoxFuture, BoxTransport, Transport};
use crate::wire::lenient;

/// How long a whole call over HTTP takes at most, unless a setting or the call says otherwise.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends calls to one server with one set of credentials. Cheap to clone; clones share their connections.
///
/// It is made by the builder of `authlete-api`, whose groups of operations call through it. By itself it calls operations that
/// the description does not have.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    /// Without a final slash.
    base_url: String,
    idp_url: String,
    user_agent: HeaderValue,
    operation_timeout: Option<Duration>,
    #[cfg(feature = "cache")]
    credentials: Arc<Sources>,
    transport: BoxTransport,
    pushed_requests: PushedRequests,
}

impl Client {
    /// Where calls go, without a final slash.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// Where calls to the identity provider go, without a final slash.
    pub fn idp_url(&self) -> &str {
        &self.shared.idp_url
    }

    /// Calls an operation that the description does not have: the path begins with `/api/` and may have a query; what the
    /// call returns is the body as it came. Credentials, transport and errors are those of every call.
    ///
    /// ```no_run
    /// # async fn example(service: authlete_api::AuthleteService) -> Result<(), Box<dyn std::error::Error>> {
    /// let body = serde_json::json!({"parameters": ""});
    /// let response = service.client().request(http::Method::POST, "/api/1/vci/nonce", Some(&body)).await?;
    /// let response: serde_json::Value = serde_json::from_slice(&response)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&(impl serde::Serialize + ?Sized)>,
    ) -> Call<'_, Bytes> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut request = super::request::request(self, &OTHER).path(path);
        request.query = query.to_owned();
        request.method = Some(method);
        if let Some(body) = body {
            request = request.json(serde_json::to_vec(body));
        }
        request.call(lenient::raw)
    }

    /// The pushed authorization requests that its clones know something of.
    #[doc(hidden)]
    pub fn pushed_requests(&self) -> &PushedRequests {
        &self.shared.pushed_requests
    }

    /// A hash that tells the credentials of the next call to the API server from others, for the keys of caches: their
    /// [`Credentials::fingerprint`], or zeros for a client without credentials.
    ///
    /// # Errors
    /// When the client's [`CredentialsProvider`] has none.
    #[cfg(feature = "cache")]
    pub async fn credentials_fingerprint(&self) -> Result<[u8; 32], crate::credentials::ProviderError> {
        match self.shared.credentials.api.as_deref() {
            None => Ok([0; 32]),
            Some(Source::Fixed(credentials)) => Ok(credentials.fingerprint()),
            Some(Source::Provider(provider)) => Ok(provider.credentials().await?.fingerprint()),
        }
    }

    pub(super) fn operation_timeout(&self) -> Option<Duration> {
        self.shared.operation_timeout
    }

    /// The base URL that an operation is called on.
    pub(super) fn base_url_of(&self, operation: &Operation) -> &str {
        match operation.host {
            Host::Api => &self.shared.base_url,
            Host::Idp => &self.shared.idp_url,
        }
    }

    /// The request as it is sent.
    pub(super) fn complete(&self, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
        let RequestBuilder { operation, path, query, headers, body, idempotency, method, error, .. } = request;
        let refuse = |why: String| Err(Error::request(operation, why));
        if let Some(error) = error {
            return refuse(error);
        }
        if let Err(why) = check_path(&path, operation) {
            return refuse(why.to_owned());
        }
        if query.contains('#') {
            return refuse("its query has a `#`, which begins a fragment; write it as `%23`".to_owned());
        }
        let base = self.base_url_of(operation);
        let mut uri = String::with_capacity(base.len() + path.len() + query.len() + 1);
        uri.push_str(base);
        uri.push_str(&path);
        if !query.is_empty() {
            uri.push('?');
            uri.push_str(&query);
        }
        // Neither error quotes the URL, whose path may hold a token.
        let Ok(uri) = Uri::try_from(uri) else { return refuse("its path is not a valid path of a URL".to_owned()) };
        let method = match method {
            Some(method) => method,
            None => match http::Method::from_bytes(operation.method.as_bytes()) {
                Ok(method) => method,
                Err(_) => return refuse("its method is not a valid HTTP method".to_owned()),
            },
        };
        let mut complete = http::Request::new(body);
        *complete.method_mut() = method;
        *complete.uri_mut() = uri;
        *complete.headers_mut() = headers;
        complete.headers_mut().insert(USER_AGENT, self.shared.user_agent.clone());
        complete.extensions_mut().insert(idempotency);
        Ok(complete)
    }

    /// Sends a request through the client's transport.
    pub(super) fn send(
        &self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.shared.transport.send(request, operation)
    }
}

/// An empty path parameter, or `.` and `..`, which URLs fold away, would call another operation.
fn check_path(path: &str, operation: &Operation) -> Result<(), &'static str> {
    let mut segments = path.split('/').skip(1);
    if std::ptr::eq(operation, &OTHER) {
        return match path.starts_with("/api/") && !path.contains(['#', '\\']) {
            true if segments.any(is_folded) => {
                Err("a segment of the path is empty, `.` or `..`, which would lead to another path")
            }
            true => Ok(()),
            false => Err("the path of every operation begins with `/api/`, and has no fragment and no backslash"),
        };
    }
    match segments.any(is_folded) {
        true => Err("a path parameter is empty, `.` or `..`; give the id it stands for"),
        false => Ok(()),
    }
}

/// Whether URLs fold a segment of a path away: it is empty, or one or two dots, which may be written as `%2e`.
fn is_folded(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    let mut dots = 0;
    loop {
        rest = match rest {
            [] => return dots <= 2,
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return false,
        };
        dots += 1;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.shared.base_url).finish_non_exhaustive()
    }
}

/// Everything that a client can be told. The builder of the crate with the operations fills it in, and documents it.
#[allow(missing_docs, reason = "the builder documents its setters")]
#[derive(Default)]
pub struct ClientSettings {
    pub base_url: Option<String>,
    pub region_url: Option<&'static str>,
    pub idp_url: Option<String>,
    pub default_idp_url: &'static str,
    pub user_agent: &'static str,
    pub allow_http: bool,
    pub transport: Option<BoxTransport>,
    pub operation_timeout: Option<Duration>,
    #[cfg(feature = "reqwest")]
    pub http: crate::transport::http::HttpSettings,
    pub layers: Layers,
    credentials: Option<Result<Arc<Source>, Error>>,
    idp_credentials: Option<Result<Arc<Source>, Error>>,
}

impl ClientSettings {
    /// Settings of a crate that calls itself `user_agent`, with the URL of the identity provider that its description names.
    pub fn new(user_agent: &'static str, default_idp_url: &'static str) -> Self {
        Self { user_agent, default_idp_url, ..Self::default() }
    }

    /// Sets fixed credentials for the API server, or keeps why there are none until the client is built.
    pub fn credentials(&mut self, credentials: Result<Credentials, Error>) {
        self.credentials = Some(credentials.map(|credentials| Arc::new(Source::Fixed(credentials))));
    }

    /// Sets fixed credentials for the identity provider.
    pub fn idp_credentials(&mut self, credentials: Result<Credentials, Error>) {
        self.idp_credentials = Some(credentials.map(|credentials| Arc::new(Source::Fixed(credentials))));
    }

    /// Sets who is asked for credentials of the API server.
    pub fn credentials_provider(&mut self, provider: impl CredentialsProvider) {
        self.credentials = Some(Ok(Arc::new(Source::Provider(Box::new(provider)))));
    }

    /// Sets who is asked for credentials of the identity provider.
    pub fn idp_credentials_provider(&mut self, provider: impl CredentialsProvider) {
        self.idp_credentials = Some(Ok(Arc::new(Source::Provider(Box::new(provider)))));
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::Configuration`] with everything that is missing, or the first setting that cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = match (self.base_url, self.region_url) {
            (Some(_), Some(_)) => {
                return Err(Error::configuration("a region and a base URL are both given; give one of them"));
            }
            (Some(url), None) => Some(url),
            (None, region) => region.map(str::to_owned),
        };
        let own_transport = self.transport.is_some();
        let mut missing = Vec::new();
        if base_url.is_none() {
            missing.push("a region or a base URL (`.region(…)` or `.base_url(…)`)");
        }
        if self.credentials.is_none() && self.idp_credentials.is_none() && !own_transport {
            missing.push("credentials (`.service_token(…)`, `.organization_token(…)` or `.credentials(…)`)");
        }
        let base_url = match base_url {
            Some(base_url) if missing.is_empty() => check_base_url(&base_url, self.allow_http)?,
            _ => return Err(Error::configuration(format!("the client lacks {}", missing.join(", and ")))),
        };
        let idp_url = self.idp_url.as_deref().unwrap_or(self.default_idp_url);
        let idp_url = check_base_url(idp_url, self.allow_http)?;
        let credentials = Sources { api: self.credentials.transpose()?, idp: self.idp_credentials.transpose()? };
        let credentials = Arc::new(credentials);
        #[cfg(feature = "reqwest")]
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                let plain = [&base_url, &idp_url].into_iter().find(|url| url.starts_with("http://"));
                let plain = plain.filter(|_| !self.allow_http).map(String::as_str);
                Box::new(self.http.build(plain)?) as BoxTransport
            }
        };
        #[cfg(not(feature = "reqwest"))]
        let transport = self.transport.ok_or_else(|| {
            Error::configuration(
                "there is nothing to send calls with: give a `.transport(…)`, or build with the feature `reqwest`",
            )
        })?;
        let operation_timeout = self.operation_timeout.or((!own_transport).then_some(OPERATION_TIMEOUT));
        let transport = self.layers.around(transport, &credentials, !own_transport);
        let user_agent = HeaderValue::from_static(self.user_agent);
        let shared = Shared {
            base_url,
            idp_url,
            user_agent,
            operation_timeout,
            #[cfg(feature = "cache")]
            credentials,
            transport,
            pushed_requests: PushedRequests::default(),
        };
        Ok(Client { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.as_deref().map(printable);
        f.debug_struct("ClientSettings").field("base_url", &base_url).finish_non_exhaustive()
    }
}

/// A base URL without what may be a credential in it, whether or not it is a URL at all.
pub fn printable(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &text[..scheme], &text[at..]),
        (_, Some(at)) => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    }
}

/// The base URL without a final slash.
fn check_base_url(text: &str, allow_http: bool) -> Result<String, Error> {
    let text = text.trim();
    let refuse = |why: &str| Error::from(ConfigurationError::new(format!("the base URL {:?} {why}", printable(text))));
    let uri: Uri = text.parse().map_err(|error| refuse(&format!("is not a URL: {error}")))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("is not a URL with scheme and host"));
    };
    if authority.as_str().contains('@') {
        return Err(Error::configuration("the base URL holds credentials; give them as a token instead"));
    }
    if text.contains(['?', '#']) {
        return Err(refuse("has a query or a fragment; give scheme, host, port and path alone"));
    }
    let path = uri.path().trim_end_matches('/');
    if path.ends_with("/api") {
        return Err(refuse("includes `/api`, which every operation adds by itself; leave it out"));
    }
    match scheme {
        "https" => {}
        "http" if allow_http || is_loopback(authority.host()) => {}
        "http" => return Err(refuse("is not https, so the token would travel unencrypted; allow_http() permits it")),
        _ => return Err(refuse("has a scheme other than https")),
    }
    Ok(format!("{scheme}://{authority}{path}"))
}

/// The address that a host is given by, in place of a name.
pub fn address(host: &str) -> Option<std::net::IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(base_url: &str, token: &str) -> ClientSettings {
        let mut settings = ClientSettings::new("test", "https://login.example");
        settings.base_url = Some(base_url.to_owned());
        settings.credentials(Credentials::bearer(token));
        settings
    }

    #[test]
    fn base_urls_are_checked_when_the_client_is_made() {
        let build = |base_url: &str| settings(base_url, "t").build().map_err(|error| error.to_string());
        for (given, kept) in [
            ("https://eu.authlete.com", "https://eu.authlete.com"),
            ("https://authlete.internal:8443/stage//", "https://authlete.internal:8443/stage"),
            ("http://127.0.0.1:1234/", "http://127.0.0.1:1234"),
            ("http://[::1]:1234", "http://[::1]:1234"),
            ("http://localhost", "http://localhost"),
        ] {
            let client = build(given).unwrap();
            assert_eq!((client.base_url(), client.idp_url()), (kept, "https://login.example"));
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
        let mut http = settings("http://eu.authlete.com", "t");
        http.allow_http = true;
        assert!(http.build().is_ok());
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let error = ClientSettings::default().build().unwrap_err().to_string();
        assert!(error.contains("base URL") && error.contains("credentials"), "{error}");
        let both = ClientSettings { region_url: Some("https://eu.authlete.com"), ..settings("https://x.example", "t") };
        let error = both.build().unwrap_err().to_string();
        assert!(error.contains("region") && error.contains("base URL"), "{error}");
    }

    #[test]
    fn tokens_are_checked_and_never_printed() {
        for token in ["", "s3cret\n", "s3cret token", "s3crét"] {
            let error = settings("https://us.authlete.com", token).build().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3c"), "{error}");
        }
        let settings = settings("https://us.authlete.com", "s3cret");
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert!(!format!("{:?}", settings.build().unwrap()).contains("s3cret"));
    }

    #[test]
    fn paths_lead_nowhere_else() {
        let client = crate::test::client();
        for path in ["/api/../x", "/api/1/%2e%2E/x", "/api/./x", "/api//x", "/x", "api/x", "/api/x#y", "/api/..\\x"] {
            let call = client.request(http::Method::GET, path, None::<&()>);
            assert!(call.request.is_err(), "{path}");
        }
        let call = client.request(http::Method::GET, "/api/1/x?a=..%2F#", None::<&()>);
        assert!(call.request.is_err());
        let call = client.request(http::Method::GET, "/api/1/x?a=../b", None::<&()>);
        assert_eq!(call.request.unwrap().uri(), "https://authlete.example/api/1/x?a=../b");
        // Three dots are a name like any other.
        let call = client.request(http::Method::GET, "/api/1/.%2e.", None::<&()>);
        assert_eq!(call.request.unwrap().uri(), "https://authlete.example/api/1/.%2e.");
    }

    #[test]
    fn a_client_can_be_shared() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Client>();
    }

    #[test]
    fn what_is_printed_of_a_base_url_is_no_credential() {
        for (text, printed) in [
            ("https://eu.authlete.com/x?token=1", "https://eu.authlete.com/x"),
            ("https://user:s3cret@host", "https://…@host"),
            ("s3cret@https://host", "…@https://host"),
            ("s3cret@host", "…@host"),
        ] {
            assert_eq!(printable(text), printed);
        }
    }

    #[test]
    fn a_client_without_credentials_or_by_a_proxy_in_clear_is_refused() {
        let mut settings_ = ClientSettings::new("test", "https://login.example");
        settings_.base_url = Some("https://eu.authlete.com".to_owned());
        let error = settings_.build().unwrap_err().to_string();
        assert!(error.contains("credentials") && !error.contains("base URL"), "{error}");
        #[cfg(feature = "reqwest")]
        for (allow_http, built) in [(false, false), (true, true)] {
            let mut settings = settings("http://127.0.0.1:1", "t");
            settings.allow_http = allow_http;
            settings.http.tls_and_proxy.proxies.push(reqwest::Proxy::all("http://proxy.example:3128").unwrap());
            assert_eq!(settings.build().is_ok(), built, "{allow_http}");
        }
    }
}
