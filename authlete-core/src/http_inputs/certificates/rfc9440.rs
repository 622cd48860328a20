//! `Client-Cert` and `Client-Cert-Chain` (RFC 9440).

use http::HeaderMap;

use super::super::Malformed;
use super::der;

/// The client's certificate and those above it, in PEM, from `Client-Cert` and `Client-Cert-Chain` (RFC 9440). An empty header
/// counts as none.
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else, or there is a chain without a certificate.
pub fn client_certificates(headers: &HeaderMap) -> Result<Vec<String>, Malformed> {
    const WRONG: Malformed = Malformed::of_client("Client-Cert or Client-Cert-Chain is not what RFC 9440 has there");
    let read = |name: &str| -> Result<Vec<String>, Malformed> {
        let mut found = Vec::new();
        for value in headers.get_all(name) {
            let text = value.to_str().map_err(|_| WRONG)?;
            if text.trim().is_empty() {
                continue;
            }
            for item in text.split(',') {
                let item = item.trim().strip_prefix(':').and_then(|item| item.strip_suffix(':')).ok_or(WRONG)?;
                // Byte sequences have no white space (RFC 8941 3.3.5).
                let item = if item.contains(|character: char| character.is_ascii_whitespace()) {
                    Err(WRONG)
                } else {
                    Ok(item)
                };
                found.push(der(item?).map_err(|_| WRONG)?);
            }
        }
        Ok(found)
    };
    let mut certificates = read("client-cert")?;
    let chain = read("client-cert-chain")?;
    if certificates.len() > 1 || (certificates.is_empty() && !chain.is_empty()) {
        return Err(WRONG);
    }
    certificates.extend(chain);
    Ok(certificates)
}
