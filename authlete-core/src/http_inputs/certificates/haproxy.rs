//! HAProxy.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{WRONG, der, read};

/// The client's certificate in PEM, from a header that HAProxy fills with `%[ssl_c_der,base64]`, and those above it from
/// others that it fills likewise: DER in Base64, one certificate in each.
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else.
pub fn haproxy_certificates(headers: &HeaderMap, names: &[HeaderName]) -> Result<Vec<String>, Malformed> {
    read(headers, names, |text| match text.contains(',') {
        true => Err(WRONG),
        false => Ok(vec![der(text)?]),
    })
}
