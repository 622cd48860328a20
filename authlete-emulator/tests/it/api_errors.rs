//! Answers other than 2xx.

use serde_json::{Value, json};

use crate::world::{World, send};

fn assert_api_error((status, body): &(u16, Value), expected: u16) {
    assert_eq!(*status, expected, "{body}");
    let code = body["resultCode"].as_str().expect("a result code");
    assert!(body["resultMessage"].as_str().expect("a message").starts_with(&format!("[{code}] ")), "{body}");
    assert!(body.get("action").is_none());
}

#[tokio::test]
async fn tokens() {
    let world = World::plain().await;
    let own = format!("/api/{}/service/get", world.service_id());
    let token = world.emulator.service_token(&world.service_id()).expect("a token");
    assert_api_error(&send(world.request("GET", &own)).await, 401);
    assert_api_error(&send(world.request("GET", &own).bearer_auth("wrong")).await, 401);
    assert_api_error(&send(world.request("GET", &own).basic_auth("a", Some("b"))).await, 401);
    assert_eq!(send(world.request("GET", "/api/misc/echo?a=b")).await, (200, json!({"a": "b"})));
    assert_eq!(send(world.request("GET", &own).bearer_auth(&token)).await.0, 200);

    let other = world.add_service(json!({})).await["apiKey"].clone();
    let other = format!("/api/{other}/service/get");
    assert_api_error(&send(world.request("GET", &other).bearer_auth(&token)).await, 403);
    let create = world.request("POST", "/api/service/create").bearer_auth(&token).json(&json!({}));
    assert_api_error(&send(create).await, 403);
    assert_eq!(world.emulator.service_token("1"), None);
    assert_eq!(world.emulator.service_token("x"), None);
}

#[tokio::test]
async fn what_is_not_there() {
    let world = World::plain().await;
    let id = world.service_id();
    for path in ["/api", "/api/nothing", "/api/1/service/get", "/api/x/service/get", "/api/1/nothing/at/all"] {
        assert_api_error(&world.call("GET", path, None).await, 404);
    }
    assert_api_error(&world.call("GET", &format!("/api/{id}/client/get/1"), None).await, 404);
    assert_api_error(&world.call("GET", &format!("/api/{id}/client/get/%2F"), None).await, 404);
    assert_api_error(&world.call("GET", &format!("/api/{id}/auth/token"), None).await, 405);
    let path = format!("/api/{id}/client/extension/requestable_scopes/update/1");
    let answer = world.request("GET", &path).send().await.expect("a response");
    assert_eq!((answer.status().as_u16(), &answer.headers()["Allow"]), (405, &"POST, PUT".parse().expect("a header")));
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let world = World::plain().await;
    let path = format!("/api/{}/auth/authorization", world.service_id());
    let post = |media_type: &str, body: &str| {
        let request = world.request("POST", &path).bearer_auth(world.emulator.organization_token());
        send(request.header("Content-Type", media_type).body(body.to_owned()))
    };
    for body in ["", "{", "[]", "null", "\"text\"", "{\"parameters\": \"\u{0}\"}"] {
        assert_api_error(&post("application/json", body).await, 400);
    }
    assert_api_error(&post("application/json", "{\"parameters\": {}}").await, 400);
    assert_api_error(&post("text/plain", "{}").await, 400);
    assert_api_error(&post("application/json", &" ".repeat(2_000_000)).await, 413);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_api_error(&post("application/json", &deep).await, 400);
    let long = world.request("POST", &path).bearer_auth(world.emulator.organization_token()).body("{}");
    assert_api_error(&send(long).await, 400);
}

#[tokio::test]
async fn the_calls_that_tell_about_the_server() {
    let world = World::plain().await;
    assert_eq!(send(world.request("GET", "/api/lifecycle/healthcheck")).await, (200, json!("OK")));
    let (status, info) = send(world.request("GET", "/api/info")).await;
    let features = json!(["ciba", "dcr", "deviceflow", "fapi", "gm", "hsm", "oidc_federation"]);
    assert_eq!((status, &info["features"]), (200, &features));
    assert!(
        info["version"].as_str().is_some_and(|version| version.starts_with("3.0.32 (authlete-emulator ")),
        "{info}"
    );
    assert_eq!(world.call("GET", "/api/misc/echo?a=1&b=%20", None).await, (200, json!({"a": "1", "b": " "})));
}

#[tokio::test]
async fn a_stopped_emulator_answers_no_more() {
    let emulator = authlete_emulator::Emulator::start().await.expect("the emulator starts");
    let url = format!("{}/api/info", emulator.base_url());
    let http = reqwest::Client::new();
    assert!(http.get(&url).send().await.is_ok());
    emulator.stop().await;
    assert!(http.get(&url).send().await.is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_it() {
    let world = World::plain().await;
    let port = world.emulator.base_url().rsplit(':').next().expect("a port").parse().expect("a number");
    let error = authlete_emulator::Emulator::builder().port(port).start().await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("cannot listen on port {port}"));
}
