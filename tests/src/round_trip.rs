//! A value at a place of the description, decoded and encoded again.

use std::fmt;

use authlete_api::BodyError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::shape::Shape;

/// Decodes a body as the client does and encodes the value again.
pub type RoundTrip = fn(&[u8]) -> Result<Value, Failure>;

/// Why there and back again did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The body does not decode.
    Decode(BodyError),
    /// The value does not encode, which no value of ours should do.
    Encode(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Encode(error) => write!(f, "the decoded value does not encode: {error}"),
        }
    }
}

/// The round trip through a type.
///
/// # Errors
/// When the body does not decode, or the value does not encode.
pub fn round_trip<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<Value, Failure> {
    let value: T = authlete_api::decode(body).map_err(Failure::Decode)?;
    serde_json::to_value(&value).map_err(|error| Failure::Encode(error.to_string()))
}

/// A place of the description that holds a value.
#[derive(Debug)]
pub struct Place {
    /// The upstream name of a component, or method and path of an operation.
    pub at: &'static str,
    /// How the value is read and written.
    pub round_trip: RoundTrip,
    /// What its type knows.
    pub shape: Shape,
}
