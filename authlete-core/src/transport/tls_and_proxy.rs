//! Proxies and certificates of the default HTTP client.

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

    pub(crate) fn apply(self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let builder = self.proxies.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let builder = {
            let builder = match self.roots.is_empty() {
                true => builder,
                false => builder.tls_certs_merge(self.roots),
            };
            match self.identity {
                Some(identity) => builder.identity(identity),
                None => builder,
            }
        };
        // With both, certificates in PEM are rustls' business, and reqwest would choose the other.
        #[cfg(feature = "rustls")]
        let builder = builder.tls_backend_rustls();
        builder
    }
}
