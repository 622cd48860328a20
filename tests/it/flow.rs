//! The authorization code flow, the SDK against the emulator: what the quickstart shows, and what must be refused.

use std::time::Duration;

use authlete_api::types::{
    AuthorizationFailReason, AuthorizationFailRequest, AuthorizationFailResponseAction, AuthorizationIssueRequest,
    AuthorizationIssueResponseAction, AuthorizationRequest, AuthorizationResponse, AuthorizationResponseAction,
    GrantType, IntrospectionRequest, IntrospectionResponse, IntrospectionResponseAction, OAuthClient, ResponseType,
    Service, TokenRequest, TokenResponse, TokenResponseAction,
};
use authlete_api::{Authlete, AuthleteService, Error};
use authlete_emulator::Emulator;

const REDIRECT_URI: &str = "https://client.example.org/cb";

/// An emulator with one service and one client in it.
struct Fixture {
    emulator: Emulator,
    authlete: AuthleteService,
    client: OAuthClient,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Service)) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let organization = client(&emulator, emulator.organization_token());
        let mut service = Service::default().issuer("https://as.example.com").access_token_duration(60);
        change(&mut service);
        let service = organization.services().create(&service).await.unwrap().api_key.unwrap();
        let registered = OAuthClient::default()
            .grant_types([GrantType::AuthorizationCode, GrantType::RefreshToken])
            .response_types([ResponseType::Code])
            .redirect_uris([REDIRECT_URI.to_owned()]);
        let registered = organization.service(service).clients().create(&registered).await.unwrap().into_inner();
        let token = emulator.service_token(&service.to_string()).unwrap();
        let authlete = client(&emulator, &token).service(service);
        Self { emulator, authlete, client: registered }
    }

    async fn authorization(&self, more: &str) -> AuthorizationResponse {
        let parameters = format!(
            "response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb&state=s{more}",
            self.client.client_id.unwrap()
        );
        let request = AuthorizationRequest::new(parameters);
        self.authlete.authorization().process(&request).raw().await.unwrap().into_inner()
    }

    async fn code(&self, more: &str) -> String {
        let ticket = self.authorization(more).await.ticket.unwrap();
        let request = AuthorizationIssueRequest::new("testuser01", ticket);
        let issued = self.authlete.authorization().issue(&request).raw().await.unwrap();
        assert_eq!(issued.action, Some(AuthorizationIssueResponseAction::Location));
        let location = issued.response_content.as_deref().unwrap();
        let code = issued.authorization_code.clone().unwrap();
        assert!(
            location.starts_with(&format!("{REDIRECT_URI}?")) && location.contains(&format!("code={code}")),
            "{location}"
        );
        assert!(location.contains("state=s"), "{location}");
        code
    }

    async fn token(&self, parameters: String) -> TokenResponse {
        let mut request = TokenRequest::new(parameters).client_id(self.client.client_id.unwrap().to_string());
        request.client_secret = self.client.client_secret.clone();
        self.authlete.token().process(&request).raw().await.unwrap().into_inner()
    }

    async fn exchange(&self, code: &str) -> TokenResponse {
        self.token(format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}")).await
    }

    async fn introspect(&self, token: &str) -> IntrospectionResponse {
        let request = IntrospectionRequest::new(token);
        self.authlete.introspection().process(&request).raw().await.unwrap().into_inner()
    }
}

fn client(emulator: &Emulator, token: &str) -> Authlete {
    Authlete::builder().base_url(emulator.base_url()).organization_token(token).build().unwrap()
}

/// The OAuth error in a token endpoint's answer.
fn error_of(response: &TokenResponse) -> String {
    let body: serde_json::Value = serde_json::from_str(response.response_content.as_deref().unwrap()).unwrap();
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_flow_from_request_to_introspection() {
    let fixture = Fixture::new().await;
    let response = fixture.authorization("").await;
    assert_eq!(response.action, Some(AuthorizationResponseAction::Interaction));
    assert_eq!(response.client.unwrap().client_id, fixture.client.client_id);

    let token = fixture.exchange(&fixture.code("").await).await;
    assert_eq!(token.action, Some(TokenResponseAction::Ok));
    assert_eq!(token.grant_type, Some(GrantType::AuthorizationCode));
    assert_eq!(token.subject.as_deref(), Some("testuser01"));
    assert_eq!(token.access_token_duration, Some(60));

    let introspection = fixture.introspect(token.access_token.as_deref().unwrap()).await;
    assert_eq!(introspection.action, Some(IntrospectionResponseAction::Ok));
    assert_eq!(introspection.subject.as_deref(), Some("testuser01"));
    assert_eq!(introspection.client_id, fixture.client.client_id);
    assert_eq!((introspection.usable, introspection.existent), (Some(true), Some(true)));
}

#[tokio::test]
async fn a_denied_request_goes_back_to_the_client() {
    let fixture = Fixture::new().await;
    let ticket = fixture.authorization("").await.ticket.unwrap();
    let request = AuthorizationFailRequest::new(AuthorizationFailReason::Denied, ticket);
    let failed = fixture.authlete.authorization().fail(&request).raw().await.unwrap();
    assert_eq!(failed.action, Some(AuthorizationFailResponseAction::Location));
    assert!(failed.response_content.as_deref().unwrap().contains("error=access_denied"));
    // The ticket is spent.
    let again = fixture.authlete.authorization().fail(&request).raw().await.unwrap();
    assert_eq!(again.action, Some(AuthorizationFailResponseAction::BadRequest));
}

#[tokio::test]
async fn a_reused_code_is_refused_and_its_tokens_end() {
    let fixture = Fixture::new().await;
    let code = fixture.code("").await;
    let token = fixture.exchange(&code).await.access_token.unwrap();
    let reused = fixture.exchange(&code).await;
    assert_eq!(reused.action, Some(TokenResponseAction::BadRequest));
    assert_eq!(error_of(&reused), "invalid_grant");
    assert_eq!(fixture.introspect(&token).await.action, Some(IntrospectionResponseAction::Unauthorized));
}

#[tokio::test]
async fn refresh_tokens_work_once() {
    let fixture = Fixture::new().await;
    let first = fixture.exchange(&fixture.code("").await).await.refresh_token.unwrap();
    let refreshed = fixture.token(format!("grant_type=refresh_token&refresh_token={first}")).await;
    assert_eq!(refreshed.action, Some(TokenResponseAction::Ok));
    assert_ne!(refreshed.refresh_token.as_deref(), Some(first.as_str()));
    let replayed = fixture.token(format!("grant_type=refresh_token&refresh_token={first}")).await;
    assert_eq!(error_of(&replayed), "invalid_grant");
}

#[tokio::test]
async fn tokens_expire_when_the_clock_says_so() {
    let fixture = Fixture::new().await;
    let token = fixture.exchange(&fixture.code("").await).await.access_token.unwrap();
    fixture.emulator.clock().advance(Duration::from_secs(61));
    let introspection = fixture.introspect(&token).await;
    assert_eq!(introspection.action, Some(IntrospectionResponseAction::Unauthorized));
    assert!(introspection.response_content.unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn pkce_binds_the_code_to_its_verifier() {
    let fixture = Fixture::with(|service| service.pkce_required = Some(true)).await;
    let refused = fixture.authorization("").await;
    assert_eq!(refused.action, Some(AuthorizationResponseAction::Location));
    // The verifier and challenge of RFC 7636, appendix B.
    let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let exchange = |code: String, verifier: &str| {
        format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={verifier}")
    };
    let right = exchange(fixture.code(challenge).await, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(fixture.token(right).await.action, Some(TokenResponseAction::Ok));
    let wrong = exchange(fixture.code(challenge).await, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX");
    assert_eq!(error_of(&fixture.token(wrong).await), "invalid_grant");
}

#[tokio::test]
async fn clients_are_checked() {
    let fixture = Fixture::new().await;
    let code = fixture.code("").await;
    let request = TokenRequest::new(format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"))
        .client_id(fixture.client.client_id.unwrap().to_string())
        .client_secret("wrong");
    let response = fixture.authlete.token().process(&request).raw().await.unwrap();
    assert_eq!(response.action, Some(TokenResponseAction::InvalidClient));

    let parameters = "response_type=code&client_id=1&redirect_uri=https%3A%2F%2Fevil.example";
    let request = AuthorizationRequest::new(parameters);
    let response = fixture.authlete.authorization().process(&request).raw().await.unwrap();
    assert_eq!(response.action, Some(AuthorizationResponseAction::BadRequest));
}

#[tokio::test]
async fn api_errors_say_what_is_wrong() {
    let fixture = Fixture::new().await;
    let stranger = client(&fixture.emulator, "not-a-token").service(fixture.authlete.id());
    let Err(Error::Api(error)) = stranger.get().await else { panic!("it was let in") };
    assert_eq!(error.status(), 401);
    assert!(error.result_code().unwrap().starts_with('A'));
    assert!(error.to_string().contains("check the access token"), "{error}");

    let settings = fixture.authlete.get().await.unwrap().into_inner();
    let settings = settings.token_batch_notification_endpoint("https://as.example.com/batches");
    let Err(Error::Api(error)) = fixture.authlete.update(&settings).await else { panic!("it made a success up") };
    assert_eq!(error.status(), 501);
    assert!(error.result_message().unwrap().contains("tokenBatchNotificationEndpoint"), "{error}");
}
