//! The layer in front of an API, with tokens that the emulator issued.

use std::time::{Duration, SystemTime};

use authlete_api::types::{GrantType, OAuthClient, Scope, Service as Settings, TokenRequest};
use authlete_api::{Authlete, AuthleteService, Reply};
use authlete_emulator::Emulator;
use authlete_resource_server::{Principal, ResourceServer, Revocations, VerdictCache};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};

use super::{api, get_with, send};

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
            .supported_grant_types([GrantType::ClientCredentials])
            .access_token_duration(60);
        let id = authlete.services().create(settings).await.unwrap().api_key.unwrap();
        let service = authlete.service(id);
        let client = OAuthClient::default().grant_types([GrantType::ClientCredentials]);
        let client = service.clients().create(client).await.unwrap().into_inner();
        Self { emulator, service, client }
    }

    async fn bearer(&self, scope: &str) -> String {
        let mut request = TokenRequest::new(format!("grant_type=client_credentials&scope={scope}"));
        request.client_id = self.client.client_id.map(|id| id.to_string());
        request.client_secret = self.client.client_secret.clone();
        let issued = self.service.token().process(request).raw().await.unwrap();
        format!("Bearer {}", issued.access_token.as_deref().unwrap())
    }
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
    let revocations = Revocations::default();
    let observed = authlete(&world.emulator)
        .transport_layer(revocations.layer())
        .service_id(world.service.id())
        .build_service()
        .unwrap();
    let server = ResourceServer::new(observed.clone()).cache(VerdictCache::default()).revocations(revocations);
    let api = api(server.protect());
    assert_eq!(status(&api, &token).await.0, 200);
    // The emulator's clock moves, ours does not: what is kept is used.
    world.emulator.clock().advance(Duration::from_secs(61));
    assert_eq!(status(&api, &token).await.0, 200);
    // Whatever may end tokens drops it, even what the emulator refuses.
    let _ = observed.access_tokens().delete("some token").await;
    assert_eq!(status(&api, &token).await.0, 401);
}
