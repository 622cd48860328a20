//! Tokens, requests and instances, as a resource server meets them.

mod fleet;
mod issuer;
mod key_rotation;
mod local;
mod logout;
mod policies;
mod shared_state;
