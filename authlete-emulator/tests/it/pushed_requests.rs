//! Authorization requests that are pushed ahead of the browser (RFC 9126), and request objects (RFC 9101).

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::keys::{Key, unsigned};
use crate::world::{REDIRECT_URI, World, assert_error, content, parameter};

fn request(world: &World, more: &str) -> String {
    format!("response_type=code&client_id={}&redirect_uri={REDIRECT_URI}{more}", world.client_id())
}

async fn push(world: &World, more: &str) -> Value {
    let body = world.token_body(&request(world, more));
    world.act("/pushed_auth_req", body).await
}

async fn open(world: &World, more: &str) -> Value {
    let parameters = format!("client_id={}{more}", world.client_id());
    world.act("/auth/authorization", json!({"parameters": parameters})).await
}

fn uri(answer: &Value) -> &str {
    answer["requestUri"].as_str().unwrap_or_else(|| panic!("no URI in {answer}"))
}

#[tokio::test]
async fn a_pushed_request_is_good_once() {
    let world = World::new(json!({"parRequired": true, "pushedAuthReqDuration": 60}), json!({})).await;
    let pushed = push(&world, "&scope=read&state=s1").await;
    assert_eq!((&pushed["action"], &pushed["clientAuthMethod"]), (&json!("CREATED"), &json!("CLIENT_SECRET_BASIC")));
    assert_eq!(content(&pushed), json!({"request_uri": uri(&pushed), "expires_in": 60}));

    // What stands beside the URI does not count.
    let opened = open(&world, &format!("&request_uri={}&scope=write&state=s2", uri(&pushed))).await;
    assert_eq!((&opened["action"], &opened["scopes"][0]["name"]), (&json!("INTERACTION"), &json!("read")));
    let body = json!({"ticket": opened["ticket"], "subject": "john"});
    let answer = world.act("/auth/authorization/issue", body).await;
    assert_eq!(parameter(&answer, "state").as_deref(), Some("s1"));
    let code = parameter(&answer, "code").expect("a code");
    assert_eq!(world.exchange(&code).await["action"], "OK");

    let again = open(&world, &format!("&request_uri={}", uri(&pushed))).await;
    assert_error(&again, "BAD_REQUEST", "invalid_request_uri");
}

#[tokio::test]
async fn parameters_of_a_pushed_request_come_once() {
    let world = World::new(json!({}), json!({})).await;
    // The client's id too, which is known from elsewhere.
    for more in ["&scope=read&scope=write".to_owned(), format!("&client_id={}", world.client_id())] {
        assert_error(&push(&world, &more).await, "BAD_REQUEST", "invalid_request");
    }
}

#[tokio::test]
async fn a_pushed_request_ends_and_belongs_to_its_client() {
    let mut world = World::new(json!({"pushedAuthReqDuration": 60}), json!({})).await;
    let late = push(&world, "").await;
    world.advance(61);
    let answer = open(&world, &format!("&request_uri={}", uri(&late))).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request_uri");

    let pushed = push(&world, "").await;
    let owner = std::mem::take(&mut world.client);
    world.client = world.add_client(json!({})).await;
    let answer = open(&world, &format!("&request_uri={}", uri(&pushed))).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request_uri");
    world.client = owner;
    assert_eq!(open(&world, &format!("&request_uri={}", uri(&pushed))).await["action"], "INTERACTION");
}

#[tokio::test]
async fn a_push_is_checked_like_a_request_and_its_client_like_at_the_token_endpoint() {
    let world = World::plain().await;
    for (more, error) in [
        ("&response_mode=letter", "invalid_request"),
        ("&request_uri=urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("&scope=read&scope=write", "invalid_request"),
        ("&resource=relative", "invalid_target"),
    ] {
        assert_error(&push(&world, more).await, "BAD_REQUEST", error);
    }
    let evil = world.token_body(&request(&world, "").replace("client.example.org", "evil.example.org"));
    assert_error(&world.act("/pushed_auth_req", evil).await, "BAD_REQUEST", "invalid_request");
    let mut body = world.token_body(&request(&world, ""));
    body["clientSecret"] = json!("wrong");
    assert_error(&world.act("/pushed_auth_req", body).await, "UNAUTHORIZED", "invalid_client");
    assert_error(&world.act("/pushed_auth_req", json!({})).await, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn a_service_or_a_client_can_insist_on_it() {
    for (service, client) in [(json!({"parRequired": true}), json!({})), (json!({}), json!({"parRequired": true}))] {
        let world = World::new(service, client).await;
        let answer = world.authorize("").await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
    }
}

#[tokio::test]
async fn a_request_uri_of_the_clients_own() {
    let world = World::new(json!({}), json!({"requestUris": ["https://client.example.org/request"]})).await;
    let answer = open(&world, "&request_uri=https://evil.example.org/request").await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request_uri");
    // By default nothing is fetched from elsewhere.
    let answer = open(&world, "&request_uri=https://client.example.org/request").await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request_uri");
    assert!(answer["resultMessage"].as_str().expect("a message").contains("may fetch"), "{answer}");
}

fn claims(world: &World) -> Value {
    json!({
        "iss": world.client_id(),
        "aud": "https://as.example.com",
        "client_id": world.client_id(),
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "read",
        "state": "inside",
        "max_age": 60,
        "resource": ["https://rs.example.com/a", "https://rs.example.com/b"],
        "exp": world.now() + 60,
    })
}

#[tokio::test]
async fn what_a_request_object_says_counts_alone() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set(), "requestObjectRequired": true})).await;
    let object = key.sign(&claims(&world));
    let answer = open(&world, &format!("&request={object}&scope=write&prompt=none&nonce=outside")).await;
    assert_eq!((&answer["action"], &answer["maxAge"]), (&json!("INTERACTION"), &json!(60)), "{answer}");
    assert_eq!(answer["scopes"][0]["name"], "read");
    assert_eq!(answer["resources"], claims(&world)["resource"]);
    let payload = answer["requestObjectPayload"].as_str().expect("a string");
    assert_eq!(serde_json::from_str::<Value>(payload).expect("JSON"), claims(&world));

    let answer = world.authorize("").await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_request_object_can_be_pushed() {
    let key = Key::ec();
    let world = World::new(json!({"requestObjectRequired": true}), json!({"jwks": key.set()})).await;
    assert_error(&push(&world, "").await, "BAD_REQUEST", "invalid_request");
    let body = world.token_body(&format!("request={}", key.sign(&claims(&world))));
    let pushed = world.act("/pushed_auth_req", body).await;
    let answer = open(&world, &format!("&request_uri={}", uri(&pushed))).await;
    assert_eq!((&answer["action"], &answer["scopes"][0]["name"]), (&json!("INTERACTION"), &json!("read")));
    assert!(answer["requestObjectPayload"].is_string());
}

#[tokio::test]
async fn a_request_object_is_the_clients_own_for_this_server_and_current() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set(), "requestSignAlg": "ES256"})).await;
    let changed = |name: &str, value: Value| {
        let mut claims = claims(&world);
        claims[name] = value;
        key.sign(&claims)
    };
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    for object in [
        changed("client_id", json!("1")),
        changed("iss", json!("1")),
        changed("aud", json!("https://evil.example.com")),
        changed("exp", json!(world.now() - 60)),
        changed("nbf", json!(world.now() + 600)),
        changed("request_uri", json!("urn:a")),
        Key::ec().sign(&claims(&world)),
        Key::secret(Algorithm::HS256, secret).sign(&claims(&world)),
        unsigned(&claims(&world)),
        "nonsense".to_owned(),
    ] {
        let answer = open(&world, &format!("&request={object}")).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_request_object");
    }
}

#[tokio::test]
async fn the_older_rules_let_an_unsigned_object_stand_beside_parameters() {
    let world = World::new(json!({"traditionalRequestObjectProcessingApplied": true}), json!({})).await;
    let mut inside = claims(&world);
    inside.as_object_mut().expect("an object").remove("redirect_uri");
    let outside = format!("&redirect_uri={REDIRECT_URI}&response_type=code&scope=write&ui_locales=de");
    let answer = open(&world, &format!("&request={}{outside}", unsigned(&inside))).await;
    assert_eq!(answer["action"], "INTERACTION", "{answer}");
    assert_eq!((&answer["scopes"][0]["name"], &answer["uiLocales"]), (&json!("read"), &json!(["de"])));
}

#[tokio::test]
async fn the_text_of_a_ticket() {
    let world = World::plain().await;
    let parameters = request(&world, "");
    let body = json!({"parameters": parameters, "context": "first"});
    let ticket = world.act("/auth/authorization", body).await["ticket"].clone();
    let info = |ticket: Value| world.act("/auth/authorization/ticket/info", json!({"ticket": ticket}));
    let answer = info(ticket.clone()).await;
    assert_eq!((&answer["action"], &answer["info"]["context"]), (&json!("OK"), &json!("first")));
    for new in [json!("second"), json!({"context": "third"})] {
        let body = json!({"ticket": ticket, "info": new});
        let answer = world.act("/auth/authorization/ticket/update", body).await;
        assert_eq!(answer["action"], "OK");
        assert_eq!(info(ticket.clone()).await["info"], answer["info"]);
        assert_eq!(answer["info"]["context"], if new.is_string() { new } else { json!("third") });
    }
    assert_eq!(info(json!("unknown")).await["action"], "NOT_FOUND");
    assert_eq!(info(Value::Null).await["action"], "CALLER_ERROR");
    let body = json!({"ticket": ticket, "subject": "john"});
    assert_eq!(world.act("/auth/authorization/issue", body).await["action"], "LOCATION");
    assert_eq!(info(ticket).await["action"], "NOT_FOUND");
}
