//! ID tokens (OpenID Connect Core 1.0, section 2).

use aws_lc_rs::digest;
use serde_json::json;

use super::encryption::{Content, Encryption, decrypt};
use super::{CheckError, OperationError, attachments, lifetime, sector};
use crate::jose::{Algorithm, Jwt, encode, jwk};
use crate::reply::Code;
use crate::state::{Authorized, Client, Tenant, Token};

const NO_ISSUER: Code = "A050203";

/// The algorithm where the client has chosen none.
const DEFAULT_ALGORITHM: &str = "RS256";

/// What an ID token says.
#[derive(Debug)]
pub(crate) struct IdToken<'a> {
    pub(crate) client: &'a Client,
    /// What it is about. The scopes of the access token beside it may limit how long it lives.
    pub(crate) authorized: &'a Authorized,
    pub(crate) nonce: Option<&'a str>,
    /// What comes beside it, each of which it has a hash of.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    /// What CIBA pushes beside it (section 10.3.1 there).
    pub(crate) refresh_token: Option<&'a str>,
}

impl<'a> IdToken<'a> {
    /// The ID token beside an access token.
    pub(crate) fn of(client: &'a Client, token: &'a Token) -> Self {
        Self {
            client,
            authorized: &token.authorized,
            nonce: None,
            access_token: Some(token.presented()),
            code: None,
            state: None,
            refresh_token: None,
        }
    }
}

impl IdToken<'_> {
    pub(crate) fn sign(&self, tenant: &mut Tenant, now: u64) -> Result<String, OperationError> {
        let client = &self.client.settings;
        let Authorized { details, scopes, .. } = self.authorized;
        let Some(issuer) = tenant.settings.string("issuer").map(str::to_owned) else {
            return Err(OperationError::server(NO_ISSUER, "The service has no issuer, which an ID token must name."));
        };
        // What the authorization server gives as `sub` stands; a subject may become a pairwise one.
        let sub = match (&self.authorized.sub, &self.authorized.subject) {
            (Some(sub), _) => Some(sub.clone()),
            (None, Some(subject)) => Some(sector::subject(tenant, self.client, subject)?),
            (None, None) => None,
        };
        let name = client.string("idTokenSignAlg").unwrap_or(DEFAULT_ALGORITHM);
        let key = tenant.keys.signer(&tenant.settings, self.client, name, "idTokenSignatureKeyId")?;
        let audience = self.client.identifier();
        let form = details.audience_form.as_deref().or(tenant.settings.string("idTokenAudType"));
        let seconds = now / 1000;
        let hash = |text: Option<&str>| text.map(|text| left_half(key.algorithm(), text));
        // Where the service has no Native SSO, a session means nothing to it.
        let session = details.session_id.as_ref().filter(|_| {
            tenant.settings.flag("nativeSsoSupported") || tenant.settings.flag("backchannelLogoutSessionSupported")
        });
        let mut claims = json!({
            "iss": issuer,
            "sub": sub,
            "aud": if form == Some("string") { json!(audience) } else { json!([audience]) },
            "iat": seconds,
            "exp": seconds + lifetime::ID_TOKEN.of(&tenant.settings, self.client, scopes),
            "auth_time": self.authorized.auth_time,
            "nonce": self.nonce,
            "acr": self.authorized.acr,
            "sid": session,
            "at_hash": hash(self.access_token),
            "c_hash": hash(self.code),
            "s_hash": hash(self.state),
            "urn:openid:params:jwt:claim:rt_hash": hash(self.refresh_token),
        });
        // Those of the token's own are never the authorization server's to set.
        let is_own = |name: &str| claims.get(name).is_some();
        let asked = details.id_token_claims.iter().filter_map(|name| {
            // The authorization server may know a claim in the language that is asked for, or in no particular one.
            let plain = name.split('#').next().unwrap_or(name);
            let value = details.claims.get(name).or_else(|| details.claims.get(plain));
            value.filter(|_| !is_own(plain)).map(|value| (name, value))
        });
        for (name, value) in asked.collect::<Vec<_>>() {
            claims[name.as_str()] = value.clone();
        }
        for (name, value) in &details.computed_claims {
            claims[name.as_str()] = value.clone();
        }
        if let Some(claims) = claims.as_object_mut() {
            // Inside a claim, null may mean something.
            claims.retain(|_, value| !value.is_null());
            attachments::embed(tenant, self.client, self.authorized.subject.as_deref(), claims, now)?;
        }
        let jwt = key.sign_with("JWT", &details.id_token_header, &claims)?;
        match Encryption::wanted(client, "idTokenEncryptionAlg", "idTokenEncryptionEnc")? {
            Some(encryption) => encryption.to_client(tenant, self.client, &Content::Jwt(&jwt)),
            None => Ok(jwt),
        }
    }
}

/// Half of the hash that belongs to the algorithm (section 3.3.2.11).
fn left_half(algorithm: Algorithm, text: &str) -> String {
    let hash = digest::digest(algorithm.digest(), text.as_bytes());
    let half = hash.as_ref().get(..hash.as_ref().len() / 2);
    encode(half.unwrap_or_default())
}

/// The subject of an ID token that this service has issued to the client, even if it has ended since (section 3.1.2.1).
pub(crate) fn subject_of(tenant: &mut Tenant, client: &Client, hint: &str) -> Result<Option<String>, OperationError> {
    // A client that gets its ID tokens encrypted may send them back as they came, or encrypted to the service.
    let decrypted = match decrypt(tenant, Some(client), hint) {
        Ok(decrypted) => decrypted.content,
        Err(CheckError::Rejected(_)) => hint.to_owned(),
        Err(CheckError::Failed(error)) => return Err(error),
    };
    let Ok(jwt) = Jwt::read(&decrypted) else { return Ok(None) };
    let Some(algorithm) = Algorithm::parse(jwt.alg()) else { return Ok(None) };
    let signed = if algorithm.is_symmetric() {
        let secret = client.settings.string("clientSecret").unwrap_or_default();
        jwt.is_signed_by_secret(algorithm, secret)
    } else {
        let published = tenant.keys.published(&tenant.settings)?;
        jwt.is_signed_by_one_of(algorithm, &jwk::elements(&published))
    };
    let ours = signed
        && tenant.settings.string("issuer").is_some_and(|issuer| jwt.string("iss") == Some(issuer))
        && jwt.is_for(&[&client.identifier()]);
    let known = |sub: &str| tenant.pairwise.get(sub).cloned().unwrap_or_else(|| sub.to_owned());
    Ok(jwt.string("sub").filter(|_| ours).map(known))
}
