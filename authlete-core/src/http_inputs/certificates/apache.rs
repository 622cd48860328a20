//! Apache.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{pem_list, read};

/// The client's certificate and those above it, in PEM, from headers that Apache fills with `%{SSL_CLIENT_CERT}s` and
/// `%{SSL_CLIENT_CERT_CHAIN_0}s`, …: PEM with its line breaks made spaces, and `(null)` for none.
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else.
pub fn apache_certificates(headers: &HeaderMap, names: &[HeaderName]) -> Result<Vec<String>, Malformed> {
    read(headers, names, pem_list)
}
