//! What a server takes out of a client's request for Authlete: credentials, access tokens, certificates.
//!
//! Nothing found is `None` or an empty list; what is there but cannot be read is [`Malformed`], which becomes a
//! [`Reply`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode;

use crate::actions::reply::{Details, Reply};

/// A client's id and secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// For `clientId`.
    pub id: String,
    /// For `clientSecret`.
    pub secret: String,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An access token as it was presented.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// How.
    pub scheme: TokenScheme,
    /// For `token` and `accessToken`.
    pub token: String,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// How an access token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenScheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449.
    DPoP,
}

/// Something in a request that is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    what: &'static str,
}

impl Malformed {
    /// What is wrong.
    pub fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request is malformed: {}", self.what)
    }
}

impl std::error::Error for Malformed {}

/// `invalid_request`, as RFC 6749 5.2 has it.
impl From<Malformed> for Reply {
    fn from(malformed: Malformed) -> Self {
        Self::invalid_request(Details { reason: Some(malformed.what), ..Details::default() })
    }
}

/// The client's credentials in `Authorization: Basic`, form-decoded as RFC 6749 2.3.1 has it.
///
/// # Errors
/// When the header is there twice, or what is in it is not encoded that way.
pub fn client_credentials(headers: &HeaderMap) -> Result<Option<ClientCredentials>, Malformed> {
    let Some(encoded) = authorization(headers, "Basic")? else { return Ok(None) };
    let wrong = Malformed { what: "the Basic credentials are not encoded as they should be" };
    let pair = STANDARD.decode(encoded).map_err(|_| wrong)?;
    let colon = pair.iter().position(|byte| *byte == b':').ok_or(wrong)?;
    let decoded = |part: &[u8]| form_decoded(part).ok_or(wrong);
    Ok(Some(ClientCredentials { id: decoded(&pair[..colon])?, secret: decoded(&pair[colon + 1..])? }))
}

/// The access token in `Authorization: Bearer` or `Authorization: DPoP`.
///
/// # Errors
/// When the header is there twice, or holds anything but one token.
pub fn access_token(headers: &HeaderMap) -> Result<Option<AccessToken>, Malformed> {
    for (name, scheme) in [("Bearer", TokenScheme::Bearer), ("DPoP", TokenScheme::DPoP)] {
        if let Some(token) = authorization(headers, name)? {
            // RFC 6750 2.1, b64token.
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            if token.is_empty() || !token.bytes().all(allowed) {
                return Err(Malformed { what: "the access token has characters that no token has" });
            }
            return Ok(Some(AccessToken { scheme, token: token.to_owned() }));
        }
    }
    Ok(None)
}

/// The access token in the header, or in the body of a form, as `access_token` (RFC 6750 2.2).
///
/// # Errors
/// When the header cannot be read, or there is more than one token: in both, or twice in the form.
pub fn access_token_or_form(headers: &HeaderMap, form: &str) -> Result<Option<AccessToken>, Malformed> {
    let in_form = form_urlencoded::parse(form.as_bytes()).filter(|(name, _)| name == "access_token");
    let in_form = in_form.map(|(_, token)| AccessToken { scheme: TokenScheme::Bearer, token: token.into_owned() });
    let mut all = access_token(headers)?.into_iter().chain(in_form);
    match (all.next(), all.next()) {
        (token, None) => Ok(token),
        _ => Err(Malformed { what: "there is more than one access token" }),
    }
}

/// The proof of possession in `DPoP` (RFC 9449 4), for `dpop`.
///
/// # Errors
/// When there is more than one, or something else.
pub fn dpop_proof(headers: &HeaderMap) -> Result<Option<String>, Malformed> {
    let mut proofs = headers.get_all("dpop").iter();
    match (proofs.next().map(HeaderValue::to_str), proofs.next()) {
        (None, _) => Ok(None),
        (Some(Ok(proof)), None) => Ok(Some(proof.to_owned())),
        _ => Err(Malformed { what: "there is not one proof in the DPoP header" }),
    }
}

/// The client's certificate and those above it, in PEM, from headers that hold PEM themselves: `X-SSL-Cert` and the like,
/// as nginx (percent-encoded) and Apache (line breaks made spaces) write them. The first is for `clientCertificate`, the
/// others for `clientCertificatePath`.
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else.
pub fn pem_certificates(headers: &HeaderMap, names: &[HeaderName]) -> Result<Vec<String>, Malformed> {
    const WRONG: Malformed = Malformed { what: "a certificate header is not PEM" };
    let mut found = Vec::new();
    for value in names.iter().flat_map(|name| headers.get_all(name)) {
        let text = percent_decode(value.as_bytes()).decode_utf8().map_err(|_| WRONG)?;
        let mut rest = text.trim();
        if rest == "(null)" {
            continue;
        }
        while !rest.is_empty() {
            let body = rest.strip_prefix("-----BEGIN CERTIFICATE-----").ok_or(WRONG)?;
            let (body, after) = body.split_once("-----END CERTIFICATE-----").ok_or(WRONG)?;
            let body: String = body.split_ascii_whitespace().collect();
            found.push(pem(&STANDARD.decode(body).map_err(|_| WRONG)?));
            rest = after.trim();
        }
    }
    Ok(found)
}

/// The client's certificate and those above it, in PEM, from `Client-Cert` and `Client-Cert-Chain` (RFC 9440).
///
/// Only the proxy may set these headers: it has to remove those that come from outside.
///
/// # Errors
/// When a header holds something else, or there is a chain without a certificate.
pub fn client_certificates(headers: &HeaderMap) -> Result<Vec<String>, Malformed> {
    const WRONG: Malformed = Malformed { what: "Client-Cert or Client-Cert-Chain is not what RFC 9440 has there" };
    let read = |name: &str| -> Result<Vec<String>, Malformed> {
        let mut found = Vec::new();
        for value in headers.get_all(name) {
            for item in value.to_str().map_err(|_| WRONG)?.split(',') {
                let item = item.trim().strip_prefix(':').and_then(|item| item.strip_suffix(':')).ok_or(WRONG)?;
                found.push(pem(&STANDARD.decode(item).map_err(|_| WRONG)?));
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

/// What follows a scheme in `Authorization`.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<Option<&'a str>, Malformed> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Malformed { what: "there is more than one Authorization header" });
    }
    let text = value.to_str().map_err(|_| Malformed { what: "the Authorization header is not ASCII" })?;
    let (found, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Ok(found.eq_ignore_ascii_case(scheme).then(|| rest.trim_start()))
}

fn form_decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
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
