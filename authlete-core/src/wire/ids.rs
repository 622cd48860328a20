//! Identifiers as types of their own, where one would otherwise be taken for another.

use std::borrow::Cow;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::redact::Redacted;

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
/// The id of a service is not one:
///
/// ```compile_fail
/// # async fn example(service: authlete_api::AuthleteService) {
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

/// A batch of tokens that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenBatchId(String);

/// What links an authorization request, a token request or a backchannel authentication to the calls that end it. Whoever
/// has it can end them, so it is never printed.
///
/// A subject is not one, though both are strings:
///
/// ```
/// use authlete_api::{Ticket, types::AuthorizationIssueRequest};
///
/// let request = AuthorizationIssueRequest::new("ada", Ticket::from("c4iy3TWG"));
/// assert_eq!(format!("{:?}", request.ticket), "Ticket([redacted])");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ticket(String);

/// What a user types on the verification page of the device flow (RFC 8628 3.3).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserCode(String);

/// A user's session with the authorization server, as Native SSO has it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

/// A grant, as Grant Management for OAuth 2.0 has it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GrantId(String);

/// A key in a hardware security module.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HardwareKeyHandle(String);

/// A credential offer (OpenID for Verifiable Credential Issuance 4.1).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialOfferId(String);

/// A request for a credential, which the order that answers it names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialRequestId(String);

/// An access token, or its hash in its place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccessTokenIdentifier(String);

/// A refresh token, or its hash in its place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RefreshTokenIdentifier(String);

/// What all identifiers that are texts have.
macro_rules! text {
    ($($id:ident)*) => {
        $(
            impl $id {
                /// The identifier as text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }

                /// The identifier as text, taken out.
                pub fn into_string(self) -> String {
                    self.0
                }

                /// For the path of a call.
                #[doc(hidden)]
                pub fn text(&self) -> Cow<'_, str> {
                    Cow::Borrowed(&self.0)
                }

                /// Stands where a response lacks what its action promises.
                #[doc(hidden)]
                pub fn none() -> &'static Self {
                    static NONE: $id = $id(String::new());
                    &NONE
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

            impl From<&$id> for $id {
                fn from(id: &$id) -> Self {
                    id.clone()
                }
            }

            impl AsRef<str> for $id {
                fn as_ref(&self) -> &str {
                    &self.0
                }
            }

            impl Serialize for $id {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(&self.0)
                }
            }

            impl<'de> Deserialize<'de> for $id {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    String::deserialize(deserializer).map(Self)
                }
            }

            #[cfg(feature = "schemars")]
            impl schemars::JsonSchema for $id {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($id).into()
                }

                fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    String::json_schema(generator)
                }
            }
        )*
    };
}

/// Identifiers that may be shown.
macro_rules! public {
    ($($id:ident)*) => {
        $(
            impl fmt::Display for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(&self.0)
                }
            }
        )*
    };
}

/// Identifiers that are as good as a secret.
macro_rules! secret {
    ($($id:ident)*) => {
        $(
            impl fmt::Debug for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_tuple(stringify!($id)).field(&Redacted).finish()
                }
            }
        )*
    };
}

/// Identifiers that are numbers most of the time.
macro_rules! number {
    ($($id:ident)*) => {
        $(
            impl From<i64> for $id {
                fn from(number: i64) -> Self {
                    Self(number.to_string())
                }
            }
        )*
    };
}

text!(ServiceId ClientIdentifier TokenBatchId Ticket UserCode SessionId GrantId HardwareKeyHandle CredentialOfferId);
text!(CredentialRequestId AccessTokenIdentifier RefreshTokenIdentifier);
public!(ServiceId ClientIdentifier TokenBatchId);
secret!(Ticket UserCode SessionId GrantId HardwareKeyHandle CredentialOfferId CredentialRequestId);
secret!(AccessTokenIdentifier RefreshTokenIdentifier);
number!(ServiceId ClientIdentifier);

impl ClientId {
    /// The number, as the fields of requests and responses have it.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// For the path of a call.
    #[doc(hidden)]
    pub fn text(self) -> String {
        self.0.to_string()
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
