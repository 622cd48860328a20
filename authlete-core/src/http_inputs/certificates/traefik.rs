//! Traefik.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{der, read as read_headers, unescaped};

const NAME: HeaderName = HeaderName::from_static("x-forwarded-tls-client-cert");

/// The client's certificate and those above it, in PEM, from `X-Forwarded-Tls-Client-Cert` as Traefik's middleware
/// `passTLSClientCert` writes it: DER in Base64, the certificates of a chain separated by commas; percent-encoded before
/// version 2.9.4.
///
/// Only the proxy may set this header: it has to remove those that come from outside.
///
/// # Errors
/// When the header holds something else.
pub fn traefik_certificates(headers: &HeaderMap) -> Result<Vec<String>, Malformed> {
    read_headers(headers, &[NAME], read)
}

pub(super) fn read(text: &str) -> Result<Vec<String>, Malformed> {
    unescaped(text)?.split(',').map(der).collect()
}
