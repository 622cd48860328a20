//! `max_age=0` asks for a login, in every way that a request can come (OpenID Connect Core 1.0, section 3.1.2.1).

use serde_json::{Value, json};

use crate::keys::unsigned;
use crate::world::{REDIRECT_URI, World, parameter};

async fn issue(world: &World, opened: &Value, auth_time: Option<u64>) -> Option<String> {
    let body = json!({"ticket": opened["ticket"], "subject": "john", "authTime": auth_time});
    let response = world.act("/auth/authorization/issue", body).await;
    assert_eq!(response["action"], "LOCATION", "{response}");
    let error = parameter(&response, "error");
    assert_eq!(error.is_none(), parameter(&response, "code").is_some(), "{response}");
    error
}

/// Requests in all ways, each with what the authorization endpoint gets.
async fn requests(world: &World, max_age: &str) -> Vec<(String, String)> {
    let id = world.client_id();
    let query = format!("client_id={id}&redirect_uri={REDIRECT_URI}&response_type=code&max_age={max_age}");
    let mut requests =
        vec![("query".to_owned(), query.clone()), ("prompt=none".to_owned(), format!("{query}&prompt=none"))];
    let pushed = world.act("/pushed_auth_req", world.token_body(&query)).await;
    let uri = pushed["requestUri"].as_str().expect("a URI");
    requests.push(("pushed".to_owned(), format!("client_id={id}&request_uri={uri}")));
    let number: Option<u64> = max_age.parse().ok().filter(|_| !max_age.starts_with("00"));
    for max_age in [Some(json!(max_age)), number.map(|number| json!(number))].into_iter().flatten() {
        let object = unsigned(&json!({
            "client_id": id, "redirect_uri": REDIRECT_URI, "response_type": "code", "max_age": max_age,
        }));
        let request = format!("client_id={id}&response_type=code&request={object}");
        requests.push((format!("request object with {max_age}"), request.clone()));
        let pushed = world.act("/pushed_auth_req", world.token_body(&request)).await;
        let uri = pushed["requestUri"].as_str().expect("a URI");
        requests.push((format!("pushed request object with {max_age}"), format!("client_id={id}&request_uri={uri}")));
    }
    requests
}

async fn world() -> World {
    World::new(json!({"traditionalRequestObjectProcessingApplied": true}), json!({})).await
}

#[tokio::test]
async fn only_a_login_after_the_request_will_do() {
    let world = world().await;
    for max_age in ["0", "00"] {
        for round in [None, Some(false), Some(true)] {
            for (way, request) in requests(&world, max_age).await {
                let opened = world.act("/auth/authorization", json!({"parameters": request})).await;
                assert_eq!(opened["maxAge"], 0, "{way}: {opened}");
                let before = world.now() - 30;
                world.advance(2);
                let (auth_time, expected) = match round {
                    None => (None, Some("login_required")),
                    Some(false) => (Some(before), Some("login_required")),
                    Some(true) => (Some(world.now()), None),
                };
                assert_eq!(issue(&world, &opened, auth_time).await.as_deref(), expected, "max_age={max_age}, {way}");
            }
        }
    }
}

#[tokio::test]
async fn without_it_an_old_login_will_do_and_a_number_is_a_limit() {
    let world = world().await;
    let opened = world.authorize("scope=read").await;
    assert_eq!((opened["maxAge"].as_u64(), issue(&world, &opened, Some(1)).await), (Some(0), None));
    for (age, expected) in [(50, None), (70, Some("login_required"))] {
        let opened = world.authorize("scope=read&max_age=60").await;
        let error = issue(&world, &opened, Some(world.now() - age)).await;
        assert_eq!(error.as_deref(), expected, "{age}");
    }
}

#[tokio::test]
async fn what_is_not_a_number_of_seconds_is_refused() {
    let world = world().await;
    for wrong in ["-1", "0x0", "0.0", "%200", "1e1", "99999999999"] {
        let response = world.authorize(&format!("scope=read&max_age={wrong}")).await;
        assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"), "{wrong}: {response}");
    }
}
