//! What a test does to the emulator: faults, the record of calls, explicit nulls.

use std::time::{Duration, Instant};

use authlete_emulator::Fault;
use serde_json::{Value, json};

use crate::world::World;

/// An attempt to get the service.
async fn get(world: &World) -> Result<reqwest::Response, reqwest::Error> {
    let path = format!("/api/{}/service/get", world.service_id());
    world.request("GET", &path).bearer_auth(world.emulator.organization_token()).send().await
}

/// An attempt to get a code's tokens.
async fn exchange(world: &World, code: &str) -> Result<reqwest::Response, reqwest::Error> {
    let path = format!("/api/{}/auth/token", world.service_id());
    let parameters = format!("grant_type=authorization_code&code={code}&redirect_uri={}", crate::world::REDIRECT_URI);
    let request = world.request("POST", &path).bearer_auth(world.emulator.organization_token());
    request.json(&world.token_body(&parameters)).send().await
}

#[tokio::test]
async fn a_status_with_headers_for_the_next_calls_of_an_operation() {
    let world = World::plain().await;
    let busy = Fault::status(429).header("Retry-After", "7").header("X-RateLimit-Remaining", "0");
    world.emulator.inject(busy.on("service_get_api").times(2)).expect("there is such an operation");
    assert_eq!(world.call("GET", "/api/service/get/list", None).await.0, 200);
    for _ in 0..2 {
        let response = get(&world).await.expect("a response");
        assert_eq!(response.status().as_u16(), 429);
        assert_eq!(
            (&response.headers()["retry-after"], &response.headers()["x-ratelimit-remaining"]),
            (&"7".parse().expect("a value"), &"0".parse().expect("a value"))
        );
        let body: Value = response.json().await.expect("JSON");
        assert!(body["resultCode"].is_string());
    }
    assert_eq!(get(&world).await.expect("a response").status().as_u16(), 200);
}

#[tokio::test]
async fn a_status_with_a_body_of_its_own_for_any_call() {
    let world = World::plain().await;
    world
        .emulator
        .inject(Fault::status(502).body("<html>").header("Content-Type", "text/html"))
        .expect("there is such an operation");
    world.emulator.inject(Fault::status(503).times(100)).expect("there is such an operation");
    let response = get(&world).await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (502, &"text/html".parse().expect("a value"))
    );
    assert_eq!(response.text().await.expect("a string"), "<html>");
    let answer = world.request("GET", "/nowhere").send().await.expect("a response");
    assert_eq!(answer.status().as_u16(), 503);
    world.emulator.clear_faults();
    assert_eq!(get(&world).await.expect("a response").status().as_u16(), 200);
}

#[tokio::test]
async fn a_delay_comes_before_what_is_served_and_before_other_faults() {
    let world = World::plain().await;
    world.emulator.inject(Fault::delay(Duration::from_millis(80)).times(2)).expect("there is such an operation");
    world.emulator.inject(Fault::status(500)).expect("there is such an operation");
    for status in [500, 200] {
        let start = Instant::now();
        assert_eq!(get(&world).await.expect("a response").status().as_u16(), status);
        assert!(start.elapsed() >= Duration::from_millis(80));
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_the_call_is_served_leaves_the_code_good() {
    let world = World::plain().await;
    let code = world.code("").await;
    world.emulator.inject(Fault::disconnect_before_serving().on("auth_token_api")).expect("there is such an operation");
    let error = exchange(&world, &code).await.expect_err("no response");
    assert!(error.is_request() && !error.is_status(), "{error:?}");
    assert_eq!(world.exchange(&code).await["action"], "OK");
}

#[tokio::test]
async fn a_connection_that_ends_after_the_call_was_served_leaves_the_code_used() {
    let world = World::plain().await;
    let code = world.code("").await;
    world.emulator.inject(Fault::disconnect_after_serving().on("auth_token_api")).expect("there is such an operation");
    let error = exchange(&world, &code).await.expect_err("no response");
    assert!(error.is_request(), "{error:?}");
    assert_eq!(world.exchange(&code).await["action"], "BAD_REQUEST");
}

#[tokio::test]
async fn an_answer_that_breaks_off() {
    let world = World::plain().await;
    world.emulator.inject(Fault::truncate()).expect("there is such an operation");
    let mut response = get(&world).await.expect("a head");
    assert_eq!(response.status().as_u16(), 200);
    let promised = response.content_length().expect("a length");
    let mut got = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got += chunk.len() as u64,
            Ok(None) => panic!("the whole body arrived"),
            Err(error) => break error,
        }
    };
    assert!(got > 0 && got < promised, "{got} of {promised}: {error:?}");
}

#[tokio::test]
async fn calls_are_recorded_without_credentials() {
    let world = World::plain().await;
    world.emulator.clear_calls();
    world.token("grant_type=client_credentials").await;
    let path = format!("/api/{}/client/get/list?start=0&developer=a%20b", world.service_id());
    world.call("GET", &path, None).await;
    world.call("GET", "/api/nowhere", None).await;
    let calls = world.emulator.calls();
    let ids: Vec<Option<&str>> = calls.iter().map(|call| call.operation_id()).collect();
    assert_eq!(ids, [Some("auth_token_api"), Some("client_get_list_api"), None]);

    let token = world.emulator.calls_of("auth_token_api").expect("there is such an operation").pop().expect("a call");
    assert_eq!((token.method(), token.path()), ("POST", format!("/api/{}/auth/token", world.service_id()).as_str()));
    assert_eq!(token.header("authorization"), Some("Bearer [redacted]"));
    assert_eq!(token.header("Content-Type"), Some("application/json"));
    let body = token.body().expect("JSON");
    assert_eq!(
        (&body["parameters"], &body["clientSecret"]),
        (&json!("grant_type=client_credentials"), &world.client["clientSecret"])
    );
    assert_eq!(calls[1].query(), [("start".to_owned(), "0".to_owned()), ("developer".to_owned(), "a b".to_owned())]);
    let printed = format!("{calls:?}");
    for secret in [world.emulator.organization_token(), world.client["clientSecret"].as_str().expect("a secret")] {
        assert!(!printed.contains(secret));
    }
    world.emulator.clear_calls();
    assert!(world.emulator.calls().is_empty());
}

#[tokio::test]
async fn a_call_that_a_fault_hits_is_recorded_too() {
    let world = World::plain().await;
    world.emulator.clear_calls();
    for fault in [Fault::status(500), Fault::disconnect_before_serving(), Fault::disconnect_after_serving()] {
        world.emulator.inject(fault).expect("there is such an operation");
        let _ = get(&world).await;
    }
    assert_eq!(world.emulator.calls_of("service_get_api").expect("there is such an operation").len(), 3);
}

#[tokio::test]
async fn explicit_nulls_stand_for_what_is_absent_and_in_lists() {
    let world = World::plain().await;
    world.emulator.set_explicit_nulls(true);
    let path = format!("/api/{}/client/get/list", world.service_id());
    let (_, list) = world.call("GET", &path, None).await;
    let clients = list["clients"].as_array().expect("a list");
    assert_eq!((clients.len(), &clients[1]), (2, &Value::Null));
    let client = clients[0].as_object().expect("an object");
    assert_eq!(client.get("logoUri"), Some(&Value::Null));
    assert_eq!(client["redirectUris"], json!([crate::world::REDIRECT_URI, null]));
    let answer = world.authorize("scope=read").await;
    assert_eq!(answer.get("responseContent"), Some(&Value::Null));
    assert_eq!(answer["scopes"][0].get("attributes"), Some(&Value::Null));
    assert_eq!(answer["client"].as_object().expect("an object").get("clientName"), Some(&json!("Test client")));
    world.emulator.set_explicit_nulls(false);
    assert_eq!(world.call("GET", &path, None).await.1["clients"], json!([world.client]));
}
