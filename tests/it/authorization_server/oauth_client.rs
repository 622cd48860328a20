//! The client library `oauth2`: grants without OpenID Connect, introspection and revocation.

use oauth2::basic::BasicClient;
use oauth2::{
    AccessToken, AuthType, ClientId, ClientSecret, DeviceAuthorizationUrl, IntrospectionUrl, RevocationUrl, Scope,
    StandardDeviceAuthorizationResponse, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};

use super::{URL, World, credentials};

fn url(path: &str) -> String {
    format!("{URL}{path}")
}

impl World {
    async fn client_credentials(&self, scope: &str) -> AccessToken {
        let (id, secret) = credentials(&self.demo.backend);
        let client = BasicClient::new(ClientId::new(id))
            .set_client_secret(ClientSecret::new(secret))
            .set_token_uri(TokenUrl::new(url("/token")).unwrap());
        let request = client.exchange_client_credentials().add_scope(Scope::new(scope.to_owned()));
        request.request_async(&|request| self.carry(request)).await.unwrap().access_token().clone()
    }

    async fn is_active(&self, token: &AccessToken) -> bool {
        let (id, secret) = self.resource_server.clone();
        let client = BasicClient::new(ClientId::new(id))
            .set_client_secret(ClientSecret::new(secret))
            .set_introspection_url(IntrospectionUrl::new(url("/introspect")).unwrap());
        client.introspect(token).request_async(&|request| self.carry(request)).await.unwrap().active()
    }

    /// What the API behind the layer answers.
    async fn me(&self, token: &AccessToken) -> (u16, String) {
        let request = http::Request::get(url("/api/me")).header("authorization", format!("Bearer {}", token.secret()));
        let answer = self.carry(request.body(Vec::new()).unwrap()).await.unwrap();
        (answer.status().as_u16(), String::from_utf8(answer.into_body()).unwrap())
    }
}

#[tokio::test]
async fn a_client_for_itself_until_its_token_is_revoked() {
    let world = World::start().await;
    let token = world.client_credentials("profile").await;
    assert!(world.is_active(&token).await);
    let (status, body) = world.me(&token).await;
    assert_eq!(status, 200);
    assert!(body.contains("\"subject\":null"), "{body}");

    let (id, secret) = credentials(&world.demo.backend);
    let client = BasicClient::new(ClientId::new(id))
        .set_client_secret(ClientSecret::new(secret))
        .set_revocation_url(RevocationUrl::new(url("/revoke")).unwrap());
    let revocation = client.revoke_token(StandardRevocableToken::AccessToken(token.clone())).unwrap();
    revocation.request_async(&|request| world.carry(request)).await.unwrap();
    assert!(!world.is_active(&token).await);
    assert_eq!(world.me(&token).await.0, 401);
}

#[tokio::test]
async fn the_api_wants_its_scope() {
    let world = World::start().await;
    assert_eq!(world.me(&world.client_credentials("email").await).await.0, 403);
}

#[tokio::test]
async fn introspection_is_for_resource_servers() {
    let world = World::start().await;
    let token = world.client_credentials("profile").await;
    let (id, secret) = credentials(&world.demo.backend);
    let client = BasicClient::new(ClientId::new(id))
        .set_client_secret(ClientSecret::new(secret))
        .set_introspection_url(IntrospectionUrl::new(url("/introspect")).unwrap());
    assert!(client.introspect(&token).request_async(&|request| world.carry(request)).await.is_err());
}

#[tokio::test]
async fn a_device_gets_its_token_when_the_user_agrees() {
    for (decision, granted) in [("allow", true), ("deny", false)] {
        let world = World::start().await;
        let http = |request| world.carry(request);
        let client = BasicClient::new(ClientId::new(credentials(&world.demo.device).0))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::new(url("/token")).unwrap())
            .set_device_authorization_url(DeviceAuthorizationUrl::new(url("/device_authorization")).unwrap());
        let request = client.exchange_device_code().add_scope(Scope::new("profile".to_owned()));
        let device: StandardDeviceAuthorizationResponse = request.request_async(&http).await.unwrap();

        let mut browser = world.browser();
        let complete = device.verification_uri_complete().unwrap().secret().clone();
        let login = browser.open(&complete).await;
        let page = browser.log_in(&login, "alan", "turing").await;
        assert!(page.says("A television") && page.says("Alan Turing"), "{page:?}");
        browser.decide(&page, decision).await;

        let polling = client.exchange_device_access_token(&device).request_async(&http, |_| async {}, None).await;
        match polling {
            Ok(tokens) => {
                assert!(granted);
                assert!(world.me(tokens.access_token()).await.1.contains("\"subject\":\"1002\""));
            }
            Err(error) => assert!(!granted && format!("{error:?}").contains("access_denied"), "{error:?}"),
        }
        assert!(browser.open(&url("/device?user_code=NONE")).await.says("There is no such code"));
    }
}
