//! The resource server: what all its routes share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authlete_api::AuthleteService;
use authlete_api::http_inputs::Malformed;
use http::HeaderMap;

use crate::challenge::Refused;
use crate::jwt::JwtVerifier;
use crate::layer::ProtectLayer;
use crate::metadata::ResourceMetadata;
use crate::metadata_layer::MetadataLayer;
use crate::pause::Pause;
use crate::principal::Token;
use crate::proofs::Proofs;
use crate::shared::{Revocation, Revocations, SharedStore, StoreError};
use crate::verdicts::{InFlight, VerdictCache, Verdicts};

/// Takes certificates out of a request's headers.
pub(crate) type Certificates = dyn Fn(&HeaderMap) -> Result<Vec<String>, Malformed> + Send + Sync;

/// An API that accepts access tokens of an Authlete service: how tokens are verified, and what its routes share.
///
/// Make one when the program starts, and a layer for each route, or for routes with the same requirements, by
/// [`protect`](Self::protect). Set it up before the first layer is made.
///
/// Who verifies a token is the policy:
///
/// | policy | set by | a revoked token is refused |
/// |---|---|---|
/// | introspection | [`new`](Self::new) | at once; with [`cache`](Self::cache) after [`VerdictCache::ttl`] at the latest |
/// | local, with introspection now and then | `new`, [`verifier`](Self::verifier), [`introspect_every`](Self::introspect_every) | after that time at the latest |
/// | local, with introspection of what is sensitive | `new`, `verifier`, [`ProtectLayer::introspect`] | at once on those routes |
/// | local | [`local`](Self::local), or `new` and `verifier` | when it expires |
///
/// With each of them a [`Revocation`] that this process hears of counts at once: see [`revoke`](Self::revoke) and
/// [`shared`](Self::shared).
#[derive(Clone)]
pub struct ResourceServer(Arc<Shared>);

/// What layers share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) introspected: Verdicts<Refused>,
    pub(crate) local: Verdicts<Refused>,
    pub(crate) in_flight: InFlight<Result<Arc<Token>, Refused>>,
    pub(crate) proofs: Proofs,
    /// While it lasts, Authlete is not asked about tokens that were verified locally.
    pub(crate) pause: Pause,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) service: Option<AuthleteService>,
    pub(crate) verifier: Option<JwtVerifier>,
    pub(crate) introspect_every: Option<Duration>,
    pub(crate) only_jwts: bool,
    pub(crate) access_token_duration: Option<Duration>,
    pub(crate) metadata: Option<ResourceMetadata>,
    pub(crate) external_url: Option<String>,
    pub(crate) certificates: Option<Arc<Certificates>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) cache: VerdictCache,
    pub(crate) revocations: Revocations,
    pub(crate) store: Option<Arc<dyn SharedStore>>,
}

impl ResourceServer {
    /// Asks Authlete about every access token, by introspection. With [`cache`](Self::cache) not every request is a call.
    pub fn new(service: AuthleteService) -> Self {
        Self::with(Settings::new(Some(service), None))
    }

    /// Verifies JWT access tokens in this process and never asks Authlete.
    pub fn local(verifier: JwtVerifier) -> Self {
        Self::with(Settings::new(None, Some(verifier)))
    }

    fn with(settings: Settings) -> Self {
        let verdicts = || Verdicts::new(settings.cache.clone(), settings.revocations.clone());
        Self(Arc::new(Shared {
            introspected: verdicts(),
            local: verdicts(),
            in_flight: InFlight::default(),
            proofs: Proofs::default(),
            pause: Pause::default(),
            settings,
        }))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        Self::with(settings)
    }

    /// Verifies access tokens that are JWTs in this process; others are introspected.
    #[must_use]
    pub fn verifier(self, verifier: JwtVerifier) -> Self {
        self.set(|settings| settings.verifier = Some(verifier))
    }

    /// Asks Authlete about a token that was verified locally when it is seen for the first time, and again when the last
    /// answer is older than this. When Authlete cannot be reached the token is accepted by its signature, and for five
    /// seconds no request waits for Authlete; [`timeout`](Self::timeout) says how long the first one waits.
    #[must_use]
    pub fn introspect_every(self, time: Duration) -> Self {
        self.set(|settings| settings.introspect_every = Some(time))
    }

    /// Refuses access tokens that are not JWTs without asking Authlete, so that tokens that somebody made up cost no calls: for
    /// services that issue JWTs alone. Without a [`verifier`](Self::verifier) every token is then refused.
    #[must_use]
    pub fn only_jwts(self) -> Self {
        self.set(|settings| settings.only_jwts = true)
    }

    /// The longest that the service's access tokens live (`accessTokenDuration`).
    ///
    /// Authlete tells when a token expires, and not when it was issued; this tells the one from the other. It matters after a
    /// [`Revocation`] of a user, a client or a grant, which ends the tokens that were issued until then: without it newer
    /// tokens that are not JWTs are refused as well, until the revocation is forgotten.
    #[must_use]
    pub fn access_token_duration(self, duration: Duration) -> Self {
        self.set(|settings| settings.access_token_duration = Some(duration))
    }

    /// The identifier of this API and its metadata (RFC 9728): challenges name the document, which
    /// [`metadata_layer`](Self::metadata_layer) serves, and tokens have to be for this resource (RFC 8707).
    #[must_use]
    pub fn resource(self, metadata: ResourceMetadata) -> Self {
        self.set(|settings| settings.metadata = Some(metadata))
    }

    /// Where clients reach this API: `https://api.example.com`, with the part of the path that the layers do not see. By
    /// default it is the origin of the [`resource`](Self::resource).
    ///
    /// DPoP proofs have to be for this URL with the request's path. It is not taken from the request, whose `Host` is the
    /// client's word; without it and without a resource, no DPoP-bound tokens are accepted.
    #[must_use]
    pub fn external_url(self, url: impl Into<String>) -> Self {
        self.set(|settings| settings.external_url = Some(url.into().trim_end_matches('/').to_owned()))
    }

    /// Where the client's certificate is found, so that tokens bound to one are accepted (RFC 8705):
    /// `authlete_api::http_inputs::client_certificates` for example, or the reader for the proxy that is in front.
    ///
    /// Only that proxy may set such headers: it has to remove those that come from outside.
    #[must_use]
    pub fn certificates(
        self,
        find: impl Fn(&HeaderMap) -> Result<Vec<String>, Malformed> + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.certificates = Some(Arc::new(find)))
    }

    /// The most that asking Authlete may take, with all attempts; by default what the service's client is set to.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = Some(timeout))
    }

    /// Keeps what Authlete says of tokens in memory; by default every request is a call.
    #[must_use]
    pub fn cache(self, cache: VerdictCache) -> Self {
        self.set(|settings| settings.cache = cache)
    }

    /// The revocations to heed. Give the same to [`Revocations::layer`], so that calls of this process that end tokens
    /// are noticed.
    #[must_use]
    pub fn revocations(self, revocations: Revocations) -> Self {
        self.set(|settings| settings.revocations = revocations)
    }

    /// Shares verdicts, revocations and used DPoP proofs with the other instances of this API. Call it within a Tokio
    /// runtime, after [`revocations`](Self::revocations): it starts a task that follows what the others write.
    #[must_use]
    pub fn shared(self, store: impl SharedStore) -> Self {
        let store: Arc<dyn SharedStore> = Arc::new(store);
        let revocations = self.0.settings.revocations.clone();
        revocations.share(Arc::clone(&store));
        tokio::spawn(store.watch(revocations));
        self.set(|settings| settings.store = Some(store))
    }

    /// A layer for routes, without requirements beyond a good token.
    pub fn protect(&self) -> ProtectLayer {
        ProtectLayer::new(self.clone())
    }

    /// A layer around the whole router that serves the metadata document (RFC 9728) to everybody. Without a
    /// [`resource`](Self::resource) it serves nothing.
    pub fn metadata_layer(&self) -> MetadataLayer {
        MetadataLayer::new(self.0.settings.metadata.clone())
    }

    /// Refuses the tokens of a revocation from now on, here and at the instances with the same store.
    ///
    /// # Errors
    /// When the shared store does not answer. This instance refuses the tokens all the same, and tells the others when
    /// the store is back.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        self.0.settings.revocations.add(revocation.clone());
        match &self.0.settings.store {
            Some(store) => store.revoke(&revocation).await,
            None => Ok(()),
        }
    }

    /// Forgets all verdicts, here and at the instances with the same store, so that every token is verified anew.
    ///
    /// # Errors
    /// When the shared store does not answer. This instance forgets all the same.
    pub async fn forget_all(&self) -> Result<(), StoreError> {
        self.0.settings.revocations.next_generation();
        self.0.introspected.forget_all();
        self.0.local.forget_all();
        match &self.0.settings.store {
            Some(store) => self.0.settings.revocations.forget_all_in(&**store).await,
            None => Ok(()),
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Settings {
    fn new(service: Option<AuthleteService>, verifier: Option<JwtVerifier>) -> Self {
        Self {
            service,
            verifier,
            introspect_every: None,
            only_jwts: false,
            access_token_duration: None,
            metadata: None,
            external_url: None,
            certificates: None,
            timeout: None,
            cache: VerdictCache::none(),
            revocations: Revocations::default(),
            store: None,
        }
    }

    /// The URL that the path of a request is appended to, for proofs.
    pub(crate) fn base_url(&self) -> Option<&str> {
        self.external_url.as_deref().or_else(|| self.metadata.as_ref().map(ResourceMetadata::origin))
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.0.settings;
        f.debug_struct("ResourceServer")
            .field("service", &settings.service)
            .field("verifier", &settings.verifier)
            .field("resource", &settings.metadata.as_ref().map(ResourceMetadata::resource))
            .field("cache", &settings.cache)
            .field("store", &settings.store)
            .finish_non_exhaustive()
    }
}
