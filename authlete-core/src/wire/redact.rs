//! Printing without telling.

use std::fmt;

/// Prints in the place of a secret: that one is there, not what it is.
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An optional secret: `None`, or `Some([redacted])`.
pub fn optional<T>(secret: &Option<T>) -> Option<Redacted> {
    secret.as_ref().map(|_| Redacted)
}

/// Fields we do not know, by name; their values may be secrets.
pub struct Extra<'a>(pub &'a serde_json::Map<String, serde_json::Value>);

impl fmt::Debug for Extra<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|name| (name, Redacted))).finish()
    }
}
