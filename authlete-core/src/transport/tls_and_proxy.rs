//! Proxies and certificates of the default HTTP client.

use crate::error::Error;

/// Proxies, trusted certificates, and the certificate of the client.
#[allow(missing_docs, reason = "the builder documents its setters")]
#[derive(Default)]
pub struct TlsAndProxy {
    pub proxies: Vec<reqwest::Proxy>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub roots: Vec<reqwest::Certificate>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub identity: Option<reqwest::Identity>,
}

impl TlsAndProxy {
    pub(crate) fn is_empty(&self) -> bool {
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if !self.roots.is_empty() || self.identity.is_some() {
            return false;
        }
        self.proxies.is_empty()
    }

    pub(crate) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let builder = self.proxies.iter().cloned().fold(builder, reqwest::ClientBuilder::proxy);
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let builder = {
            let builder = match self.roots.is_empty() {
                true => builder,
                false => builder.tls_certs_merge(self.roots.iter().cloned()),
            };
            match &self.identity {
                Some(identity) => builder.identity(identity.clone()),
                None => builder,
            }
        };
        // With both, certificates in PEM are rustls' business, and reqwest would choose the other.
        #[cfg(feature = "rustls")]
        let builder = builder.tls_backend_rustls();
        builder
    }
}

/// Makes a client. An empty container has no certificate authorities, without which rustls sets up nothing; where `is_plain`
/// says that servers without TLS are meant, a client that trusts nobody does.
pub fn build_client(builder: impl Fn() -> reqwest::ClientBuilder, is_plain: bool) -> Result<reqwest::Client, Error> {
    let built = builder().build();
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let built = built.or_else(|error| if is_plain { builder().tls_certs_only([]).build() } else { Err(error) });
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    let _ = is_plain;
    built.map_err(|error| {
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(cause) = innermost.source() {
            innermost = cause;
        }
        Error::configuration(format!("the HTTP client cannot be set up: {innermost}"))
    })
}
