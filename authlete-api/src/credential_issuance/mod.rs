//! What a credential issuer (OpenID4VCI 1.0) needs beside the calls of
//! [`service.credential_issuer()`](crate::groups::CredentialIssuerApi).
//!
//! - [`OfferLink`]: the link, or the content of the QR code, that opens a credential offer in a wallet.
//! - [`IssuableCredentials`]: which credentials an access token stands for, and which of them a request asks for.
//! - [`SdJwtVc`] and [`Mdoc`]: what a credential says, as an order for Authlete.
//! - [`CredentialError`]: a refusal with an error code of the specification, as a reply to the wallet.
//!
//! The chapter [`guide::credential_issuer`](crate::guide::credential_issuer) shows them in the endpoints of an issuer.

mod credential_error;
mod issuable_credentials;
mod mdoc;
mod mdoc_value;
mod offer_link;
mod order_options;
mod sd_jwt_vc;
mod steps;

pub use credential_error::{CredentialError, CredentialErrorCode};
pub use issuable_credentials::{IssuableCredential, IssuableCredentials};
pub use mdoc::Mdoc;
pub use mdoc_value::MdocValue;
pub use offer_link::OfferLink;
pub use sd_jwt_vc::SdJwtVc;
