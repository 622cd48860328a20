//! Client certificates from the headers of proxies that end TLS, one file for each form.
//!
//! What all parsers return is the client's certificate, for `clientCertificate`, and those above it, for
//! `clientCertificatePath`, in PEM. Only the proxy may set these headers: it has to remove those that come from outside.

mod apache;
mod azure;
mod envoy;
mod haproxy;
mod nginx;
mod rfc9440;
mod traefik;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use super::Malformed;

pub use apache::apache_certificates;
pub use azure::azure_certificates;
pub use envoy::envoy_certificates;
pub use haproxy::haproxy_certificates;
pub use nginx::nginx_certificates;
pub use rfc9440::client_certificates;
pub use traefik::traefik_certificates;

const WRONG: Malformed =
    Malformed::of_client("a certificate header does not hold a certificate in a form that is known");

/// The client's certificate and those above it, in PEM, from headers in any of the forms that nginx, Apache, Traefik, Envoy,
/// HAProxy and Azure write: where more than one proxy may be in front. The function that is named after the proxy is
/// stricter.
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else.
pub fn pem_certificates(headers: &HeaderMap, names: &[HeaderName]) -> Result<Vec<String>, Malformed> {
    read(headers, names, |text| {
        if text.contains("Cert=") || text.contains("Hash=") {
            envoy::read(text)
        } else if text.contains("BEGIN") {
            pem_list(&unescaped(text)?)
        } else {
            traefik::read(text)
        }
    })
}

/// Reads every value of the headers that is not empty; what Apache writes for none counts as empty.
fn read(
    headers: &HeaderMap,
    names: &[HeaderName],
    read: impl Fn(&str) -> Result<Vec<String>, Malformed>,
) -> Result<Vec<String>, Malformed> {
    let mut found = Vec::new();
    for value in names.iter().flat_map(|name| headers.get_all(name)) {
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| WRONG)?.trim();
        if !matches!(text, "" | "(null)" | "-") {
            found.extend(read(text)?);
        }
    }
    Ok(found)
}

/// Certificates in PEM, one after the other, with any white space in place of line breaks.
fn pem_list(text: &str) -> Result<Vec<String>, Malformed> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let body = rest.strip_prefix("-----BEGIN CERTIFICATE-----").ok_or(WRONG)?;
        let (body, after) = body.split_once("-----END CERTIFICATE-----").ok_or(WRONG)?;
        found.push(der(body)?);
        rest = after.trim();
    }
    Ok(found)
}

/// A certificate in PEM from its DER in Base64, with white space or without.
fn der(text: &str) -> Result<String, Malformed> {
    let text: String = text.split_ascii_whitespace().collect();
    match STANDARD.decode(text) {
        Ok(der) if !der.is_empty() => Ok(pem(&der)),
        _ => Err(WRONG),
    }
}

fn unescaped(text: &str) -> Result<std::borrow::Cow<'_, str>, Malformed> {
    percent_decode_str(text).decode_utf8().map_err(|_| WRONG)
}

fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let encoded = STANDARD.encode(der);
    for (index, character) in encoded.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
