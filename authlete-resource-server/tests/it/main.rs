//! Tokens, requests and instances, as a resource server meets them.

mod issuer;
mod key_rotation;
mod local;
mod logout;
mod policies;
