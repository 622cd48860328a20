//! The description held against a second source: the classes of Authlete's Java library.
//!
//! The library mirrors the API by hand, so what it has is independent of the description. [`verify`] compares every
//! component with its class, field by field. A difference is either listed in the mapping file with its reason, or it is
//! a problem; a listed one that is gone is a problem too.

mod compare;
mod kind;
mod library;
mod mapping;

pub use compare::{Report, verify};
pub use library::Library;
pub use mapping::Mapping;

/// The name of the mapping file, which problems are reported under.
pub const FILE: &str = "java-shapes.yaml";
