//! What stands on the wire: reading it leniently, identifiers, open enumerations, and where decoding failed.

pub(crate) mod decode;
pub(crate) mod excerpt;
pub(crate) mod ids;
pub(crate) mod json_path;
pub(crate) mod lenient;
pub(crate) mod object;
pub(crate) mod open_enum;
pub(crate) mod outside;
pub(crate) mod positional;
pub(crate) mod redact;
pub(crate) mod time;

pub use decode::{BodyError, decode};
pub use ids::{
    AccessTokenIdentifier, ClientId, ClientIdentifier, CredentialOfferId, CredentialRequestId, GrantId,
    HardwareKeyHandle, RefreshTokenIdentifier, ServiceId, SessionId, Ticket, TokenBatchId, UserCode,
};
