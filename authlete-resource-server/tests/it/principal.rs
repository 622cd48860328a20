//! What handlers and logs are told of a token, and what a token is bound to.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

use authlete_api::http_inputs::client_certificates;
use authlete_resource_server::{
    Binding, JwtError, JwtVerifier, Principal, Refusal, ResourceMetadata, ResourceServer, VerifiedBy,
};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, Response, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use sha2::{Digest, Sha256};
use tower::{Layer as _, Service as _, ServiceExt as _};

use crate::authlete::{Canned, Said};
use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, good, header, now};

fn local(issuer: &Key) -> ResourceServer {
    ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([issuer]).set()))
}

/// The response of a route that hands the principal back, among its extensions.
async fn called(server: &ResourceServer, headers: &[(&str, &str)]) -> Response<Body> {
    let handler =
        |principal: Principal| async { Response::builder().extension(principal).body(Body::empty()).unwrap() };
    let api = Router::new().route("/", get(handler).layer(server.protect()));
    let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
    api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn principal(server: &ResourceServer, headers: &[(&str, &str)]) -> Principal {
    let response = called(server, headers).await;
    let refusal = response.extensions().get::<Refusal>().map(ToString::to_string);
    response.extensions().get().cloned().unwrap_or_else(|| panic!("{refusal:?}"))
}

#[tokio::test]
async fn a_principal_has_what_the_token_says() {
    let issuer = Key::new("k1");
    let mut claims = claims();
    claims["auth_time"] = json!(now() - 60);
    claims["acr"] = json!("urn:mfa");
    claims["grant_id"] = json!("grant-1");
    claims["tenant"] = json!("acme");
    let token = issuer.sign(&header(&issuer), &claims);
    let principal = principal(&local(&issuer), &[("authorization", &format!("Bearer {token}"))]).await;
    let time = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!((principal.subject(), principal.client_id()), (Some("ada"), Some("4711")));
    assert_eq!(principal.audiences(), [AUDIENCE]);
    assert_eq!(principal.scopes(), ["orders:read", "orders:write"]);
    assert_eq!(principal.issued_at(), time(claims["iat"].as_u64().unwrap()));
    assert_eq!(principal.expires_at(), time(claims["exp"].as_u64().unwrap()));
    assert_eq!(principal.authenticated_at(), time(claims["auth_time"].as_u64().unwrap()));
    assert_eq!((principal.acr(), principal.token_id()), (Some("urn:mfa"), Some("token-1")));
    assert_eq!((principal.grant_id(), principal.binding()), (Some("grant-1"), None));
    assert_eq!((principal.claim("tenant"), principal.claim("other")), (Some(&json!("acme")), None));
    assert_eq!(serde_json::Value::from(principal.claims().clone()), claims);
    assert_eq!((principal.verified_by(), principal.property("tenant")), (VerifiedBy::Signature, None));
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_needs_it() {
    let issuer = Key::new("k1");
    let certificate = b"the client's certificate";
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(certificate));
    let mut claims = claims();
    claims["cnf"] = json!({"x5t#S256": thumbprint});
    let token = issuer.sign(&header(&issuer), &claims);
    let bearer = format!("Bearer {token}");
    let server = local(&issuer).certificates(client_certificates);
    let with = |certificate: &[u8]| format!(":{}:", STANDARD.encode(certificate));
    let found = principal(&server, &[("authorization", &bearer), ("client-cert", &with(certificate))]).await;
    assert_eq!(found.binding(), Some(&Binding::Certificate(thumbprint)));
    for (headers, reason) in [
        (vec![("authorization", bearer.as_str()), ("client-cert", &*with(b"another"))], "is not the one"),
        (vec![("authorization", bearer.as_str())], "is not the one"),
    ] {
        let response = called(&server, &headers).await;
        let refusal = response.extensions().get::<Refusal>().unwrap();
        assert!(refusal.reason().contains(reason), "{refusal}");
        assert_eq!((refusal.status(), response.status()), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        assert!(
            refusal.details().is_none() && refusal.to_string().starts_with("401 Unauthorized: the client"),
            "{refusal}"
        );
    }
    claims["cnf"] = json!({"x5c": thumbprint_of_nothing()});
    let token = issuer.sign(&header(&issuer), &claims);
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set());
    assert_eq!(verifier.claims(&token).await, Err(JwtError::Binding));
}

fn thumbprint_of_nothing() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(b""))
}

#[tokio::test]
async fn a_route_may_be_open_to_those_without_a_layer() {
    let handler = |principal: Option<Principal>| async move {
        principal.and_then(|p| p.subject().map(str::to_owned)).unwrap_or_default()
    };
    let issuer = Key::new("k1");
    let api =
        Router::new().route("/protected", get(handler).layer(local(&issuer).protect())).route("/open", get(handler));
    for (path, found) in [("/protected", "ada"), ("/open", "")] {
        let request = Request::get(path).header("authorization", format!("Bearer {}", good(&issuer)));
        let response = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, found, "{path}");
    }
}

#[tokio::test]
async fn what_is_wanted_of_the_user_is_named_in_the_challenge() {
    let issuer = Key::new("k1");
    let layer = local(&issuer).protect().acr_values(["urn:mfa", "urn:phr"]).max_age(Duration::from_secs(60));
    let plain = local(&issuer).protect().max_age(Duration::from_secs(5));
    for (layer, named, unnamed) in [
        (layer, "acr_values=\"urn:mfa urn:phr\", max_age=\"60\"", "acr_values=\"\""),
        (plain, "max_age=\"5\"", "acr_values"),
    ] {
        let api = Router::new().route("/", get(|| async {}).layer(layer));
        let request = Request::get("/").header("authorization", format!("Bearer {}", good(&issuer)));
        let response = api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains(named) && !challenge.contains(unnamed), "{challenge}");
        assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
    }
}

#[tokio::test]
async fn keys_of_all_kinds_verify_tokens() {
    let pem = |kind| rcgen::KeyPair::generate_for(kind).unwrap().serialize_pem();
    let rsa = pem(&rcgen::PKCS_RSA_SHA256);
    let p384 = pem(&rcgen::PKCS_ECDSA_P384_SHA384);
    // The key of RFC 8410, section 10.3.
    let ed25519 = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let rsa = EncodingKey::from_rsa_pem(rsa.as_bytes()).unwrap();
    let mut keys = vec![
        Key::of(EncodingKey::from_ec_pem(p384.as_bytes()).unwrap(), Algorithm::ES384, "p384"),
        Key::of(EncodingKey::from_ed_pem(ed25519.as_bytes()).unwrap(), Algorithm::EdDSA, "ed25519"),
    ];
    for (algorithm, kid) in [(Algorithm::RS256, "rs"), (Algorithm::PS512, "ps")] {
        keys.push(Key::of(rsa.clone(), algorithm, kid));
    }
    for key in &mut keys {
        // The key is for what its kind is for.
        key.public.common.key_algorithm = None;
    }
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new(&keys).set());
    for key in &keys {
        let outcome = verifier.claims(&good(key)).await;
        assert!(outcome.is_ok(), "{:?}: {outcome:?}", key.algorithm);
    }
    let chosen = verifier.algorithms(["ES384"]);
    assert!(chosen.claims(&good(&keys[0])).await.is_ok());
    assert_eq!(chosen.claims(&good(&keys[1])).await, Err(JwtError::Algorithm));
    // The same kinds sign proofs.
    let issuer = Key::new("k1");
    let server = local(&issuer).resource(ResourceMetadata::new(AUDIENCE));
    for key in &keys {
        let mut claims = claims();
        claims["cnf"] = json!({"jkt": key.thumbprint()});
        let token = issuer.sign(&header(&issuer), &claims);
        let jti = format!("{:?}", key.algorithm);
        let proof = key.proof("GET", &format!("{AUDIENCE}/"), &token, &jti);
        let found = principal(&server, &[("authorization", &format!("DPoP {token}")), ("dpop", &proof)]).await;
        assert_eq!(found.binding(), Some(&Binding::Dpop(Some(key.thumbprint()))), "{:?}", key.algorithm);
    }
}

#[tokio::test]
async fn scripts_of_other_sites_may_ask_for_the_metadata() {
    let metadata = ResourceMetadata::new(AUDIENCE);
    let path = "/.well-known/oauth-protected-resource".parse().unwrap();
    let response = metadata.respond(&http::Method::OPTIONS, &path).unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, HEAD");
}

/// A service that has no room for another request.
#[derive(Clone)]
struct Busy;

impl tower::Service<Request<Body>> for Busy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(Body::empty())))
    }
}

#[test]
fn a_service_that_is_not_ready_is_not_called() {
    let server = local(&Key::new("k1")).resource(ResourceMetadata::new(AUDIENCE));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(server.protect().layer(Busy).poll_ready(&mut context), Poll::Pending);
    assert_eq!(server.metadata_layer().layer(Busy).poll_ready(&mut context), Poll::Pending);
}

#[tokio::test]
async fn a_challenge_names_the_scopes_that_are_scopes() {
    let layer = local(&Key::new("k1")).protect().scopes(["orders:read", "two words", "", "quoted\"", "orders:write"]);
    let api = Router::new().route("/", get(|| async {}).layer(layer));
    let response = api.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("scope=\"orders:read orders:write\""), "{challenge}");
}

#[tokio::test]
async fn a_refusal_of_authlete_says_what_it_said() {
    let authlete = Canned::new(&[Said::Bad]);
    let response = called(&ResourceServer::new(authlete.service(1, "a")), &[("authorization", "Bearer token")]).await;
    let refusal = response.extensions().get::<Refusal>().unwrap();
    let details = refusal.details().unwrap();
    assert_eq!(details.operation.map(|operation| operation.name), Some("auth_introspection"));
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
}
