//! Credential issuance (OpenID4VCI).

mod attestations;
mod credentials;
mod deferred;
mod documents;
mod draft;
mod encryption;
mod haip;
mod issuer;
mod mdoc;
mod offers;
mod pretty;
mod proofs;
mod requests;
