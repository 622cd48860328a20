//! What `cargo xtask regen` writes for this crate. This file itself is written by hand.

#[rustfmt::skip]
mod operations;

pub(crate) use operations::{GRANT_TYPE, O_AUTH_CLIENT as CLIENT, OPERATIONS, PROPERTY, SERVICE};
