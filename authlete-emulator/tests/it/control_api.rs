//! The control API and the page. Every response is held against `control-api.json`.

use std::collections::BTreeSet;
use std::sync::Mutex;

use authlete_emulator::Emulator;
use reqwest::header::{HOST, LOCATION};
use serde_json::{Value, json};

use crate::world::World;

/// A caller of the control API, which notes what of the document it has seen.
struct Control<'a> {
    emulator: &'a Emulator,
    http: reqwest::Client,
    document: Value,
    seen: Mutex<BTreeSet<(String, String, u16)>>,
}

impl<'a> Control<'a> {
    fn of(emulator: &'a Emulator) -> Self {
        let document = serde_json::from_str(include_str!("../../control-api.json")).expect("the document is JSON");
        Self { emulator, http: reqwest::Client::new(), document, seen: Mutex::default() }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let token = self.emulator.control_token().expect("a control token").to_owned();
        self.call_with(method, path, body, Some(&token)).await
    }

    async fn call_with(&self, method: &str, path: &str, body: Option<Value>, token: Option<&str>) -> (u16, Value) {
        let url = format!("{}{path}", self.emulator.base_url());
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("a response");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.hold(method, path, status, &text, &value);
        (status, value)
    }

    /// Holds a response against the document.
    fn hold(&self, method: &str, path: &str, status: u16, text: &str, value: &Value) {
        if status == 404 || status == 405 {
            return;
        }
        let plain = path.split('?').next().unwrap_or(path);
        let template = match plain.strip_prefix("/emulator/states/") {
            Some(_) => "/emulator/states/{state}",
            None => plain,
        };
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let response = operation["responses"].get(status.to_string());
        let response = response.unwrap_or_else(|| panic!("{method} {path}: {status} is not in the document: {text}"));
        match response.pointer("/content/application~1json/schema") {
            None => assert_eq!(text, "", "{method} {path}"),
            Some(schema) => {
                let mut whole = schema.clone();
                whole["components"] = self.document["components"].clone();
                let validator = jsonschema::validator_for(&whole).expect("a schema");
                let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{method} {path}: {errors:?} in {text}");
            }
        }
        self.seen.lock().expect("no panic").insert((template.to_owned(), method.to_lowercase(), status));
    }
}

#[tokio::test]
async fn every_call_of_the_document_does_what_it_says() {
    let world = World::new(json!({}), json!({})).await;
    let control = Control::of(&world.emulator);

    assert_eq!(control.call_with("GET", "/health", None, None).await.1["status"], "ok");
    assert_eq!(control.call_with("GET", "/emulator/openapi.json", None, None).await.1, control.document);

    let (_, before) = control.call("GET", "/emulator/clock", None).await;
    let body = json!({"advanceSeconds": 60, "advanceMillis": 500});
    let (_, after) = control.call("POST", "/emulator/clock", Some(body)).await;
    let moved = after["now"].as_u64().expect("a time") - before["now"].as_u64().expect("a time");
    assert!((60_500..70_000).contains(&moved), "{moved}");
    for wrong in [json!({}), json!({"advanceSeconds": -1}), json!({"seconds": 1})] {
        assert_eq!(control.call("POST", "/emulator/clock", Some(wrong.clone())).await.0, 400, "{wrong}");
    }

    let fault = json!({
        "kind": "status", "status": 500, "operation": "auth_introspection", "times": 2, "headers": {"Retry-After": "7", "Content-Type": "application/json"},
        "body": "{\"resultCode\":\"A1\",\"resultMessage\":\"m\"}",
    });
    let (_, waiting) = control.call("POST", "/emulator/faults", Some(fault)).await;
    assert_eq!(waiting["faults"][0]["operation"], "auth_introspection_api");
    let path = format!("/api/{}/auth/introspection", world.service_id());
    let (status, body) = world.call("POST", &path, Some(&json!({"token": "x"}))).await;
    assert_eq!((status, &body["resultCode"]), (500, &json!("A1")));
    assert_eq!(control.call("GET", "/emulator/faults", None).await.1["faults"][0]["times"], 1);
    assert_eq!(control.call("DELETE", "/emulator/faults", None).await.0, 204);
    assert_eq!(control.call("GET", "/emulator/faults", None).await.1, json!({"faults": []}));
    for wrong in [
        json!({"kind": "explosion"}),
        json!({"kind": "status"}),
        json!({"kind": "status", "status": 7}),
        json!({"kind": "delay"}),
        json!({"kind": "truncate", "operation": "no_such"}),
        json!({"kind": "truncate", "time": 1}),
    ] {
        assert_eq!(control.call("POST", "/emulator/faults", Some(wrong.clone())).await.0, 400, "{wrong}");
    }

    let (_, calls) = control.call("GET", "/emulator/calls?operation=auth_introspection", None).await;
    assert_eq!(calls["calls"].as_array().map(Vec::len), Some(1));
    let call = &calls["calls"][0];
    assert_eq!((&call["operationId"], &call["body"]), (&json!("auth_introspection_api"), &json!({"token": "x"})));
    assert_eq!((&call["response"]["status"], &call["response"]["body"]["resultCode"]), (&json!(500), &json!("A1")));
    assert_eq!(call["headers"]["authorization"], "Bearer [redacted]");
    assert_eq!(control.call("GET", "/emulator/calls?operation=nothing", None).await.0, 400);
    assert_eq!(control.call("DELETE", "/emulator/calls", None).await.0, 204);
    assert_eq!(control.call("GET", "/emulator/calls", None).await.1, json!({"calls": []}));

    let (_, services) = control.call("GET", "/emulator/services", None).await;
    assert_eq!(services["organizationToken"], world.emulator.organization_token());
    assert_eq!(services["services"][0]["clients"][0]["clientSecret"], world.client["clientSecret"]);
    let token = world.emulator.service_token(&world.service_id());
    assert_eq!(services["services"][0]["accessToken"].as_str(), token.as_deref());

    let seed = json!({"services": [{"serviceId": 77, "clients": [{"clientId": 78}]}]});
    let (_, seeded) = control.call("POST", "/emulator/seed", Some(seed.clone())).await;
    assert_eq!(seeded["services"][0]["clients"][0]["clientId"], 78);
    assert_eq!(control.call("POST", "/emulator/seed", Some(seed)).await.1, json!({"services": []}));
    assert_eq!(control.call("POST", "/emulator/seed", Some(json!({"service": []}))).await.0, 400);

    let (_, options) = control.call("PATCH", "/emulator/options", Some(json!({"explicitNulls": true}))).await;
    assert_eq!(
        (&options, &options),
        (&json!({"explicitNulls": true}), &control.call("GET", "/emulator/options", None).await.1)
    );
    assert_eq!(control.call("PATCH", "/emulator/options", Some(json!({"explicitNulls": "yes"}))).await.0, 400);
    control.call("PATCH", "/emulator/options", Some(json!({"explicitNulls": false}))).await;

    let (_, snapshot) = control.call("GET", "/emulator/snapshot", None).await;
    assert_eq!(control.call("PUT", "/emulator/snapshot", Some(snapshot)).await.0, 204);
    assert_eq!(control.call("PUT", "/emulator/snapshot", Some(json!({"format": 0}))).await.0, 400);

    control.call("PUT", "/emulator/states/with%20two", None).await;
    assert_eq!(control.call("GET", "/emulator/states", None).await.1, json!({"states": ["start", "with two"]}));
    assert_eq!(control.call("PUT", &format!("/emulator/states/{}", "x".repeat(101)), None).await.0, 400);
    control.call("POST", "/emulator/reset", None).await;
    assert_eq!(control.call("GET", "/emulator/services", None).await.1["services"], json!([]));
    assert_eq!(control.call("POST", "/emulator/reset?state=with%20two", None).await.0, 204);
    let ids = control.call("GET", "/emulator/services", None).await.1;
    assert_eq!(ids["services"].as_array().map(Vec::len), Some(2));
    assert_eq!(control.call("POST", "/emulator/reset?state=none", None).await.0, 404);
    assert_eq!(control.call("DELETE", "/emulator/states/with%20two", None).await.0, 204);
    assert_eq!(control.call("DELETE", "/emulator/states/with%20two", None).await.0, 404);

    assert_eq!(control.call("GET", "/emulator/nothing", None).await.0, 404);
    assert_eq!(control.call("POST", "/emulator/calls", None).await.0, 405);

    let seen = control.seen.lock().expect("no panic").clone();
    for (path, item) in control.document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys().filter(|name| *name != "parameters") {
            let tried = seen.iter().any(|(one, other, status)| one == path && other == method && *status < 300);
            assert!(tried, "{method} {path} was not tried");
        }
    }
}

#[tokio::test]
async fn the_control_api_wants_its_own_token() {
    let emulator = Emulator::builder().control_token("mine").start().await.expect("it starts");
    assert_eq!(emulator.control_token(), Some("mine"));
    let control = Control::of(&emulator);
    let organization = emulator.organization_token().to_owned();
    for token in [None, Some("wrong"), Some(""), Some(organization.as_str())] {
        assert_eq!(control.call_with("GET", "/emulator/clock", None, token).await.0, 401, "{token:?}");
    }
    assert_eq!(control.call_with("GET", "/emulator/clock", None, Some("mine")).await.0, 200);
    // It is no token of the emulated API either.
    let url = format!("{}/api/service/get/list", emulator.base_url());
    assert_eq!(reqwest::Client::new().get(url).bearer_auth("mine").send().await.expect("a response").status(), 401);
}

#[tokio::test]
async fn without_control_there_is_neither_api_nor_page() {
    let emulator = Emulator::builder().control(false).start().await.expect("it starts");
    assert_eq!(emulator.control_token(), None);
    let http = reqwest::Client::new();
    for (path, expected) in [("/", 404), ("/emulator/clock", 404), ("/emulator/openapi.json", 404), ("/health", 200)] {
        let response = http.get(format!("{}{path}", emulator.base_url())).send().await.expect("a response");
        assert_eq!(response.status().as_u16(), expected, "{path}");
    }
}

/// The page's text, and the token of its forms.
async fn page(emulator: &Emulator, query: &str) -> (String, String) {
    let response = reqwest::get(format!("{}/{query}", emulator.base_url())).await.expect("a response");
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"].to_str().expect("a string").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    let html = response.text().await.expect("a page");
    let token = html.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.expect("a token").to_owned();
    (html, token)
}

#[tokio::test]
async fn the_page_shows_what_there_is_and_hides_secrets() {
    let world = World::new(json!({"serviceName": "<script>alert(1)</script>"}), json!({})).await;
    let ticket = world.authorize("scope=read").await["ticket"].clone();
    let (html, _) = page(&world.emulator, "").await;
    let secrets = [
        world.emulator.organization_token().to_owned(),
        world.client["clientSecret"].as_str().expect("a secret").to_owned(),
        world.emulator.service_token(&world.service_id()).expect("a token"),
        ticket.as_str().expect("a ticket").to_owned(),
    ];
    for secret in &secrets {
        assert!(!html.contains(secret.as_str()));
    }
    assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"), "a name cannot break out");
    assert!(
        html.contains("auth_authorization")
            && html.contains("authorization request")
            && html.contains(&world.client_id())
    );
    let (html, _) = page(&world.emulator, "?secrets=shown").await;
    for secret in &secrets {
        assert!(html.contains(secret.as_str()), "shown on demand");
    }
}

#[tokio::test]
async fn the_forms_of_the_page_act_and_no_other_site_can_send_them() {
    let world = World::plain().await;
    let (_, token) = page(&world.emulator, "").await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let send = |fields: Vec<(&'static str, String)>| {
        let request = http.post(world.emulator.base_url() + "/").form(&fields);
        async move { request.send().await.expect("a response") }
    };
    let with = |mut fields: Vec<(&'static str, String)>| {
        fields.push(("form_token", token.clone()));
        send(fields)
    };
    let before = world.now();
    let answer = with(vec![("action", "advance".into()), ("seconds", "3600".into())]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()[LOCATION].as_bytes()), (303, &b"/"[..]));
    assert!(world.now() >= before + 3600);
    for token in ["", "wrong"] {
        let fields = vec![("action", "advance".into()), ("seconds", "3600".into()), ("form_token", token.into())];
        assert_eq!(send(fields).await.status(), 403);
    }
    assert!(world.now() < before + 7200);

    let fields = vec![("action", "fault".into()), ("kind", "status".into()), ("status", "500".into())];
    assert_eq!(with(fields).await.status(), 303);
    assert!(page(&world.emulator, "").await.0.contains("Take back"));
    assert_eq!(with(vec![("action", "clear-faults".into())]).await.status(), 303);
    assert_eq!(with(vec![("action", "save".into()), ("state", "mine".into())]).await.status(), 303);
    assert_eq!(with(vec![("action", "clear-calls".into())]).await.status(), 303);
    assert!(world.emulator.calls().is_empty());
    assert_eq!(with(vec![("action", "reset".into()), ("state", "start".into())]).await.status(), 303);
    assert_eq!(world.emulator.service_token(&world.service_id()), None);
    assert_eq!(with(vec![("action", "reset".into()), ("state", "mine".into())]).await.status(), 303);
    assert!(world.emulator.service_token(&world.service_id()).is_some());
    assert_eq!(with(vec![("action", "nothing".into())]).await.status(), 400);
}

#[tokio::test]
async fn a_name_that_points_here_does_not_see_the_page() {
    let emulator = Emulator::start().await.expect("it starts");
    let request = reqwest::Client::new().get(emulator.base_url() + "/").header(HOST, "evil.example");
    assert_eq!(request.send().await.expect("a response").status(), 421);
}

#[tokio::test]
async fn on_other_addresses_the_page_wants_the_token() {
    let any = std::net::IpAddr::from([0, 0, 0, 0]);
    let emulator = Emulator::builder().listen(any).control_token("mine").start().await.expect("it starts");
    assert_eq!(emulator.address().ip(), any);
    let url = emulator.base_url() + "/";
    let http = reqwest::Client::new();
    let get = |password: Option<&'static str>| {
        let request = http.get(&url);
        let request = if password.is_some() { request.basic_auth("", password) } else { request };
        async move { request.send().await.expect("a response").status().as_u16() }
    };
    assert_eq!((get(None).await, get(Some("wrong")).await, get(Some("mine")).await), (401, 401, 200));
}
