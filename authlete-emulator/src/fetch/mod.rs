//! Everything that the emulator fetches from elsewhere: key sets, request objects, metadata documents and the like. It
//! goes through one client with bounds on size, time and redirects, which connects only to where it may, and keeps what
//! it got for as long as HTTP says.

mod cache;
mod client;
mod documents;
mod scope;

pub(crate) use client::{Fetcher, FetcherSettings};
pub(crate) use documents::{Documents, Wanted};
pub use scope::FetchScope;

use std::sync::Arc;

/// What a document is, which decides how it is asked for and what bounds it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A JWK Set (RFC 7517, section 5).
    KeySet,
    /// A request object (RFC 9101, section 5.2).
    RequestObject,
    /// A client ID metadata document.
    ClientMetadata,
    /// The redirect URIs of a sector (OpenID Connect Core 1.0, section 8.1).
    SectorIdentifier,
    /// A statement about an entity (OpenID Federation 1.0).
    EntityStatement,
}

impl Kind {
    /// The value of the header `Accept`.
    const fn accept(self) -> &'static str {
        match self {
            Self::KeySet => "application/jwk-set+json, application/json",
            Self::RequestObject => "application/oauth-authz-req+jwt, application/jwt",
            Self::ClientMetadata | Self::SectorIdentifier => "application/json",
            Self::EntityStatement => "application/entity-statement+jwt",
        }
    }

    /// How many bytes the document may have. The specification of metadata documents suggests 5 KB for them.
    const fn longest(self) -> usize {
        match self {
            Self::ClientMetadata => 5 * 1024,
            Self::RequestObject | Self::EntityStatement => 64 * 1024,
            Self::KeySet | Self::SectorIdentifier => 128 * 1024,
        }
    }

    /// How many redirects are followed. Documents that stand for who serves them come from where they are said to be.
    const fn redirects(self) -> usize {
        match self {
            Self::KeySet | Self::SectorIdentifier => 3,
            Self::RequestObject | Self::ClientMetadata | Self::EntityStatement => 0,
        }
    }

    /// Whether a document of this media type is one of this kind. Many servers do not care for the types of key sets
    /// and request objects, so there any is.
    fn allows(self, media_type: Option<&str>) -> bool {
        match self {
            Self::KeySet | Self::RequestObject => true,
            Self::ClientMetadata | Self::SectorIdentifier => {
                media_type.is_some_and(|one| one == "application/json" || one.ends_with("+json"))
            }
            Self::EntityStatement => media_type == Some("application/entity-statement+jwt"),
        }
    }
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    body: Arc<[u8]>,
    /// Until when it is fresh, in milliseconds since 1970 by the emulator's clock.
    pub(crate) fresh_until: u64,
}

impl Document {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The document as text; none if it is not UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{0} is not an http or https URL")]
    Url(String),
    #[error("{url} is outside of what the emulator may fetch: {why}")]
    OutOfScope { url: String, why: &'static str },
    #[error("{url} cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("{0} took too long")]
    Timeout(String),
    #[error("{url} answered {status}")]
    Status { url: String, status: u16 },
    #[error("{0} redirects, or redirects too often")]
    Redirect(String),
    #[error("{0} is too large")]
    TooLarge(String),
    #[error("{0} does not have the media type of what it should be")]
    MediaType(String),
    #[error("{0} was not fetched: one call needs too many documents")]
    TooMany(String),
}
