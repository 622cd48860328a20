//! ID tokens (OpenID Connect Core 1.0, section 2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::json;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::jose::{self, Jwt};
use super::lifetime::{self, Kind};
use super::{Stop, keys};
use crate::error::ApiError;
use crate::reply::{self, Code};
use crate::state::{Client, Details, Tenant, Token};

const NO_ISSUER: Code = "A050203";

/// The algorithm where the client has chosen none.
const DEFAULT_ALGORITHM: &str = "ES256";

/// What an ID token says.
#[derive(Debug)]
pub(crate) struct IdToken<'a> {
    pub(crate) client: &'a Client,
    /// The value of `sub`.
    pub(crate) subject: Option<&'a str>,
    pub(crate) auth_time: Option<u64>,
    pub(crate) acr: Option<&'a str>,
    pub(crate) nonce: Option<&'a str>,
    /// What comes beside it, each of which it has a hash of.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    /// What CIBA pushes beside it (section 10.3.1 there).
    pub(crate) refresh_token: Option<&'a str>,
    /// Those of the access token beside it, which may limit how long it lives.
    pub(crate) scopes: &'a [String],
    pub(crate) details: &'a Details,
}

impl<'a> IdToken<'a> {
    /// The ID token beside an access token.
    pub(crate) fn of(client: &'a Client, token: &'a Token) -> Self {
        Self {
            client,
            subject: token.sub.as_deref().or(token.subject.as_deref()),
            auth_time: token.auth_time,
            acr: token.acr.as_deref(),
            nonce: None,
            access_token: Some(token.presented()),
            code: None,
            state: None,
            refresh_token: None,
            scopes: &token.scopes,
            details: &token.details,
        }
    }
}

impl IdToken<'_> {
    pub(crate) fn sign(&self, tenant: &mut Tenant, now: u64) -> Result<String, Stop> {
        let client = &self.client.settings;
        let Some(issuer) = tenant.settings.text("issuer").map(str::to_owned) else {
            return Err(Stop::server(NO_ISSUER, "The service has no issuer, which an ID token must name."));
        };
        if client.text("subjectType") == Some("PAIRWISE") {
            return Err(ApiError::not_implemented("pairwise subjects").into());
        }
        if client.text("idTokenEncryptionAlg").is_some() {
            return Err(ApiError::not_implemented("encrypted ID tokens").into());
        }
        let name = client.text("idTokenSignAlg").unwrap_or(DEFAULT_ALGORITHM);
        let key = tenant.keys.signer(&tenant.settings, self.client, name, "idTokenSignatureKeyId")?;
        let audience = self.client.id.to_string();
        let form = self.details.audience_form.as_deref().or(tenant.settings.text("idTokenAudType"));
        let seconds = now / 1000;
        let hash = |text: Option<&str>| text.map(|text| left_half(key.algorithm(), text));
        // Where the service has no Native SSO, a session means nothing to it.
        let session = self.details.session_id.as_ref().filter(|_| tenant.settings.flag("nativeSsoSupported"));
        let mut claims = json!({
            "iss": issuer,
            "sub": self.subject,
            "aud": if form == Some("string") { json!(audience) } else { json!([audience]) },
            "iat": seconds,
            "exp": seconds + lifetime::seconds(Kind::Id, &tenant.settings, self.client, self.scopes),
            "auth_time": self.auth_time,
            "nonce": self.nonce,
            "acr": self.acr,
            "sid": session,
            "at_hash": hash(self.access_token),
            "c_hash": hash(self.code),
            "s_hash": hash(self.state),
            "urn:openid:params:jwt:claim:rt_hash": hash(self.refresh_token),
        });
        for name in &self.details.id_token_claims {
            // The authorization server may know a claim in the language that is asked for, or in no particular one.
            let plain = name.split('#').next().unwrap_or(name);
            let value = self.details.claims.get(name).or_else(|| self.details.claims.get(plain));
            if let (Some(value), true) = (value, claims.get(plain).is_none()) {
                claims[name.as_str()] = value.clone();
            }
        }
        Ok(key.sign_with("JWT", &self.details.id_token_header, &reply::without_nulls(claims))?)
    }
}

/// Half of the hash that belongs to the algorithm (section 3.3.2.11).
fn left_half(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::HS384 | Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => Sha384::digest(text).to_vec(),
        // Ed25519 hashes by SHA-512 itself.
        Algorithm::HS512 | Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => Sha512::digest(text).to_vec(),
        _ => Sha256::digest(text).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(hash.get(..hash.len() / 2).unwrap_or_default())
}

/// The subject of an ID token that this service has issued to the client, even if it has ended since (section 3.1.2.1).
pub(crate) fn subject_of(tenant: &mut Tenant, client: &Client, hint: &str) -> Result<Option<String>, ApiError> {
    let Ok(jwt) = Jwt::read(hint) else { return Ok(None) };
    let Some(algorithm) = jose::algorithm(jwt.alg())? else { return Ok(None) };
    let signed = if algorithm.family() == AlgorithmFamily::Hmac {
        let secret = client.settings.text("clientSecret").unwrap_or_default();
        jwt.is_signed_by(algorithm, &DecodingKey::from_secret(secret.as_bytes()))
    } else {
        let published = tenant.keys.published(&tenant.settings)?;
        jwt.is_signed_by_one_of(algorithm, &keys::elements(&published))
    };
    let ours = signed
        && tenant.settings.text("issuer").is_some_and(|issuer| jwt.text("iss") == Some(issuer))
        && jwt.is_for(&[&client.id.to_string()]);
    Ok(jwt.text("sub").filter(|_| ours).map(str::to_owned))
}
