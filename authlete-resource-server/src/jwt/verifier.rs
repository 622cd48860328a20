//! Verification of one JWT access token (RFC 9068) without a call to Authlete.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::key_set::{KeyError, KeySet};
use crate::metadata::same_resource;

/// The largest access token that is read, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// Verifies JWT access tokens (RFC 9068) with the issuer's keys.
///
/// A token is accepted when its signature is by a key of the issuer and by the algorithm of that key, its `typ` is
/// `at+jwt`, `iss` is the issuer, `aud` has this API, and it is in time. Tokens with `crit`, symmetric or no signatures
/// are refused, and key references in the header (`jku`, `jwk`, `x5u`, `x5c`) are never followed.
///
/// What this cannot know is whether a token was revoked; see the [crate's documentation](crate) for ways to close that
/// gap.
#[derive(Clone)]
pub struct JwtVerifier {
    issuer: String,
    audiences: Vec<String>,
    keys: KeySet,
    leeway: Duration,
    types: Vec<String>,
    algorithms: Option<Vec<String>>,
}

/// Why a JWT access token was refused. It is for the log: clients get `invalid_token` in all cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwtError {
    /// It is not a signed JWT in compact form, or its header or claims are not JSON objects.
    Malformed,
    /// It is larger than 16 KiB.
    TooLarge,
    /// `typ` is not that of an access token.
    Type,
    /// The header has `crit`: extensions that have to be understood, and are not.
    CriticalHeader,
    /// `alg` is not allowed, or not the algorithm of the key.
    Algorithm,
    /// The header has no `kid`, or one that the issuer's key set does not have.
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// `iss` is missing or is another issuer.
    Issuer,
    /// `aud` is missing or does not name this API.
    Audience,
    /// `exp` is missing or in the past.
    Expired,
    /// `nbf` or `iat` is in the future.
    NotYetValid,
    /// `cnf` binds the token in a way that is not supported.
    Binding,
    /// The issuer's keys could not be fetched. The token may be good.
    KeysUnavailable,
}

impl JwtError {
    /// Whether the token may be good, and the failure is on this side.
    pub fn is_unavailable(self) -> bool {
        self == Self::KeysUnavailable
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "the access token is not a signed JWT",
            Self::TooLarge => "the access token is larger than 16 KiB",
            Self::Type => "the JWT is not an access token by its `typ`",
            Self::CriticalHeader => "the access token has critical headers",
            Self::Algorithm => "the access token's `alg` is not the algorithm of its key",
            Self::UnknownKey => "the access token's key is not in the issuer's key set",
            Self::Signature => "the access token's signature is wrong",
            Self::Issuer => "the access token is of another issuer",
            Self::Audience => "the access token is for another audience",
            Self::Expired => "the access token has expired",
            Self::NotYetValid => "the access token is not valid yet",
            Self::Binding => "the access token is bound in an unsupported way",
            Self::KeysUnavailable => "the issuer's keys could not be fetched",
        }
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for JwtError {}

/// The claims of an access token that was verified.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    pub(crate) claims: Map<String, Value>,
    pub(crate) expires_at: SystemTime,
    pub(crate) audiences: Vec<String>,
    pub(crate) thumbprint: Option<Thumbprint>,
}

/// What an access token is bound to (`cnf`, RFC 7800).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Thumbprint {
    /// `jkt`: the key of DPoP proofs (RFC 9449 section 6.1).
    Key(String),
    /// `x5t#S256`: the client certificate (RFC 8705 section 3.1).
    Certificate(String),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

impl JwtVerifier {
    /// Accepts access tokens of `issuer`, compared byte for byte with `iss`, that are for `audience`: the identifier of
    /// this API that clients send as `resource` (RFC 8707).
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: KeySet) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            keys,
            leeway: Duration::from_secs(60),
            types: vec!["at+jwt".to_owned()],
            algorithms: None,
        }
    }

    /// Another identifier of this API: a token for any of them is accepted.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far clocks may differ: 60 seconds by default, which is also the most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Duration::from_secs(60));
        self
    }

    /// Accepts another value of `typ` as well; the empty string stands for a header without `typ`. Only `at+jwt` and
    /// `application/at+jwt` are accepted by default, so that an ID token of the same issuer does not pass as an access
    /// token.
    #[must_use]
    pub fn accept_type(mut self, typ: impl Into<String>) -> Self {
        self.types.push(typ.into());
        self
    }

    /// Accepts this value of `typ` alone.
    pub(crate) fn only_type(mut self, typ: &str) -> Self {
        self.types = vec![typ.to_owned()];
        self
    }

    /// The algorithms that are allowed, by their JOSE names (`ES256`); by default the asymmetric ones that the keys are
    /// for. Symmetric algorithms are never accepted.
    #[must_use]
    pub fn algorithms<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.algorithms = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The keys that tokens are verified with.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Verifies a token and returns its claims. Whether it is bound to a key or a certificate of the client (`cnf`), and
    /// whether the request proves that, is checked by [`ProtectLayer`](crate::ProtectLayer).
    ///
    /// # Errors
    /// Why the token is refused.
    pub async fn claims(&self, token: &str) -> Result<Map<String, Value>, JwtError> {
        self.verify(token).await.map(|verified| verified.claims)
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        if payload.contains('.') {
            return Err(JwtError::Malformed);
        }
        let header: Header = json(header)?;
        if header.crit.is_some() {
            return Err(JwtError::CriticalHeader);
        }
        let algorithm: Algorithm = header.alg.parse().map_err(|_| JwtError::Algorithm)?;
        let allowed = self.algorithms.as_ref().is_none_or(|names| names.contains(&header.alg));
        if !allowed || matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
            return Err(JwtError::Algorithm);
        }
        if !self.is_access_token(header.typ.as_deref()) {
            return Err(JwtError::Type);
        }
        let keys =
            self.keys.find(header.kid.as_deref().ok_or(JwtError::UnknownKey)?).await.map_err(|error| match error {
                KeyError::Unknown => JwtError::UnknownKey,
                KeyError::Unavailable => JwtError::KeysUnavailable,
            })?;
        let key = keys.iter().find(|key| key.algorithms.contains(&algorithm)).ok_or(JwtError::Algorithm)?;
        if !jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, algorithm)
            .map_err(|_| JwtError::Signature)?
        {
            return Err(JwtError::Signature);
        }
        self.check(json(payload)?)
    }

    fn is_access_token(&self, typ: Option<&str>) -> bool {
        let typ = typ.unwrap_or_default();
        // A media type may be written without its prefix (RFC 7515 section 4.1.9), and its case does not matter.
        let short = match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        self.types.iter().any(|accepted| accepted.eq_ignore_ascii_case(short))
    }

    fn check(&self, claims: Map<String, Value>) -> Result<Verified, JwtError> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(JwtError::Issuer);
        }
        let audiences = strings(claims.get("aud")).ok_or(JwtError::Audience)?;
        let for_this = |audience: &String| self.audiences.iter().any(|accepted| same_resource(accepted, audience));
        if !audiences.iter().any(for_this) {
            return Err(JwtError::Audience);
        }
        let now = SystemTime::now();
        let expires_at = time(&claims, "exp").map_err(|()| JwtError::Expired)?.ok_or(JwtError::Expired)?;
        if expires_at + self.leeway <= now {
            return Err(JwtError::Expired);
        }
        for claim in ["nbf", "iat"] {
            let from = time(&claims, claim).map_err(|()| JwtError::NotYetValid)?;
            if from.is_some_and(|from| from > now + self.leeway) {
                return Err(JwtError::NotYetValid);
            }
        }
        let thumbprint = thumbprint(claims.get("cnf"))?;
        Ok(Verified { claims, expires_at, audiences, thumbprint })
    }
}

/// The one way in which a token is bound. One that is bound in several ways, or in another way, is refused: it would
/// be accepted without a check that its issuer wants.
fn thumbprint(cnf: Option<&Value>) -> Result<Option<Thumbprint>, JwtError> {
    let Some(cnf) = cnf.filter(|cnf| !cnf.is_null()) else { return Ok(None) };
    let members = cnf.as_object().ok_or(JwtError::Binding)?;
    let mut members = members.iter();
    let bound = match (members.next(), members.next()) {
        (Some((name, Value::String(value))), None) if name == "jkt" => Thumbprint::Key(value.clone()),
        (Some((name, Value::String(value))), None) if name == "x5t#S256" => Thumbprint::Certificate(value.clone()),
        _ => return Err(JwtError::Binding),
    };
    Ok(Some(bound))
}

/// A string, or a list of strings.
fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// A NumericDate (RFC 7519 section 2).
pub(crate) fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, ()> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..1e11).contains(seconds)).ok_or(())?;
    Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, JwtError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Malformed)
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
