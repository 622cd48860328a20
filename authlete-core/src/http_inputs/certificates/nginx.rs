//! nginx.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{pem_list, read, unescaped};

/// The client's certificate and those above it, in PEM, from a header that nginx fills with `$ssl_client_escaped_cert`: PEM,
/// percent-encoded.
///
/// Only the proxy may set this header: it has to remove those that come from outside.
///
/// # Errors
/// When the header holds something else.
pub fn nginx_certificates(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<String>, Malformed> {
    read(headers, std::slice::from_ref(name), |text| pem_list(&unescaped(text)?))
}
