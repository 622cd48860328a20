//! The ways to protect an API: each is a router with one route, and the requests that it is asked to serve.

mod issuer;
mod peers;

use std::time::Duration;

use authlete_api::AuthleteService;
use authlete_resource_server::{
    JwtVerifier, KeySet, Principal, ResourceMetadata, ResourceServer, VerdictCache,
};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::{SERVICE, TOKEN};
pub use issuer::{AUDIENCE, ISSUER, Issuer};

/// A way to protect an API.
pub struct Policy {
    /// What it is called in tables.
    pub name: &'static str,
    /// The API.
    pub router: Router,
    /// Its `Authorization` header.
    pub authorization: String,
    /// Makes a DPoP proof, where every request needs one.
    proof: Option<Box<dyn Fn() -> String>>,
}

impl Policy {
    fn new(name: &'static str, router: Router, authorization: String) -> Self {
        // As `axum::serve` does, so that layers are put around handlers once.
        let router = router.with_state(());
        Self { name, router, authorization, proof: None }
    }

    /// A request that the API serves.
    pub fn request(&self) -> Request<Body> {
        let mut request = Request::get("/orders").header("authorization", &self.authorization);
        if let Some(proof) = &self.proof {
            request = request.header("dpop", proof());
        }
        request.body(Body::empty()).expect("a request")
    }

    /// Serves a request.
    pub fn serve(&self, runtime: &Runtime, request: Request<Body>) {
        let response = runtime.block_on(self.router.clone().oneshot(request)).expect("a response");
        assert_eq!(response.status(), StatusCode::OK, "{}", self.name);
    }
}

/// All of them; the first is the floor. Introspection goes to the server at `base_url`.
pub fn policies(base_url: &str) -> Vec<Policy> {
    let issuer = Issuer::new();
    let opaque = "yOVrWlEjKqTj9nGQ5rX0q3nGxhd0Nd2R7Jc0pUDaH8k";
    let bearer = |token: &str| format!("Bearer {token}");
    let jwt = issuer.token(None);
    let service = authlete_api::Authlete::builder().base_url(base_url).service_token(SERVICE, TOKEN);
    let service: AuthleteService = service.build_service().expect("the settings are right");
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, KeySet::new(issuer.clone()));
    // Keeps nothing, so that every signature is verified.
    let nothing = VerdictCache::default().ttl(Duration::ZERO).max_capacity(0);
    let local = ResourceServer::local(verifier.clone());
    let bound = ResourceServer::local(verifier.clone()).resource(ResourceMetadata::new(AUDIENCE));
    let sampled = ResourceServer::new(service.clone()).verifier(verifier);

    let (client, bound_token) = issuer.bound_token();
    let authorization = format!("DPoP {bound_token}");
    let proof = Box::new(move || client.proof(&format!("{AUDIENCE}/orders"), &bound_token));
    vec![
        Policy::new("plain axum", Router::new().route("/orders", get(|| async { "orders" })), bearer(opaque)),
        Policy::new("introspection", api(&ResourceServer::new(service.clone())), bearer(opaque)),
        Policy::new(
            "introspection, kept",
            api(&ResourceServer::new(service).cache(VerdictCache::default().ttl(Duration::from_secs(3600)))),
            bearer(opaque),
        ),
        Policy::new("signature", api(&local.clone().cache(nothing)), bearer(&jwt)),
        Policy::new("signature, kept", api(&local), bearer(&jwt)),
        Policy::new(
            "signature, then introspection",
            api(&sampled.introspect_every(Duration::from_secs(3600))),
            bearer(&jwt),
        ),
        Policy { proof: Some(proof), ..Policy::new("signature, kept; DPoP", api(&bound), authorization) },
        Policy::new("axum-jwt-auth", peers::axum_jwt_auth(&issuer), bearer(&jwt)),
        Policy::new("jsonwebtoken by hand", peers::by_hand(&issuer), bearer(&jwt)),
    ]
}

/// The two policies that keep verdicts, each with what makes its API's next request, of another token every time.
pub fn for_memory(base_url: &str) -> Vec<(&'static str, Box<dyn FnMut() -> Policy>)> {
    let issuer = Issuer::new();
    let service = authlete_api::Authlete::builder().base_url(base_url).service_token(SERVICE, TOKEN);
    let service: AuthleteService = service.build_service().expect("the settings are right");
    let cache = || VerdictCache::default().ttl(Duration::from_secs(3600)).max_capacity(1_000_000);
    let kept = api(&ResourceServer::new(service).cache(cache()));
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, KeySet::new(issuer.clone()));
    let local = api(&ResourceServer::local(verifier).cache(cache()));
    let mut tokens = 0;
    let opaque = move || {
        tokens += 1;
        Policy::new("introspection, kept", kept.clone(), format!("Bearer {tokens:043}"))
    };
    // Signatures of ES256 differ each time.
    let jwt = move || Policy::new("signature, kept", local.clone(), format!("Bearer {}", issuer.token(None)));
    vec![("introspection, kept", Box::new(opaque)), ("signature, kept", Box::new(jwt))]
}

fn api(server: &ResourceServer) -> Router {
    async fn orders(principal: Principal) -> &'static str {
        assert!(principal.subject().is_some());
        "orders"
    }
    Router::new().route("/orders", get(orders).layer(server.protect()))
}
