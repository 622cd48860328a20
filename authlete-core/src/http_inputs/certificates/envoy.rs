//! Envoy.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{WRONG, pem_list, read as read_headers, unescaped};

const NAME: HeaderName = HeaderName::from_static("x-forwarded-client-cert");

/// The client's certificate and those above it, in PEM, from `X-Forwarded-Client-Cert` (XFCC) as Envoy writes it: of the last
/// element, which the proxy nearest to this server has appended, `Chain` where it is there, else `Cert`; both are PEM,
/// percent-encoded. An element without them, which has a hash alone, counts as no certificate.
///
/// Only the proxy may set this header (`forward_client_cert_details: SANITIZE_SET`, or `APPEND_FORWARD` behind proxies of
/// your own): it has to remove those that come from outside.
///
/// # Errors
/// When the header holds something else.
pub fn envoy_certificates(headers: &HeaderMap) -> Result<Vec<String>, Malformed> {
    read_headers(headers, &[NAME], read)
}

pub(super) fn read(text: &str) -> Result<Vec<String>, Malformed> {
    let (mut cert, mut chain) = (None, None);
    for pair in split(split(text, ',')?.last().ok_or(WRONG)?, ';')? {
        let (key, value) = pair.split_once('=').ok_or(WRONG)?;
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"').ok_or(WRONG)?,
            None => value,
        };
        match key.trim() {
            key if key.eq_ignore_ascii_case("cert") => cert = Some(value),
            key if key.eq_ignore_ascii_case("chain") => chain = Some(value),
            _ => {}
        }
    }
    match chain.filter(|chain| !chain.is_empty()).or(cert) {
        Some(value) => pem_list(&unescaped(value)?),
        None => Ok(Vec::new()),
    }
}

/// The parts between separators, of which those within quotes are none.
fn split(text: &str, separator: char) -> Result<Vec<&str>, Malformed> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    if quoted { Err(WRONG) } else { Ok(parts.into_iter().filter(|part| !part.trim().is_empty()).collect()) }
}
