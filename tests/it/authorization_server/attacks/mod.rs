//! What attackers try (RFC 9700), through the whole stack: each must fail, and what it is tried on must go on working.

mod codes;
mod forms;
mod pages;
mod redirects;
mod requests;
mod tokens;

use authlete_api::types::{
    ApplicationType, ClientAuthMethod, ClientType, DeliveryMode, GrantType, OAuthClient, ResponseType,
};
use serde_json::Value;

use super::browser::Browser;
use super::endpoints::basic;
use super::{URL, World, credentials, query_of};

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const CALLBACK: &str = "https://as.example.com/client/callback";
const MARKUP: &str = "<script>alert(1)</script>\"'";

/// The pairs as a form or query. Changes replace the values, and with an empty one take the parameter out.
pub(crate) fn form(pairs: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let changed = |name: &str| changes.iter().find(|change| change.0 == name).map(|change| change.1);
    let kept = pairs.iter().map(|(name, value)| (*name, changed(name).unwrap_or(value)));
    let added = changes.iter().filter(|change| pairs.iter().all(|pair| pair.0 != change.0)).copied();
    let all = kept.chain(added).filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
}

/// A confidential client for all flows.
pub(crate) fn client(name: &str) -> OAuthClient {
    OAuthClient::default()
        .client_name(name.to_owned())
        .client_type(ClientType::Confidential)
        .application_type(ApplicationType::Web)
        .redirect_uris([CALLBACK.to_owned()])
        .response_types([ResponseType::Code])
        .grant_types([GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode, GrantType::Ciba])
        .bc_delivery_mode(DeliveryMode::Poll)
        .token_auth_method(ClientAuthMethod::ClientSecretBasic)
}

impl World {
    pub(crate) async fn register(&self, client: OAuthClient) -> OAuthClient {
        self.demo.service.clients().create(client).await.unwrap().into_inner()
    }

    /// A good authorization request of the client's, with changes.
    pub(crate) fn wish(&self, client: &OAuthClient, changes: &[(&str, &str)]) -> String {
        let (id, _) = credentials(client);
        let pairs = [
            ("response_type", "code"),
            ("client_id", &*id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile offline_access"),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        format!("{URL}/authorize?{}", form(&pairs, changes))
    }

    /// A code that Ada lets the client have.
    pub(crate) async fn code(&self, client: &OAuthClient, changes: &[(&str, &str)]) -> String {
        query_of(&self.browser().agree(&self.wish(client, changes)).await).remove("code").unwrap()
    }

    /// What the token endpoint says to the client that brings the code, with changes.
    pub(crate) async fn exchange(&self, client: &OAuthClient, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &basic(client), &form(&pairs, changes)).await
    }

    pub(crate) async fn refresh(&self, client: &OAuthClient, token: &str) -> (u16, Value) {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post("/token", &basic(client), &form(&pairs, &[])).await
    }

    /// The status with which the API behind the layer answers to a token.
    async fn api(&self, token: &str) -> u16 {
        self.call(http::Method::GET, "/api/me", &format!("Bearer {token}"), "").await.0
    }

    /// A bare request, and the whole answer.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response<String> {
        let request = http::Request::builder().method(method).uri(format!("{URL}{path}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = self.carry(request.body(body.as_bytes().to_vec()).unwrap()).await.unwrap();
        answer.map(|body| String::from_utf8(body).unwrap())
    }

    /// A browser in which Ada is logged in.
    pub(crate) async fn ada(&self) -> Browser {
        let mut browser = self.browser();
        let login = browser.open(&format!("{URL}/login?next=/approvals")).await;
        assert!(browser.log_in(&login, "ada", "lovelace").await.says("Requests that wait for you"));
        browser
    }
}

/// A header of an answer; empty when it is not there.
pub(crate) fn header<'a, T>(answer: &'a http::Response<T>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
