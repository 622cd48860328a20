#![doc = include_str!("../README.md")]

mod admission;
mod challenge;
pub mod guide;
mod jwt;
mod layer;
mod logout;
mod metadata;
mod metadata_layer;
mod pause;
mod principal;
mod proofs;
mod request;
mod server;
pub mod shared;
mod verdicts;

pub use challenge::Refusal;
pub use jwt::{JwtError, JwtVerifier, KeySet, KeySource, KeySourceError};
pub use layer::{Protect, ProtectLayer};
pub use logout::LogoutReceiver;
pub use metadata::ResourceMetadata;
pub use metadata_layer::{MetadataLayer, ServeMetadata};
pub use principal::{Binding, Principal, VerifiedBy};
pub use server::ResourceServer;
pub use shared::{Revocation, Revocations};
pub use verdicts::VerdictCache;
