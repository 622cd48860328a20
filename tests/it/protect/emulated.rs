//! The layer in front of an API, with tokens that the emulator issued.

use std::time::{Duration, SystemTime};

use authlete_api::types::{
    AuthorizationIssueRequest, AuthorizationIssueResponse, AuthorizationRequest, GrantType, OAuthClient, ResponseType,
    Scope, Service as Settings, TokenRequest, TokenResponse, TokenResponseAction,
};
use authlete_api::{Authlete, AuthleteService, Reply};
use authlete_emulator::Emulator;
use authlete_resource_server::{Principal, ResourceServer, Revocations, VerdictCache};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};

use super::{api, get_with, send};

const GRANTS: [GrantType; 4] =
    [GrantType::ClientCredentials, GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit];

struct World {
    emulator: Emulator,
    service: AuthleteService,
    client: OAuthClient,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let authlete = authlete(&emulator).build().unwrap();
        let scope = |name: &str| Scope::default().name(name.to_owned());
        let settings = Settings::default()
            .issuer("https://as.example.com")
            .supported_scopes([scope("read"), scope("write")])
            .supported_grant_types(GRANTS)
            .supported_response_types([ResponseType::Code, ResponseType::Token])
            .access_token_duration(60);
        let id = authlete.services().create(settings).await.unwrap().api_key.unwrap();
        let service = authlete.service(id);
        let client = OAuthClient::default()
            .grant_types(GRANTS)
            .response_types([ResponseType::Code, ResponseType::Token])
            .redirect_uris(["https://client.example.org/cb".to_owned()]);
        let client = service.clients().create(client).await.unwrap().into_inner();
        Self { emulator, service, client }
    }

    async fn bearer(&self, scope: &str) -> String {
        bearer(&self.token(&self.service, format!("grant_type=client_credentials&scope={scope}")).await)
    }

    async fn token(&self, service: &AuthleteService, parameters: String) -> TokenResponse {
        let mut request = TokenRequest::new(parameters);
        request.client_id = self.client.client_id.map(|id| id.to_string());
        request.client_secret = self.client.client_secret.clone();
        service.token().process(request).raw().await.unwrap().into_inner()
    }

    /// A request to the token endpoint with a new code of the user.
    async fn by_code(&self) -> String {
        let issued = self.authorize(&self.service, "code").await;
        format!("grant_type=authorization_code&code={}", issued.authorization_code.as_deref().unwrap())
    }

    /// The user agrees to what the client asks for.
    async fn authorize(&self, service: &AuthleteService, response_type: &str) -> AuthorizationIssueResponse {
        let request = format!("response_type={response_type}&client_id={}", self.client.client_id.unwrap());
        let read = service.authorization().process(AuthorizationRequest::new(request)).raw().await.unwrap();
        let issue = AuthorizationIssueRequest::new("ada", read.ticket.clone().unwrap());
        service.authorization().issue(issue).raw().await.unwrap().into_inner()
    }

    /// The service, and an API that it protects, which keeps verdicts until a call of this service may end tokens.
    fn observed(&self) -> (AuthleteService, Router) {
        let revocations = Revocations::default();
        let builder = authlete(&self.emulator).transport_layer(revocations.layer());
        let service = builder.service_id(self.service.id()).build_service().unwrap();
        let server = ResourceServer::new(service.clone()).cache(VerdictCache::default()).revocations(revocations);
        (service, api(server.protect()))
    }
}

fn bearer(issued: &TokenResponse) -> String {
    format!("Bearer {}", issued.access_token.as_deref().unwrap())
}

fn authlete(emulator: &Emulator) -> authlete_api::AuthleteBuilder {
    Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token())
}

async fn status(api: &Router, authorization: &str) -> (u16, String) {
    let got = send(api, get_with(&[("authorization", authorization)])).await;
    (got.status.as_u16(), got.challenge().to_owned())
}

#[tokio::test]
async fn good_tokens_pass_and_others_are_refused() {
    let world = World::new().await;
    let api = api(ResourceServer::new(world.service.clone()).protect().scopes(["write"]));
    assert_eq!(status(&api, &world.bearer("read+write").await).await.0, 200);

    let (lacking, challenge) = status(&api, &world.bearer("read").await).await;
    assert_eq!(lacking, 403);
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"write\""), "{challenge}");
    let (wrong, challenge) = status(&api, "Bearer nonsense").await;
    assert_eq!(wrong, 401);
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");

    let expiring = world.bearer("write").await;
    world.emulator.clock().advance(Duration::from_secs(61));
    assert_eq!(status(&api, &expiring).await.0, 401);
}

#[tokio::test]
async fn the_principal_says_who_and_what() {
    async fn look(principal: Principal) -> Result<String, Reply> {
        principal.require_scopes(["read"])?;
        let soon = SystemTime::now() + Duration::from_secs(70);
        assert!(principal.expires_at().is_some_and(|end| end < soon) && principal.has_scope("read"));
        assert_eq!(principal.property("none"), None);
        principal.require_scopes(["read", "write"]).map(|()| principal.client_id().unwrap().to_owned())
    }
    async fn open(principal: Option<Principal>) -> String {
        principal.is_some().to_string()
    }
    let world = World::new().await;
    let api = Router::new().route("/orders", get(look)).layer(ResourceServer::new(world.service.clone()).protect());
    let got = send(&api, get_with(&[("authorization", &world.bearer("read+write").await)])).await;
    assert_eq!((got.status, got.body), (StatusCode::OK, world.client.client_id.unwrap().to_string()));
    let got = send(&api, get_with(&[("authorization", &world.bearer("read").await)])).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert_eq!(got.challenge(), "Bearer error=\"insufficient_scope\", scope=\"read write\"");

    // A route that should have a layer and has none is a failure, not a guest.
    let bare = Router::new().route("/orders", get(look)).route("/open", get(open));
    assert_eq!(send(&bare, get_with(&[])).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    let got = send(&bare, Request::get("/open").body(Body::empty()).unwrap()).await;
    assert_eq!((got.status, got.body.as_str()), (StatusCode::OK, "false"));
}

#[tokio::test]
async fn with_a_cache_not_every_request_is_a_call() {
    let world = World::new().await;
    let token = world.bearer("read").await;
    let (observed, api) = world.observed();
    assert_eq!(status(&api, &token).await.0, 200);
    // The emulator's clock moves, ours does not: what is kept is used.
    world.emulator.clock().advance(Duration::from_secs(61));
    assert_eq!(status(&api, &token).await.0, 200);
    // Whatever may end tokens drops it, even what the emulator refuses.
    let _ = observed.access_tokens().delete("some token").await;
    assert_eq!(status(&api, &token).await.0, 401);
}

#[tokio::test]
async fn what_is_kept_is_dropped_when_a_code_or_a_refresh_token_is_used_again() {
    let world = World::new().await;
    let (observed, api) = world.observed();
    let by_code = world.by_code().await;
    let issued = world.token(&observed, by_code.clone()).await;
    assert_eq!(status(&api, &bearer(&issued)).await.0, 200);
    assert_eq!(world.token(&observed, by_code).await.action, Some(TokenResponseAction::BadRequest));
    assert_eq!(status(&api, &bearer(&issued)).await.0, 401);

    let issued = world.token(&observed, world.by_code().await).await;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", issued.refresh_token.as_deref().unwrap());
    assert_eq!(status(&api, &bearer(&issued)).await.0, 200);
    let refreshed = world.token(&observed, refresh.clone()).await;
    assert_eq!(status(&api, &bearer(&issued)).await.0, 401, "a refresh ends the token before");
    assert_eq!(status(&api, &bearer(&refreshed)).await.0, 200);
    assert_eq!(world.token(&observed, refresh).await.action, Some(TokenResponseAction::BadRequest));
    assert_eq!(status(&api, &bearer(&refreshed)).await.0, 401);
}

#[tokio::test]
async fn what_is_kept_is_dropped_when_a_user_may_have_one_token_and_gets_another() {
    let world = World::new().await;
    let (observed, api) = world.observed();
    observed.modify(|settings| settings.single_access_token_per_subject = Some(true)).await.unwrap();
    let issued = world.token(&observed, world.by_code().await).await;
    assert_eq!(status(&api, &bearer(&issued)).await.0, 200);
    assert!(world.authorize(&observed, "token").await.access_token.is_some());
    assert_eq!(status(&api, &bearer(&issued)).await.0, 401);
}
