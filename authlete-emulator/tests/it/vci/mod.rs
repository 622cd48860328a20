//! Credential issuance (OpenID4VCI).

mod credentials;
mod documents;

mod issuer;
mod offers;
