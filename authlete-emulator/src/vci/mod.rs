//! Credential issuance: the rules of OpenID for Verifiable Credential Issuance (OpenID4VCI) 1.0, and of its first
//! implementer's draft, that the operations below `ops/vci` share.

pub(crate) mod choices;
pub(crate) mod did;
pub(crate) mod document;
pub(crate) mod encryption;
pub(crate) mod format;
pub(crate) mod issuable;
pub(crate) mod issuer;
pub(crate) mod key_attestation;
pub(crate) mod keys;
pub(crate) mod nonce;
pub(crate) mod order;
pub(crate) mod proof;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod token;

use crate::state::Settings;

pub(crate) use issuer::Issuer;
pub(crate) use refusal::Refusal;

/// The type of an element of `authorization_details` that asks for credentials.
pub(crate) const DETAIL_TYPE: &str = "openid_credential";

/// The version of OpenID4VCI that a service keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// The first implementer's draft (draft 13), which is what a service has that names no version.
    Draft,
    /// OpenID4VCI 1.0.
    Final,
}

impl Version {
    pub(crate) fn of(service: &Settings) -> Self {
        match service.string("oid4vciVersion") {
            Some("1.0" | "1.0-Final") => Self::Final,
            _ => Self::Draft,
        }
    }
}

/// Whether the service issues credentials at all.
pub(crate) fn is_enabled(service: &Settings) -> bool {
    service.flag("verifiableCredentialsEnabled")
}
