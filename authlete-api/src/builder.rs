//! Makes an [`Authlete`] or an [`AuthleteService`].

use std::fmt;
use std::time::Duration;

use authlete_core::codegen as rt;
#[cfg(feature = "dpop")]
use authlete_core::credentials::DpopKey;
use authlete_core::credentials::{Credentials, CredentialsProvider};
use authlete_core::error::Error;
#[cfg(feature = "cache")]
use authlete_core::layers::ResponseCache;
use authlete_core::layers::{CircuitBreaker, RateLimiter, RetryPolicy};
use authlete_core::transport::{Transport, TransportLayer};
use rt::{ClientSettings, ServiceId};

use crate::authlete::Authlete;
use crate::region::Region;
use crate::service::AuthleteService;

/// The identity provider of Authlete's shared cloud.
const IDP_URL: &str = "https://login.authlete.com";

/// Makes an [`Authlete`], or an [`AuthleteService`] at once.
///
/// ```
/// use authlete_api::{Authlete, Region};
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// let service = Authlete::builder().region(Region::Eu).service_token(986126671, "token").build_service()?;
/// let authlete = Authlete::builder().base_url("https://authlete.internal").organization_token("token").build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct AuthleteBuilder {
    settings: ClientSettings,
    service: Option<ServiceId>,
}

impl Default for AuthleteBuilder {
    fn default() -> Self {
        let user_agent = concat!("authlete-api/", env!("CARGO_PKG_VERSION"));
        Self { settings: ClientSettings::new(user_agent, IDP_URL), service: None }
    }
}

/// Where calls go.
impl AuthleteBuilder {
    /// Calls go to a region of Authlete's shared cloud.
    pub fn region(mut self, region: Region) -> Self {
        self.settings.region_url = Some(region.base_url());
        self
    }

    /// Calls go to another server: scheme, host, and port and path where there are any. The path does not include
    /// `/api`, with which the paths of all operations begin.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.settings.base_url = Some(base_url.into());
        self
    }

    /// Where calls to the identity provider go, which creates and removes services and has the audit log: by default
    /// `https://login.authlete.com`.
    pub fn idp_url(mut self, idp_url: impl Into<String>) -> Self {
        self.settings.idp_url = Some(idp_url.into());
        self
    }

    /// Allows `http` to hosts other than this machine. Credentials then travel unencrypted.
    pub fn allow_http(mut self) -> Self {
        self.settings.allow_http = true;
        self
    }

    /// The service that [`Authlete::default_service`] and [`Self::build_service`] give, where the token does not say it.
    pub fn service_id(mut self, service: impl Into<ServiceId>) -> Self {
        self.service = Some(service.into());
        self
    }
}

/// Credentials. Of those for one server, the last setting counts.
impl AuthleteBuilder {
    /// The service, and the access token for it.
    pub fn service_token(self, service: impl Into<ServiceId>, token: impl Into<String>) -> Self {
        self.fixed(Credentials::bearer(token)).service_id(service)
    }

    /// An access token of the organization, for the API server and for the identity provider.
    pub fn organization_token(mut self, token: impl Into<String>) -> Self {
        match Credentials::bearer(token) {
            Ok(credentials) => {
                self.settings.idp_credentials(Ok(credentials.clone()));
                self.credentials(credentials)
            }
            Err(error) => self.fixed(Err(error)),
        }
    }

    /// Credentials for the identity provider alone, which takes those of an organization. The API server never sees them,
    /// nor the identity provider those of a service.
    pub fn idp_credentials(mut self, credentials: Credentials) -> Self {
        self.settings.idp_credentials(Ok(credentials));
        self
    }

    /// Asks for credentials for the identity provider while the client runs; see [`Self::credentials_provider`].
    pub fn idp_credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.settings.idp_credentials_provider(provider);
        self
    }

    /// An API key and its secret, as HTTP Basic: for Authlete 2.x and self-hosted servers that still take it.
    pub fn basic(self, api_key: impl fmt::Display, api_secret: impl Into<String>) -> Self {
        self.fixed(Credentials::basic(api_key, api_secret))
    }

    /// An access token that is bound to a key: every request carries a proof made with it (RFC 9449), with the nonce the
    /// server asks for.
    #[cfg(feature = "dpop")]
    pub fn dpop_token(self, token: impl Into<String>, key: &DpopKey) -> Self {
        self.fixed(Credentials::dpop(token, key))
    }

    /// Credentials for the API server that were made elsewhere.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.fixed(Ok(credentials))
    }

    /// Asks for credentials while the client runs, and for fresh ones when Authlete refuses those with 401; see
    /// [`CredentialsProvider`].
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.settings.credentials_provider(provider);
        self
    }

    fn fixed(mut self, credentials: Result<Credentials, Error>) -> Self {
        self.settings.credentials(credentials);
        self
    }
}

/// Time, retries, limits, caches.
impl AuthleteBuilder {
    /// The longest that a whole call takes, with all attempts and waits: by default 60 s over HTTP, and no limit through a
    /// transport given with [`Self::transport`]. A call's own [`timeout`](crate::Call::timeout) replaces it.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.operation_timeout = Some(timeout);
        self
    }

    /// How often failed calls are attempted: by default as [`RetryPolicy::default`] says, over HTTP, and once through a
    /// transport given with [`Self::transport`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.layers.retry = Some(policy);
        self
    }

    /// Makes requests wait for their turn, rather than being refused; see [`RateLimiter`].
    pub fn rate_limit(mut self, limiter: RateLimiter) -> Self {
        self.settings.layers.rate_limiter = Some(limiter);
        self
    }

    /// Makes calls of an operation that keeps failing fail at once, for a while; see [`CircuitBreaker`].
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.settings.layers.circuit_breaker = Some(breaker);
        self
    }

    /// Keeps responses that hardly change; see [`ResponseCache`].
    #[cfg(feature = "cache")]
    pub fn response_cache(mut self, cache: ResponseCache) -> Self {
        self.settings.layers.response_cache = Some(cache);
        self
    }
}

/// The way to Authlete.
impl AuthleteBuilder {
    /// Sends calls through the given transport instead of over HTTP. No credentials are needed then; those that are given
    /// are added to every request.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.settings.transport = Some(Box::new(transport));
        self
    }

    /// Puts a layer around the transport and all layers of the client but the trace, and around the layers that were given
    /// before: it sees every call once, before a cache responds and before it is attempted.
    pub fn transport_layer(mut self, layer: impl TransportLayer) -> Self {
        self.settings.layers.others.push(Box::new(layer));
        self
    }

    /// Puts a layer directly around the transport, and around those that were given here before: it sees every request as it
    /// is sent, with its credentials, whether it is the first attempt of a call or another one. For a rate limiter, say.
    pub fn attempt_layer(mut self, layer: impl TransportLayer) -> Self {
        self.settings.layers.of_attempts.push(Box::new(layer));
        self
    }

    /// How long making a connection may take: by default 10 s.
    #[cfg(feature = "reqwest")]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.http.connect_timeout = Some(timeout);
        self
    }

    /// How long one attempt of a call may take, from the first byte sent to the last one read: by default 30 s.
    #[cfg(feature = "reqwest")]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.http.attempt_timeout = Some(timeout);
        self
    }

    /// How many bytes the body of a response may have, after decompression: by default 32 MiB. A larger one is an error.
    #[cfg(feature = "reqwest")]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.http.body_limit = Some(bytes);
        self
    }

    /// Connects through a proxy, in place of the one that the environment may name (`HTTPS_PROXY`).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = authlete_api::reqwest::Proxy::https("http://proxy.internal:3128")?;
    /// let builder = authlete_api::Authlete::builder().proxy(proxy);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "reqwest")]
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.settings.http.tls_and_proxy.proxies.push(proxy);
        self
    }

    /// Trusts another certificate authority, beside those of the platform.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificate(mut self, certificate: reqwest::Certificate) -> Self {
        self.settings.http.tls_and_proxy.roots.push(certificate);
        self
    }

    /// Shows a client certificate to the server (mutual TLS).
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn client_certificate(mut self, identity: reqwest::Identity) -> Self {
        self.settings.http.tls_and_proxy.identity = Some(identity);
        self
    }

    /// Uses the given HTTP client, with its timeouts, proxies and certificates. It must be set to
    ///
    /// - follow no redirects ([`reqwest::redirect::Policy::none`]), so that credentials and tickets never travel to another
    ///   host; Authlete sends none;
    /// - give up after some time ([`reqwest::ClientBuilder::timeout`], `connect_timeout`): by itself it waits forever;
    /// - check certificates, as it does unless told otherwise.
    #[cfg(feature = "reqwest")]
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.settings.http.client = Some(client);
        self
    }
}

impl AuthleteBuilder {
    /// Makes the organization's handle.
    ///
    /// # Errors
    /// [`Error::Configuration`] with everything that is missing (a region or base URL, credentials); when the base URL is
    /// not valid or not safe, the token has characters that no token has, or two settings contradict each other; when no TLS
    /// library could be set up.
    pub fn build(self) -> Result<Authlete, Error> {
        Ok(Authlete::with_service(self.settings.build()?, self.service))
    }

    /// Makes the service's handle.
    ///
    /// # Errors
    /// As [`Self::build`], and when no service is named.
    pub fn build_service(self) -> Result<AuthleteService, Error> {
        self.build()?.default_service()
    }
}

impl fmt::Debug for AuthleteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthleteBuilder")
            .field("settings", &self.settings)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
