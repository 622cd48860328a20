//! Makes an [`Authlete`] or a [`Service`].

use std::fmt;
use std::time::Duration;

use crate::Transport;
use crate::layers::{CircuitBreaker, RateLimiter, RetryPolicy};
use crate::{Authlete, ClientBuilder, Credentials, CredentialsProvider, Error, Region, Service, ServiceId};

/// Makes an [`Authlete`], or a [`Service`] at once.
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
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct AuthleteBuilder {
    client: ClientBuilder,
    service: Option<ServiceId>,
}

impl AuthleteBuilder {
    /// Calls go to a region of Authlete's shared cloud.
    pub fn region(self, region: Region) -> Self {
        self.configure(|client| client.region(region))
    }

    /// Calls go to another server; see [`ClientBuilder::base_url`].
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.configure(|client| client.base_url(base_url))
    }

    /// Allows `http` to hosts other than this machine. Credentials then travel unencrypted.
    pub fn allow_http(self) -> Self {
        self.configure(ClientBuilder::allow_http)
    }

    /// The service, and the access token for it.
    pub fn service_token(self, service: impl Into<ServiceId>, token: impl Into<String>) -> Self {
        self.configure(|client| client.token(token)).service_id(service)
    }

    /// An access token of the organization.
    pub fn organization_token(self, token: impl Into<String>) -> Self {
        self.configure(|client| client.token(token))
    }

    /// An API key and its secret, for Authlete 2.x and self-hosted servers; see [`ClientBuilder::basic`].
    pub fn basic(self, api_key: impl fmt::Display, api_secret: impl Into<String>) -> Self {
        self.configure(|client| client.basic(api_key, api_secret))
    }

    /// An access token that is bound to a key; see [`ClientBuilder::dpop_token`].
    #[cfg(feature = "dpop")]
    pub fn dpop_token(self, token: impl Into<String>, key: &crate::DpopKey) -> Self {
        self.configure(|client| client.dpop_token(token, key))
    }

    /// Credentials made elsewhere.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.configure(|client| client.credentials(credentials))
    }

    /// Asks for credentials while the client runs; see [`CredentialsProvider`].
    pub fn credentials_provider(self, provider: impl CredentialsProvider) -> Self {
        self.configure(|client| client.credentials_provider(provider))
    }

    /// The service that [`Authlete::default_service`] and [`Self::build_service`] give, where the token does not say it.
    pub fn service_id(mut self, service: impl Into<ServiceId>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// How often failed calls are tried again; see [`ClientBuilder::retry`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.configure(|client| client.retry(policy))
    }

    /// The longest that a whole call takes; see [`ClientBuilder::total_timeout`].
    pub fn total_timeout(self, timeout: Duration) -> Self {
        self.configure(|client| client.total_timeout(timeout))
    }

    /// Makes calls wait for their turn; see [`RateLimiter`].
    pub fn rate_limit(self, limiter: RateLimiter) -> Self {
        self.configure(|client| client.rate_limit(limiter))
    }

    /// Makes calls of an operation that keeps failing fail at once; see [`CircuitBreaker`].
    pub fn circuit_breaker(self, breaker: CircuitBreaker) -> Self {
        self.configure(|client| client.circuit_breaker(breaker))
    }

    /// Keeps answers that hardly change; see [`Cache`](crate::layers::Cache).
    #[cfg(feature = "cache")]
    pub fn cache(self, cache: crate::layers::Cache) -> Self {
        self.configure(|client| client.cache(cache))
    }

    /// Uses the given HTTP client; see [`ClientBuilder::http_client`] for what it must be set to.
    pub fn http_client(self, client: reqwest::Client) -> Self {
        self.configure(|builder| builder.http_client(client))
    }

    /// Sends calls through the given transport instead of over HTTP, which would be [`HttpTransport`](crate::HttpTransport).
    pub fn transport(self, transport: impl Transport) -> Self {
        self.configure(|client| client.transport(transport))
    }

    /// Everything else that a [`ClientBuilder`] can be told: timeouts, proxies, certificates, and so on.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = reqwest::Proxy::https("http://proxy.internal:3128")?;
    /// let builder = authlete_api::Authlete::builder().configure(|client| client.proxy(proxy));
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure(mut self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.client = change(self.client);
        self
    }

    /// Makes the organization's end.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn build(self) -> Result<Authlete, Error> {
        Ok(Authlete::with_service(self.client.build()?, self.service))
    }

    /// Makes the service's end.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`], and when no service is named.
    pub fn build_service(self) -> Result<Service, Error> {
        self.build()?.default_service()
    }
}
