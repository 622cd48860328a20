//! The formats that credentials are made in.

mod diagnostic;
mod mdoc;
mod sd_jwt;

use serde_json::{Map, Value};

use super::keys::Signer;
use crate::error::ApiError;
use crate::jose::Jwk;

/// A format whose credentials the emulator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// SD-JWT VC, with the type that its header states: `dc+sd-jwt`, or `vc+sd-jwt` as the draft calls it.
    SdJwt(&'static str),
    /// ISO/IEC 18013-5.
    Mdoc,
}

/// What a credential is made of.
pub(crate) struct Credential<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) payload: &'a Map<String, Value>,
    /// The key that it is bound to, if it is bound to one.
    pub(crate) key: Option<&'a Jwk>,
    pub(crate) signer: &'a Signer,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Seconds; none where the credential does not expire.
    pub(crate) duration: Option<u64>,
}

/// Why a credential is not made.
#[derive(Debug)]
pub(crate) enum FormatError {
    /// The payload is not one of the format's.
    Payload(String),
    /// The key that signs, or the one that the credential is bound to, does not do for the format.
    Key(&'static str),
    /// It could not be made.
    Failed(ApiError),
}

impl Format {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "dc+sd-jwt" => Some(Self::SdJwt("dc+sd-jwt")),
            "vc+sd-jwt" => Some(Self::SdJwt("vc+sd-jwt")),
            "mso_mdoc" => Some(Self::Mdoc),
            _ => None,
        }
    }

    /// The credential as a credential response has it.
    pub(crate) fn make(self, credential: &Credential<'_>) -> Result<String, FormatError> {
        match self {
            Self::SdJwt(typ) => sd_jwt::make(typ, credential),
            Self::Mdoc => mdoc::make(credential),
        }
    }
}

impl From<ApiError> for FormatError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

fn payload(message: impl Into<String>) -> FormatError {
    FormatError::Payload(message.into())
}
