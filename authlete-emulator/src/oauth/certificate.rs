//! Client certificates (RFC 8705), which the authorization server took from the TLS connection.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use webpki::KeyUsage;
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::time::ASN1Time;

use super::OperationError;
use crate::certificates::{from_text, verify_chain};
use crate::error::ApiError;
use crate::jose;
use crate::reply::Code;
use crate::request::Request;
use crate::state::Settings;

/// A certificate, in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate(Vec<u8>);

impl Certificate {
    /// The certificate that the call hands on as `clientCertificate`.
    pub(crate) fn presented(request: &Request, unreadable: Code) -> Result<Option<Self>, OperationError> {
        let Some(text) = request.body.non_empty("clientCertificate")? else {
            return Ok(None);
        };
        let read = parse_x509_pem(text.as_bytes()).ok().map(|(_, pem)| Self(pem.contents));
        match read.filter(|certificate| certificate.parsed().is_some()) {
            Some(certificate) => Ok(Some(certificate)),
            None => {
                Err(OperationError::server(unreadable, "The member clientCertificate is not a certificate in PEM."))
            }
        }
    }

    fn parsed(&self) -> Option<X509Certificate<'_>> {
        X509Certificate::from_der(&self.0).ok().map(|(_, certificate)| certificate)
    }

    /// The value of `x5t#S256` (RFC 8705, section 3.1).
    pub(crate) fn thumbprint(&self) -> String {
        jose::sha256(&self.0)
    }

    /// Whether it is valid at this time, in milliseconds since 1970.
    pub(crate) fn is_valid_at(&self, now: u64) -> bool {
        let time = i64::try_from(now / 1000).ok().and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
        self.parsed().zip(time).is_some_and(|(parsed, time)| parsed.validity().is_valid_at(time))
    }

    /// Whether it may authenticate a client at this time, in milliseconds since 1970, and leads to one of the roots over
    /// the certificates that the client presented with it (RFC 5280, section 6). What cannot be read leads nowhere.
    pub(crate) fn leads_to(&self, roots: &[&str], path: &[String], now: u64) -> bool {
        let roots: Vec<Vec<u8>> = roots.iter().copied().filter_map(from_text).collect();
        let path: Vec<Vec<u8>> = path.iter().map(String::as_str).filter_map(from_text).collect();
        verify_chain(&self.0, &path, &roots, now, KeyUsage::client_auth()).is_ok()
    }

    /// Whether its subject is the one that the client registered (section 2.1.2).
    pub(crate) fn is_of_subject(&self, client: &Settings) -> Result<bool, ApiError> {
        let Some(parsed) = self.parsed() else { return Ok(false) };
        if let Some(expected) = client.string("tlsClientAuthSubjectDn") {
            let expected = parse_name(expected).ok_or_else(|| {
                ApiError::not_implemented("a tlsClientAuthSubjectDn with attributes in hexadecimal or joined by +")
            })?;
            return Ok(name_of(parsed.subject()) == Some(expected));
        }
        let names = parsed.subject_alternative_name().ok().flatten();
        let mut names = names.iter().flat_map(|extension| extension.value.general_names.iter());
        Ok(names.any(|name| match name {
            GeneralName::DNSName(dns) => {
                client.string("tlsClientAuthSanDns").is_some_and(|e| e.eq_ignore_ascii_case(dns))
            }
            GeneralName::URI(uri) => client.string("tlsClientAuthSanUri") == Some(uri),
            GeneralName::RFC822Name(email) => client.string("tlsClientAuthSanEmail") == Some(email),
            GeneralName::IPAddress(bytes) => {
                let expected = client.string("tlsClientAuthSanIp").and_then(|text| text.parse().ok());
                expected.is_some_and(|expected| match expected {
                    std::net::IpAddr::V4(address) => address.octets() == *bytes,
                    std::net::IpAddr::V6(address) => address.octets() == *bytes,
                })
            }
            _ => false,
        }))
    }

    /// Whether it is the certificate inside the JWK with this id, or inside any if there is no id (section 2.2.2).
    pub(crate) fn is_in(&self, keys: &[Map<String, Value>], kid: Option<&str>) -> bool {
        let named = |key: &&Map<String, Value>| kid.is_none() || key.get("kid").and_then(Value::as_str) == kid;
        keys.iter().filter(named).any(|key| {
            let first = key.get("x5c").and_then(|chain| chain[0].as_str());
            first.and_then(|text| STANDARD.decode(text).ok()).is_some_and(|der| der == self.0)
        })
    }
}

/// Attribute types and values, the most specific one first, as RFC 4514 has them.
type Name = Vec<(String, String)>;

fn attribute(kind: &str, value: &str) -> (String, String) {
    // Values compare without regard to case (RFC 4519 gives these attributes caseIgnoreMatch).
    (kind.trim().to_uppercase(), value.trim().to_lowercase())
}

/// The name in a certificate; none if it has parts that have no string.
fn name_of(name: &X509Name<'_>) -> Option<Name> {
    let attributes = name.iter_attributes().map(|one| {
        let kind =
            oid2abbrev(one.attr_type(), oid_registry()).map_or_else(|_| one.attr_type().to_id_string(), str::to_owned);
        Some(attribute(&kind, one.as_str().ok()?))
    });
    let mut name: Name = attributes.collect::<Option<_>>()?;
    name.reverse();
    Some(name)
}

/// A name as string (RFC 4514); none for the rare forms.
fn parse_name(text: &str) -> Option<Name> {
    let mut name = Name::new();
    let mut part = String::new();
    let mut characters = text.chars();
    let finish = |part: &mut String, name: &mut Name| {
        let (kind, value) = part.split_once('=')?;
        name.push(attribute(kind, value));
        part.clear();
        Some(())
    };
    while let Some(c) = characters.next() {
        match c {
            ',' => finish(&mut part, &mut name)?,
            '+' | '#' => return None,
            '\\' => part.push(characters.next().filter(|escaped| !escaped.is_ascii_hexdigit())?),
            c => part.push(c),
        }
    }
    finish(&mut part, &mut name)?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::{attribute, parse_name};

    #[test]
    fn names_as_rfc_4514_writes_them() {
        let expected = vec![attribute("CN", "Shop"), attribute("O", "Shop, Inc."), attribute("C", "DE")];
        assert_eq!(parse_name(r"cn=shop, O=Shop\, Inc.,C=DE"), Some(expected));
        assert_eq!(parse_name("CN=a+OU=b"), None);
        assert_eq!(parse_name("CN=#04024869"), None);
        assert_eq!(parse_name("nothing"), None);
    }
}
