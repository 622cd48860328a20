//! Identifiers as types of their own, where one would otherwise be taken for another.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// The id of a service: a number, except on servers that say otherwise.
///
/// ```
/// use authlete_api::ServiceId;
///
/// assert_eq!(ServiceId::from(986126671_i64), ServiceId::from("986126671"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(String);

/// The id that Authlete gave a client.
///
/// A service's id is none:
///
/// ```compile_fail
/// # async fn example(service: authlete_api::Service) {
/// let _ = service.clients().get(service.id()).await;
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(i64);

/// What names a client where both are accepted: its id, or the alias that the service gave it.
///
/// ```
/// use authlete_api::{ClientId, ClientIdentifier};
///
/// assert_eq!(ClientIdentifier::from(ClientId::from(12)), ClientIdentifier::from("12"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientIdentifier(String);

macro_rules! text {
    ($($id:ident)*) => {
        $(
            impl $id {
                /// The identifier as text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<&str> for $id {
                fn from(text: &str) -> Self {
                    Self(text.to_owned())
                }
            }

            impl From<String> for $id {
                fn from(text: String) -> Self {
                    Self(text)
                }
            }

            impl From<i64> for $id {
                fn from(number: i64) -> Self {
                    Self(number.to_string())
                }
            }

            impl From<&$id> for $id {
                fn from(id: &$id) -> Self {
                    id.clone()
                }
            }

            impl fmt::Display for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(&self.0)
                }
            }
        )*
    };
}

text!(ServiceId ClientIdentifier);

impl ClientId {
    /// The number, as the fields of requests and answers have it.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for ClientId {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl FromStr for ClientId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.trim().parse().map(Self)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ClientId> for ClientIdentifier {
    fn from(id: ClientId) -> Self {
        Self(id.to_string())
    }
}
