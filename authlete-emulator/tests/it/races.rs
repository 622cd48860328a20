//! What is good once is good once, however many ask at the same time.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::keys::Key;
use crate::world::{REDIRECT_URI, World};
use crate::{ciba, dpop};

/// How many ask at once.
const AT_ONCE: usize = 200;

/// Makes the same call many times at once, and returns how many of the responses have this action.
async fn winners(world: &Arc<World>, path: &str, body: Value, action: &str) -> usize {
    let mut calls = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (world, path, body) = (Arc::clone(world), path.to_owned(), body.clone());
        calls.spawn(async move { world.act(&path, body).await });
    }
    let responses = calls.join_all().await;
    assert_eq!(responses.len(), AT_ONCE);
    responses.iter().filter(|response| response["action"] == action).count()
}

async fn token_winners(world: &Arc<World>, parameters: &str) -> usize {
    winners(world, "/auth/token", world.token_body(parameters), "OK").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code() {
    let world = Arc::new(World::plain().await);
    let code = world.code("scope=read").await;
    let parameters = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}");
    assert_eq!(token_winners(&world, &parameters).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token() {
    let world = Arc::new(World::plain().await);
    let token = world.exchange(&world.code("scope=read").await).await;
    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    assert_eq!(token_winners(&world, &format!("grant_type=refresh_token&refresh_token={refresh}")).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket() {
    let world = Arc::new(World::plain().await);
    let ticket = world.authorize("scope=read").await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john"});
    assert_eq!(winners(&world, "/auth/authorization/issue", body, "LOCATION").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pushed_request() {
    let world = Arc::new(World::plain().await);
    let parameters = format!("response_type=code&client_id={}&redirect_uri={REDIRECT_URI}", world.client_id());
    let pushed = world.act("/pushed_auth_req", world.token_body(&parameters)).await;
    let uri = pushed["requestUri"].as_str().expect("a URI");
    let body = json!({"parameters": format!("client_id={}&request_uri={uri}", world.client_id())});
    assert_eq!(winners(&world, "/auth/authorization", body, "INTERACTION").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_code_and_a_device_code() {
    let grants = json!(["DEVICE_CODE"]);
    let service = json!({"supportedGrantTypes": grants, "deviceVerificationUri": "https://as.example.com/device"});
    let world = Arc::new(World::new(service, json!({"grantTypes": grants})).await);
    let request = world.act("/device/authorization", world.token_body("scope=read")).await;
    let body = json!({"userCode": request["userCode"], "result": "AUTHORIZED", "subject": "john"});
    assert_eq!(winners(&world, "/device/complete", body, "SUCCESS").await, 1);
    let code = request["deviceCode"].as_str().expect("a device code");
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(token_winners(&world, &format!("grant_type={grant}&device_code={code}")).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tickets_and_the_request_of_ciba() {
    let world = Arc::new(ciba::world(json!({}), json!({})).await);
    let asked = ciba::ask(&world, "scope=openid&login_hint=john").await;
    let body = json!({"ticket": asked["ticket"]});
    assert_eq!(winners(&world, "/backchannel/authentication/issue", body, "OK").await, 1);
    let body = json!({"ticket": asked["ticket"], "result": "AUTHORIZED", "subject": "john"});
    let complete = "/backchannel/authentication/complete";
    assert_eq!(winners(&world, complete, body, "NO_ACTION").await, 1);
    // The winner's response had the id, which is lost here; the record of another request has it too.
    let asked = ciba::ask(&world, "scope=openid&login_hint=john").await;
    let issued = world.act("/backchannel/authentication/issue", json!({"ticket": asked["ticket"]})).await;
    let body = json!({"ticket": asked["ticket"], "result": "AUTHORIZED", "subject": "john"});
    assert_eq!(world.act(complete, body).await["action"], "NO_ACTION");
    let id = issued["authReqId"].as_str().expect("an auth_req_id");
    let grant = "urn:openid:params:grant-type:ciba";
    assert_eq!(token_winners(&world, &format!("grant_type={grant}&auth_req_id={id}")).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dpop_proof() {
    let world = Arc::new(dpop::world(json!({}), json!({})).await);
    let mut body = world.token_body("grant_type=client_credentials");
    body["dpop"] = json!(dpop::proof(&world, &Key::ec(), "once", &json!({})));
    assert_eq!(winners(&world, "/auth/token", body, "OK").await, 1);
}
