//! Authlete.
