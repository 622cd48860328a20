//! HTTP message signatures (RFC 9421), as requests to protected resources have them and responses to such requests.

use std::borrow::Cow;

use aws_lc_rs::{constant_time, digest};
use sfv::{BareItem, Dictionary, InnerList, Item, ItemSerializer, ListEntry, ListSerializer, Parameters, Parser};
use url::Url;

use super::signing::SigningKey;
use crate::error::ApiError;
use crate::jose::jwk::{self, Jwk};
use crate::jose::{Algorithm, signature};

/// How far from the present a signature may have been made, in seconds.
const WINDOW_SECONDS: u64 = 300;

/// The tags of FAPI 2.0 Message Signing.
const REQUEST_TAG: &str = "fapi-2-request";
const RESPONSE_TAG: &str = "fapi-2-response";

/// The label of the signatures that the service makes.
const LABEL: &str = "sig1";

/// A request to a protected resource, as far as it is known.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) method: &'a str,
    pub(crate) target_uri: Option<Url>,
    /// Names and values of header fields.
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: Option<&'a str>,
}

/// What a signature has to be.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    /// The components that it has to cover.
    pub(crate) components: &'a [String],
    pub(crate) keys: &'a [Jwk],
    /// The key that it has to be by; none where `keyid` says it.
    pub(crate) key_id: Option<&'a str>,
    /// Seconds since 1970, and how many of those clocks may differ.
    pub(crate) now: u64,
    pub(crate) skew: u64,
}

/// Why a message is not signed as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("The request has no HTTP message signature.")]
    Missing,
    #[error("The field Signature-Input or Signature of the request cannot be read.")]
    Malformed,
    #[error("The HTTP message signature does not cover {0}.")]
    NotCovered(String),
    #[error("The HTTP message signature covers {0}, which is not known.")]
    Unknown(String),
    #[error("The HTTP message signature was not made just now, or has expired.")]
    Time,
    #[error("No key of the client's has made the HTTP message signature.")]
    Wrong,
    #[error("The body of the request is not the one in Content-Digest.")]
    Digest,
}

impl Message<'_> {
    /// The value of a field: its lines, joined (RFC 9421, section 2.1).
    fn field(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let lines: Vec<&str> = lines.map(|(_, value)| value.trim()).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// The value of a component of the signature base (sections 2.1 and 2.2).
    fn component(&self, item: &Item) -> Option<String> {
        let name = item.bare_item.as_string()?.as_str();
        let parameters: Vec<&str> = item.params.keys().map(|key| key.as_str()).collect();
        let url = || self.target_uri.as_ref();
        match (name, parameters.as_slice()) {
            ("@method", []) => Some(self.method.to_owned()),
            ("@target-uri", []) => url().map(ToString::to_string),
            ("@authority", []) => url().map(authority),
            ("@scheme", []) => url().map(|url| url.scheme().to_owned()),
            ("@path", []) => url().map(|url| url.path().to_owned()),
            ("@query", []) => url().map(|url| format!("?{}", url.query().unwrap_or_default())),
            ("@request-target", []) => url().map(|url| match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            }),
            (name, []) if !name.starts_with('@') => self.field(name),
            (name, ["key"]) if !name.starts_with('@') => {
                let key = item.params.get("key")?.as_string()?.as_str();
                let value = self.field(name)?;
                let dictionary: Dictionary = Parser::new(&value).parse().ok()?;
                serialized(dictionary.get(key)?)
            }
            _ => None,
        }
    }

    /// Whether the message is signed as it has to be.
    pub(crate) fn verify(&self, expected: &Expected<'_>) -> Result<(), SignatureError> {
        let field = |name| self.field(name).ok_or(SignatureError::Missing);
        let (inputs, signatures) = (field("signature-input")?, field("signature")?);
        let read = |text: &str| Parser::new(text).parse::<Dictionary>().map_err(|_| SignatureError::Malformed);
        let (inputs, signatures) = (read(&inputs)?, read(&signatures)?);
        let (label, covered) = chosen(&inputs).ok_or(SignatureError::Malformed)?;
        let signature = match signatures.get(label.as_str()) {
            Some(ListEntry::Item(item)) => item.bare_item.as_byte_sequence().ok_or(SignatureError::Malformed)?,
            _ => return Err(SignatureError::Malformed),
        };
        self.check_coverage(covered, expected)?;
        check_time(&covered.params, expected)?;
        let base = self.base(covered)?;
        let by = |name: &str| covered.params.get(name).and_then(BareItem::as_string).map(sfv::StringRef::as_str);
        let key_id = expected.key_id.or_else(|| by("keyid"));
        let keys = expected.keys.iter().filter(|key| key_id.is_none() || jwk::string(key, "kid") == key_id);
        let mut candidates = keys.flat_map(|key| algorithms(key, by("alg")).into_iter().map(move |one| (one, key)));
        match candidates.any(|(algorithm, key)| signature::verify(algorithm, key, base.as_bytes(), signature)) {
            true => self.check_digest(),
            false => Err(SignatureError::Wrong),
        }
    }

    fn check_coverage(&self, covered: &InnerList, expected: &Expected<'_>) -> Result<(), SignatureError> {
        let has = |name: &str| {
            covered.items.iter().any(|item| {
                item.params.is_empty() && item.bare_item.as_string().is_some_and(|one| one.as_str() == name)
            })
        };
        let missing = expected.components.iter().find(|name| !has(&name.to_ascii_lowercase()));
        missing.map_or(Ok(()), |name| Err(SignatureError::NotCovered(name.clone())))
    }

    /// The signature base (section 2.5).
    fn base(&self, covered: &InnerList) -> Result<String, SignatureError> {
        let mut lines = Vec::new();
        for item in &covered.items {
            let name = identifier(item);
            let value = self.component(item).ok_or_else(|| SignatureError::Unknown(name.clone()))?;
            let line = format!("{name}: {value}");
            // Each component is covered once.
            if lines.iter().any(|known: &String| known.starts_with(&format!("{name}: "))) {
                return Err(SignatureError::Malformed);
            }
            lines.push(line);
        }
        lines.push(format!("\"@signature-params\": {}", parameters(covered)));
        Ok(lines.join("\n"))
    }

    /// Whether the body is the one that the field `Content-Digest` is of (RFC 9530, section 2), where both are known.
    fn check_digest(&self) -> Result<(), SignatureError> {
        let (Some(body), Some(value)) = (self.body, self.field("content-digest")) else { return Ok(()) };
        let digests: Dictionary = Parser::new(&value).parse().map_err(|_| SignatureError::Digest)?;
        let mut known = 0;
        for (name, entry) in &digests {
            let algorithm = match name.as_str() {
                "sha-256" => &digest::SHA256,
                "sha-512" => &digest::SHA512,
                _ => continue,
            };
            let ListEntry::Item(item) = entry else { return Err(SignatureError::Digest) };
            let given = item.bare_item.as_byte_sequence().ok_or(SignatureError::Digest)?;
            let own = digest::digest(algorithm, body.as_bytes());
            constant_time::verify_slices_are_equal(own.as_ref(), given).map_err(|_| SignatureError::Digest)?;
            known += 1;
        }
        if known == 0 { Err(SignatureError::Digest) } else { Ok(()) }
    }
}

/// The signature of FAPI's where there are several, else the first.
fn chosen(inputs: &Dictionary) -> Option<(String, &InnerList)> {
    let lists = || {
        inputs.iter().filter_map(|(label, entry)| match entry {
            ListEntry::InnerList(list) => Some((label.as_str().to_owned(), list)),
            ListEntry::Item(_) => None,
        })
    };
    let tagged = |(_, list): &(String, &InnerList)| {
        list.params.get("tag").and_then(BareItem::as_string).is_some_and(|tag| tag.as_str() == REQUEST_TAG)
    };
    lists().find(tagged).or_else(|| lists().next())
}

fn check_time(parameters: &Parameters, expected: &Expected<'_>) -> Result<(), SignatureError> {
    let seconds = |name: &str| {
        let value = parameters.get(name)?;
        Some(value.as_integer().and_then(|integer| u64::try_from(i64::from(integer)).ok()))
    };
    let window = WINDOW_SECONDS + expected.skew;
    match seconds("created") {
        Some(Some(created)) if created.abs_diff(expected.now) <= window => {}
        _ => return Err(SignatureError::Time),
    }
    match seconds("expires") {
        None => Ok(()),
        Some(Some(expires)) if expected.now < expires.saturating_add(expected.skew) => Ok(()),
        Some(_) => Err(SignatureError::Time),
    }
}

/// The algorithms that a signature may be by: the one that `alg` names (section 6.2.2), else what the key is for.
fn algorithms(key: &Jwk, alg: Option<&str>) -> Vec<Algorithm> {
    match alg {
        Some("rsa-pss-sha512") => vec![Algorithm::PS512],
        Some("rsa-v1_5-sha256") => vec![Algorithm::RS256],
        Some("ecdsa-p256-sha256") => vec![Algorithm::ES256],
        Some("ecdsa-p384-sha384") => vec![Algorithm::ES384],
        Some("ed25519") => vec![Algorithm::EdDSA],
        Some(_) => Vec::new(),
        None => {
            let all = [
                Algorithm::ES256,
                Algorithm::ES384,
                Algorithm::ES512,
                Algorithm::ES256K,
                Algorithm::EdDSA,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
                Algorithm::RS256,
            ];
            all.into_iter().filter(|algorithm| jwk::fits(key, *algorithm)).collect()
        }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn identifier(item: &Item) -> String {
    ItemSerializer::new().bare_item(&item.bare_item).parameters(&item.params).finish()
}

/// The covered components with the parameters of the signature.
fn parameters(covered: &InnerList) -> String {
    let mut serializer = ListSerializer::new();
    let mut list = serializer.inner_list();
    list.items(&covered.items);
    let _ = list.finish().parameters(&covered.params);
    serializer.finish().unwrap_or_default()
}

fn serialized(entry: &ListEntry) -> Option<String> {
    let mut serializer = ListSerializer::new();
    serializer.members([entry]);
    serializer.finish()
}

/// The fields that a signed response has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) signature: String,
    pub(crate) signature_input: String,
    pub(crate) content_digest: String,
}

/// Signs a response with status 200 and this body. `request_signature` is the field `Signature` of the request, which
/// the response then refers to (section 2.4).
pub(crate) fn sign_response(
    key: &SigningKey,
    body: &str,
    request_signature: Option<&str>,
    now: u64,
) -> Result<Signed, ApiError> {
    let content_digest = format!("sha-256={}", bytes(digest::digest(&digest::SHA256, body.as_bytes()).as_ref()));
    let mut covered: Vec<(&str, Cow<'_, str>)> =
        vec![("\"@status\"", "200".into()), ("\"content-digest\"", content_digest.as_str().into())];
    if let Some(signature) = request_signature {
        covered.push(("\"signature\";req", signature.trim().into()));
    }
    let names: Vec<&str> = covered.iter().map(|(name, _)| *name).collect();
    let key_id = key
        .public()
        .and_then(|key| jwk::string(key, "kid"))
        .map_or_else(String::new, |kid| format!(";keyid=\"{}\"", kid.replace('\\', "\\\\").replace('"', "\\\"")));
    let parameters = format!("({});created={}{key_id};tag=\"{RESPONSE_TAG}\"", names.join(" "), now / 1000);
    let mut lines: Vec<String> = covered.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.push(format!("\"@signature-params\": {parameters}"));
    let signature = key.sign_bytes(lines.join("\n").as_bytes())?;
    Ok(Signed {
        signature: format!("{LABEL}={}", bytes(&signature)),
        signature_input: format!("{LABEL}={parameters}"),
        content_digest,
    })
}

/// A byte sequence as a structured field has it.
fn bytes(value: &[u8]) -> String {
    ItemSerializer::new().bare_item(value).finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::{Expected, Message, SignatureError};
    use crate::jose::Jwk;

    const BODY: &str = r#"{"hello": "world"}"#;

    fn keys() -> Vec<Jwk> {
        let keys = json!([
            {"kty": "OKP", "crv": "Ed25519", "kid": "test-key-ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"},
            {
                "kty": "EC", "crv": "P-256", "kid": "test-key-ecc-p256",
                "x": "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA", "y": "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0",
            },
        ]);
        keys.as_array().expect("keys").iter().filter_map(|key| key.as_object().cloned()).collect()
    }

    /// The request of RFC 9421, appendix B.2, with the signature of B.2.6.
    fn headers() -> Vec<(String, String)> {
        [
            ("Host", "example.com"),
            ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("Content-Type", "application/json"),
            (
                "Content-Digest",
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            ),
            ("Content-Length", "18"),
            (
                "Signature-Input",
                "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
                 ;created=1618884473;keyid=\"test-key-ed25519\"",
            ),
            (
                "Signature",
                "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn verify(headers: &[(String, String)], body: &str, components: &[&str], now: u64) -> Result<(), SignatureError> {
        let target_uri = Url::parse("https://example.com/foo?param=Value&Pet=dog").ok();
        let components: Vec<String> = components.iter().map(|name| (*name).to_owned()).collect();
        let keys = keys();
        let expected = Expected { components: &components, keys: &keys, key_id: None, now, skew: 0 };
        Message { method: "POST", target_uri, headers, body: Some(body) }.verify(&expected)
    }

    #[test]
    fn the_ed25519_signature_of_rfc_9421() {
        let now = 1_618_884_473;
        assert_eq!(verify(&headers(), BODY, &["@method", "date"], now), Ok(()));
        let not_covered = Err(SignatureError::NotCovered("@target-uri".to_owned()));
        assert_eq!(verify(&headers(), BODY, &["@target-uri"], now), not_covered);
        assert_eq!(verify(&headers(), BODY, &[], now + 301), Err(SignatureError::Time));
        assert_eq!(verify(&headers(), BODY, &[], now - 301), Err(SignatureError::Time));
        assert_eq!(verify(&headers(), "{}", &[], now), Err(SignatureError::Digest));
    }

    #[test]
    fn whatever_is_covered_counts() {
        for (name, value) in [("Date", "Tue, 20 Apr 2021 02:07:56 GMT"), ("Content-Length", "19")] {
            let mut changed = headers();
            for (_, known) in changed.iter_mut().filter(|(known, _)| known == name) {
                value.clone_into(known);
            }
            assert_eq!(verify(&changed, BODY, &[], 1_618_884_473), Err(SignatureError::Wrong), "{name}");
        }
        let without: Vec<_> = headers().into_iter().filter(|(name, _)| name != "Date").collect();
        assert_eq!(verify(&without, BODY, &[], 1_618_884_473), Err(SignatureError::Unknown("\"date\"".to_owned())));
        let unsigned: Vec<_> = headers().into_iter().filter(|(name, _)| name != "Signature").collect();
        assert_eq!(verify(&unsigned, BODY, &[], 1_618_884_473), Err(SignatureError::Missing));
    }

    #[test]
    fn what_cannot_be_read() {
        for (name, value) in [
            ("Signature-Input", "sig-b26="),
            ("Signature-Input", "sig-b26=1"),
            ("Signature-Input", "other=(\"date\");created=1618884473"),
            ("Signature", "sig-b26=1"),
            ("Signature", "!"),
        ] {
            let mut changed = headers();
            for (_, known) in changed.iter_mut().filter(|(known, _)| known == name) {
                value.clone_into(known);
            }
            assert_eq!(verify(&changed, BODY, &[], 1_618_884_473), Err(SignatureError::Malformed), "{value}");
        }
        let mut twice = headers();
        for (_, value) in twice.iter_mut().filter(|(name, _)| name == "Signature-Input") {
            *value = "sig-b26=(\"date\" \"date\");created=1618884473".to_owned();
        }
        assert_eq!(verify(&twice, BODY, &[], 1_618_884_473), Err(SignatureError::Malformed));
    }
}
