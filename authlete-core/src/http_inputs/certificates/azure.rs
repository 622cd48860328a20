//! Azure App Service.

use http::{HeaderMap, HeaderName};

use super::super::Malformed;
use super::{der, pem_list, read};

const NAME: HeaderName = HeaderName::from_static("x-arr-clientcert");

/// The client's certificate in PEM, from `X-ARR-ClientCert` as Azure App Service writes it: DER in Base64, and on some of its
/// fronts PEM on one line.
///
/// Only Azure's front may set this header: it removes those that come from outside.
///
/// # Errors
/// When the header holds something else.
pub fn azure_certificates(headers: &HeaderMap) -> Result<Vec<String>, Malformed> {
    read(headers, &[NAME], |text| match text.starts_with("-----BEGIN") {
        true => pem_list(text),
        false => Ok(vec![der(text)?]),
    })
}
