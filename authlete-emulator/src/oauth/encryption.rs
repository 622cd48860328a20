//! JWTs that are encrypted, by others to the service or by the service to a client.

use aws_lc_rs::digest;
use serde_json::{Map, json};

use super::client_keys::client_keys;
use super::{CheckError, OperationError, names};
use crate::error::ApiError;
use crate::jose::jwe::{self, Encoding, Jwe, Management};
use crate::jose::{Jwk, encode};
use crate::reply::Code;
use crate::state::{Client, Settings, Tenant};

const NO_CLIENT_KEY: Code = "A000206";

/// The value of `enc` where a client chose an `alg` alone (OpenID Connect Dynamic Client Registration 1.0, section 2).
pub(crate) const DEFAULT_ENCODING: Encoding = Encoding::A128CbcHs256;

/// What was encrypted to the service, and how.
#[derive(Debug)]
pub(crate) struct Decrypted {
    pub(crate) content: String,
    pub(crate) management: Management,
    pub(crate) encoding: Encoding,
}

/// Decrypts what a client encrypted to the service: with a key of the service, or one made of the client's secret.
pub(crate) fn decrypt(
    tenant: &mut Tenant,
    client: Option<&Client>,
    text: &str,
) -> Result<Decrypted, CheckError<jwe::Error>> {
    let jwe = Jwe::read(text).map_err(CheckError::Rejected)?;
    let keys = if jwe.management.is_symmetric() {
        client.and_then(|client| key_of_secret(client, jwe.management, jwe.encoding)).into_iter().collect()
    } else {
        tenant.keys.for_decryption(&tenant.settings)?
    };
    let content = jwe.decrypt(&keys).map_err(CheckError::Rejected)?;
    let content = String::from_utf8(content).map_err(|_| CheckError::Rejected(jwe::Error::Malformed))?;
    Ok(Decrypted { content, management: jwe.management, encoding: jwe.encoding })
}

/// How something is encrypted to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) management: Management,
    pub(crate) encoding: Encoding,
}

impl Encryption {
    /// How the client wants something encrypted, by the two settings that say so; none where it does not.
    pub(crate) fn wanted(client: &Settings, alg: &str, enc: &str) -> Result<Option<Self>, ApiError> {
        let Some(name) = client.string(alg) else { return Ok(None) };
        Self::parse(name, client.string(enc)).map(Some)
    }

    /// By the names that the API has for `alg` and `enc`, or those of the specifications.
    pub(crate) fn parse(alg: &str, enc: Option<&str>) -> Result<Self, ApiError> {
        let refused = |what: &str| ApiError::not_implemented(format!("encryption by {what}"));
        let management = Management::parse(names::metadata(names::JWE_ALGORITHMS, alg).unwrap_or(alg));
        let management = management.ok_or_else(|| refused(alg))?;
        let encoding = match enc {
            None => DEFAULT_ENCODING,
            Some(enc) => Encoding::parse(names::metadata(names::JWE_ENCODINGS, enc).unwrap_or(enc))
                .ok_or_else(|| refused(enc))?,
        };
        Ok(Self { management, encoding })
    }

    /// The content encrypted to the client.
    pub(crate) fn to_client(
        self,
        tenant: &Tenant,
        client: &Client,
        content: &Content<'_>,
    ) -> Result<String, OperationError> {
        let keys = if self.management.is_symmetric() {
            key_of_secret(client, self.management, self.encoding).into_iter().collect()
        } else {
            client_keys(tenant, &client.settings).map_err(|unknown| unknown.as_error("server_error", NO_CLIENT_KEY))?
        };
        let Some(key) = jwe::recipient(&keys, self.management, self.encoding) else {
            let message = format!("The client has no key to encrypt to by {}.", self.management.name());
            return Err(OperationError::server(NO_CLIENT_KEY, &message));
        };
        self.to_key(key, content)
    }

    /// The content encrypted to a key.
    pub(crate) fn to_key(self, key: &Jwk, content: &Content<'_>) -> Result<String, OperationError> {
        let mut header = Map::new();
        let bytes = match content {
            // RFC 7519, section 5.2.
            Content::Jwt(jwt) => {
                header.insert("cty".to_owned(), json!("JWT"));
                jwt.as_bytes()
            }
            Content::Claims(claims) => claims.as_bytes(),
        };
        jwe::encrypt(bytes, self.management, self.encoding, key, header)
            .map_err(|error| OperationError::server(NO_CLIENT_KEY, &format!("Nothing can be encrypted: {error}.")))
    }
}

/// What is encrypted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    /// A signed JWT.
    Jwt(&'a str),
    /// The claims themselves.
    Claims(&'a str),
}

/// The symmetric key that a client's secret stands for (OpenID Connect Core 1.0, section 10.2): the first bits of its
/// hash. A password is the secret itself. A public client has no secret.
fn key_of_secret(client: &Client, management: Management, encoding: Encoding) -> Option<Jwk> {
    let secret = client.settings.string("clientSecret").filter(|_| !client.is_public())?;
    let key = match management.shared_length(encoding) {
        None => encode(secret),
        Some(length) => {
            let hash = match length {
                ..=32 => &digest::SHA256,
                33..=48 => &digest::SHA384,
                _ => &digest::SHA512,
            };
            encode(digest::digest(hash, secret.as_bytes()).as_ref().get(..length)?)
        }
    };
    Some(Jwk::from_iter([("kty".to_owned(), json!("oct")), ("k".to_owned(), json!(key))]))
}
