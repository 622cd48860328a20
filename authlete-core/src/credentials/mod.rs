//! Who calls: tokens and keys, kept as secrets, and where they come from while the client runs.

#[cfg(feature = "dpop")]
pub(crate) mod dpop;
pub(crate) mod layer;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::transport::BoxFuture;
#[cfg(feature = "dpop")]
pub use dpop::DpopKey;

/// Where credentials come from.
pub(crate) enum Source {
    /// They stay the same.
    Fixed(Credentials),
    /// Somebody gives them, call by call.
    Provider(Box<dyn CredentialsProvider>),
}

/// What calls are made with. Never printed, cheap to clone, and zeroed when the last clone goes.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    /// What the `Authorization` header holds, marked as sensitive, in memory that is zeroed when its last clone goes.
    header: HeaderValue,
    #[cfg(feature = "cache")]
    fingerprint: std::sync::OnceLock<[u8; 32]>,
    #[cfg(feature = "dpop")]
    proofs: Option<dpop::Proofs>,
}

impl Credentials {
    /// An access token: of a service, or of an organization.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the token is empty, or has characters that no token has.
    pub fn bearer(token: impl Into<String>) -> Result<Self, Error> {
        let token = SecretString::from(token.into());
        check_token(token.expose_secret())?;
        Self::header(format!("Bearer {}", token.expose_secret()))
    }

    /// An API key and its secret, as Authlete 2.x and some self-hosted servers want them. Authlete 3.0 does not.
    ///
    /// # Errors
    /// [`Error::Configuration`] when one is empty, or the key has a colon.
    pub fn basic(api_key: impl fmt::Display, api_secret: impl Into<String>) -> Result<Self, Error> {
        let (api_key, api_secret) = (api_key.to_string(), SecretString::from(api_secret.into()));
        if api_key.is_empty() || api_key.contains(':') || api_secret.expose_secret().is_empty() {
            return Err(Error::configuration("the API key or its secret is empty, or the key has a colon"));
        }
        let pair = SecretString::from(format!("{api_key}:{}", api_secret.expose_secret()));
        let encoded = SecretString::from(STANDARD.encode(pair.expose_secret()));
        Self::header(format!("Basic {}", encoded.expose_secret()))
    }

    /// An access token that is bound to a key (RFC 9449): every request carries a proof made with it.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the token is empty, or has characters that no token has.
    #[cfg(feature = "dpop")]
    pub fn dpop(token: impl Into<String>, key: &DpopKey) -> Result<Self, Error> {
        let token = SecretString::from(token.into());
        check_token(token.expose_secret())?;
        let header = secret_header(format!("DPoP {}", token.expose_secret()))?;
        let proofs = dpop::Proofs::new(key, token.expose_secret());
        Ok(Self(Arc::new(Inner {
            header,
            #[cfg(feature = "cache")]
            fingerprint: std::sync::OnceLock::new(),
            proofs: Some(proofs),
        })))
    }

    fn header(text: String) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            header: secret_header(text)?,
            #[cfg(feature = "cache")]
            fingerprint: std::sync::OnceLock::new(),
            #[cfg(feature = "dpop")]
            proofs: None,
        })))
    }

    /// A hash that tells these credentials from others (SHA-256 of the `Authorization` header), for the keys of caches.
    #[cfg(feature = "cache")]
    pub fn fingerprint(&self) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        *self.0.fingerprint.get_or_init(|| Sha256::digest(self.0.header.as_bytes()).into())
    }

    /// The `Authorization` header, marked as sensitive. It shares its memory with these credentials.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.header.clone()
    }

    #[cfg(feature = "dpop")]
    pub(crate) fn proofs(&self) -> Option<&dpop::Proofs> {
        self.0.proofs.as_ref()
    }

    /// Whether one is a clone of the other.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// Why a provider has no credentials. Its text must hold none.
pub type ProviderError = Box<dyn std::error::Error + Send + Sync>;

/// Gives credentials while the client runs: from a vault, from a file that is replaced, from a token endpoint.
///
/// It is asked before every call, and should keep what it has. [`SharedCredentials`] is one that is told
/// its credentials from outside.
///
/// ```
/// use authlete_api::{BoxFuture, Credentials, CredentialsProvider, ProviderError};
///
/// struct FromFile(std::path::PathBuf);
///
/// impl CredentialsProvider for FromFile {
///     fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
///         Box::pin(async { Ok(Credentials::bearer(std::fs::read_to_string(&self.0)?.trim())?) })
///     }
/// }
/// ```
pub trait CredentialsProvider: Send + Sync + 'static {
    /// What the next call is made with.
    ///
    /// # Errors
    /// When there are none; the call then fails without being sent.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>>;

    /// Asked once when Authlete refuses a call with 401: fresh credentials, with which the call is made once more, or
    /// `None` when there are no others. By default the ones that [`Self::credentials`] gives now, if they are others.
    ///
    /// # Errors
    /// When none can be had; the 401 then stands.
    fn refresh<'a>(&'a self, refused: &'a Credentials) -> BoxFuture<'a, Result<Option<Credentials>, ProviderError>> {
        Box::pin(async move { Ok(Some(self.credentials().await?).filter(|fresh| !fresh.same(refused))) })
    }
}

/// Credentials that can be replaced while the client runs. Clones share them.
///
/// ```
/// use authlete_api::{Authlete, Credentials, Region, SharedCredentials};
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// let credentials = SharedCredentials::new(Credentials::bearer("first")?);
/// let authlete = Authlete::builder().region(Region::Eu).credentials_provider(credentials.clone()).build()?;
/// credentials.replace(Credentials::bearer("second")?);    // from the next call on
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SharedCredentials(Arc<RwLock<Credentials>>);

impl SharedCredentials {
    /// Starts with the given ones.
    pub fn new(credentials: Credentials) -> Self {
        Self(Arc::new(RwLock::new(credentials)))
    }

    /// Uses others from the next call on.
    pub fn replace(&self, credentials: Credentials) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = credentials;
    }
}

impl CredentialsProvider for SharedCredentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
        let credentials = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move { Ok(credentials) })
    }
}

/// A header's value that is marked as sensitive, and zeroed when its last clone goes.
fn secret_header(text: String) -> Result<HeaderValue, Error> {
    struct Owner(SecretString);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.expose_secret().as_bytes()
        }
    }

    let bytes = Bytes::from_owner(Owner(SecretString::from(text)));
    let mut value = HeaderValue::from_maybe_shared(bytes)
        .map_err(|_| Error::configuration("the credentials hold characters that fit into no header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn check_token(token: &str) -> Result<(), Error> {
    // The characters of RFC 6750's b64token; anything else is a slip, such as a line break at the end of a file.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() {
        return Err(Error::configuration("the access token is empty"));
    }
    match token.bytes().position(|byte| !allowed(byte)) {
        Some(at) => Err(Error::configuration(format!(
            "the access token has a character at position {at} that no token has; look for spaces and line breaks"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_made_and_nothing_is_printed() {
        let basic = Credentials::basic(12, "s3cret").unwrap();
        let header = basic.authorization();
        assert_eq!(header.as_bytes(), b"Basic MTI6czNjcmV0");
        assert!(header.is_sensitive());
        assert_eq!(format!("{basic:?} {header:?}"), "Credentials([redacted]) Sensitive");
        assert!(Credentials::basic("a:b", "s").is_err());
        assert!(Credentials::basic("a", "").is_err());
        assert_eq!(Credentials::bearer("t.-_~+/=").unwrap().authorization(), "Bearer t.-_~+/=");
    }

    #[tokio::test]
    async fn a_provider_has_others_only_if_they_are_not_those_that_were_refused() {
        struct Given(Credentials);

        impl CredentialsProvider for Given {
            fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
                Box::pin(async { Ok(self.0.clone()) })
            }
        }

        let (first, second) = (Credentials::bearer("first").unwrap(), Credentials::bearer("second").unwrap());
        let provider = Given(first.clone());
        assert!(provider.refresh(&first).await.unwrap().is_none());
        assert!(provider.refresh(&second).await.unwrap().is_some_and(|fresh| fresh.same(&first)));
    }
}
