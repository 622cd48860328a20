//! Starting with a snapshot or a start-up file.

use std::path::PathBuf;

use authlete_emulator::{Clock, Config, Emulator};
use serde_json::{Value, json};

use crate::world::{World, content};

/// A file that is removed at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("authlete-emulator-{}-{name}", std::process::id())))
    }

    fn with(name: &str, text: &str) -> Self {
        let file = Self::new(name);
        std::fs::write(&file.0, text).expect("a file");
        file
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_snapshot_goes_on_where_it_was_saved() {
    let world = World::new(json!({"dynamicRegistrationSupported": true}), json!({})).await;
    let code = world.code("scope=openid+read").await;
    let spent = world.exchange(&code).await;
    let waiting = world.code("scope=read").await;
    let ticket = world.authorize("scope=read").await["ticket"].clone();
    let first = world.exchange(&world.code("scope=read").await).await;
    let keys = format!("/api/{}/service/jwks/get", world.service_id());
    let published = world.call("GET", &keys, None).await.1;
    world.advance(3_000);
    let file = Temporary::new("snapshot.json");
    world.emulator.save(&file.0).expect("it is saved");

    let emulator = Emulator::builder().snapshot(&file.0).start().await.expect("it starts");
    assert_eq!(emulator.organization_token(), world.emulator.organization_token());
    assert!(emulator.clock().now() >= world.emulator.clock().now() - std::time::Duration::from_secs(60));
    let mut later = World::of(emulator);
    later.service.clone_from(&world.service);
    later.client.clone_from(&world.client);
    assert_eq!(later.emulator.service_token(&world.service_id()), world.emulator.service_token(&world.service_id()));
    assert_eq!(later.call("GET", &keys, None).await.1, published);
    assert_eq!(later.introspect(&first["accessToken"]).await["action"], "OK");
    let refresh = first["refreshToken"].as_str().expect("a token");
    assert_eq!(later.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await["action"], "OK");
    let issued = later.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_eq!(issued["action"], "LOCATION", "{issued}");
    // The code had ten minutes, and the clock was moved on by fifty.
    assert_eq!(content(&later.exchange(&waiting).await)["error"], "invalid_grant");
    assert_eq!(content(&later.exchange(&code).await)["error"], "invalid_grant");
    assert_eq!(spent["action"], "OK");
}

#[tokio::test]
async fn an_organization_token_that_is_given_wins_over_the_snapshots() {
    let file = Temporary::new("token.json");
    World::plain().await.emulator.save(&file.0).expect("it is saved");
    let emulator = Emulator::builder().snapshot(&file.0).organization_token("mine").start().await.expect("it starts");
    assert_eq!(emulator.organization_token(), "mine");
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_used_says_why_and_no_secret() {
    let file = Temporary::new("broken.json");
    World::plain().await.emulator.save(&file.0).expect("it is saved");
    let whole = std::fs::read_to_string(&file.0).expect("a string");
    for (text, problem) in [
        ("secret".to_owned(), "it is no snapshot of an emulator (line 1, column 1)"),
        (whole.replacen("\"format\":3", "\"format\":99", 1), "it has the form 99"),
        (whole.replacen("\"services\":{", "\"services\":\"secret\",\"x\":{", 1), "its state is not whole"),
    ] {
        std::fs::write(&file.0, text).expect("a file");
        let error = Emulator::builder().snapshot(&file.0).start().await.expect_err("it does not start").to_string();
        assert!(error.contains(problem) && error.contains("broken.json") && !error.contains("secret"), "{error}");
    }
    let error = Emulator::builder().snapshot("/nowhere/at/all").start().await.expect_err("it does not start");
    assert!(error.to_string().starts_with("the snapshot /nowhere/at/all cannot be used: "), "{error}");
    let emulator = Emulator::start().await.expect("it starts");
    assert!(emulator.save("/nowhere/at/all").expect_err("no such folder").to_string().contains("/nowhere/at/all"));
}

fn config() -> Value {
    json!({
        "organizationToken": "org",
        "services": [{
            "serviceId": 1001,
            "accessToken": "service-token",
            "settings": {"issuer": "https://as.example.com", "supportedGrantTypes": ["CLIENT_CREDENTIALS"]},
            "clients": [{
                "clientId": 2001,
                "clientSecret": "client-secret",
                "settings": {"grantTypes": ["CLIENT_CREDENTIALS"]}
            }]
        }]
    })
}

#[tokio::test]
async fn a_start_up_file_fixes_ids_tokens_and_secrets() {
    let file = Temporary::with("config.json", &config().to_string());
    let config = Config::read(&file.0).expect("a file");
    let emulator = Emulator::builder().config(config).start().await.expect("it starts");
    assert_eq!(emulator.organization_token(), "org");
    assert_eq!(emulator.service_token("1001").as_deref(), Some("service-token"));
    let mut world = World::of(emulator);
    world.service = json!({"apiKey": 1001});
    world.client = json!({"clientId": 2001, "clientSecret": "client-secret"});
    assert_eq!(world.token("grant_type=client_credentials").await["action"], "OK");
    let (_, list) = world.call("GET", "/api/1001/client/get/list", None).await;
    assert_eq!(list["clients"][0]["clientId"], 2001);
}

#[tokio::test]
async fn a_start_up_files_keys_sign() {
    let mut config = config();
    // The key of RFC 7515, appendix A.3.1.
    config["services"][0]["jwks"] = json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "fixed", "alg": "ES256", "use": "sig",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
    }]});
    let config = Config::parse(&config.to_string()).expect("a config");
    let world = World::of(Emulator::builder().config(config).start().await.expect("it starts"));
    let (_, keys) = world.call("GET", "/api/1001/service/jwks/get", None).await;
    assert_eq!((&keys["keys"][0]["kid"], keys["keys"][0].get("d")), (&json!("fixed"), None));

    let mut world = world;
    world.service = json!({"apiKey": 1001});
    world.client = json!({"clientId": 2001, "clientSecret": "client-secret"});
    let token = world.token("grant_type=client_credentials").await["accessToken"].clone();
    let body = json!({
        "parameters": format!("token={}", token.as_str().expect("a token")),
        "httpAcceptHeader": "application/token-introspection+jwt",
        "rsUri": "https://rs.example.com",
    });
    let jwt = world.act("/auth/introspection/standard", body).await["responseContent"].clone();
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).expect("a key set");
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find("fixed").expect("the key")).expect("a key");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_audience(&["https://rs.example.com"]);
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Value>(jwt.as_str().expect("a JWT"), &key, &validation).expect("signed").claims;
    assert_eq!(claims["token_introspection"]["active"], true);
}

#[tokio::test]
async fn a_snapshot_and_a_start_up_file_together() {
    let first = Emulator::builder().config(Config::parse(&config().to_string()).expect("a config"));
    let first = World::of(first.start().await.expect("it starts"));
    let body = json!({"serviceName": "Renamed"});
    assert_eq!(first.call("POST", "/api/1001/service/update", Some(&body)).await.0, 200);
    let file = Temporary::new("both.json");
    first.emulator.save(&file.0).expect("it is saved");
    let mut config = config();
    let second = json!({"serviceId": 1002, "settings": {"serviceName": "Second"}});
    config["services"].as_array_mut().expect("a list").push(second);
    let config = Config::parse(&config.to_string()).expect("a config");
    let both = World::of(Emulator::builder().snapshot(&file.0).config(config).start().await.expect("it starts"));
    let (_, list) = both.call("GET", "/api/service/get/list", None).await;
    let names: Vec<&Value> =
        list["services"].as_array().expect("a list").iter().map(|one| &one["serviceName"]).collect();
    assert_eq!(names, [&json!("Renamed"), &json!("Second")]);
}

#[tokio::test]
async fn an_error_in_a_start_up_file_says_where_and_what_to_do() {
    for (text, at, problem) in [
        ("{\n  \"services\": [}", "line 2, column 16", "not JSON"),
        ("[]", "", "this has to be an object"),
        (r#"{"servcies": []}"#, "servcies", "those here are organizationToken, services"),
        (r#"{"services": [{"serviceId": "secret"}]}"#, "services[0].serviceId", "a whole number from 1"),
        (
            r#"{"services": [{"clients": [{}, {"clientSecret": 5}]}]}"#,
            "services[0].clients[1].clientSecret",
            "a string",
        ),
        (r#"{"services": [{"jwks": {"keys": [1]}}]}"#, "services[0].jwks", "a JWK set"),
    ] {
        let error = Config::parse(text).expect_err("it is wrong");
        assert_eq!(error.at(), at);
        assert!(error.to_string().contains(problem) && !error.to_string().contains("secret"), "{error}");
    }
    for (services, at, problem) in [
        (
            json!([{"settings": {"pkceRequired": 1}}]),
            "services[0].settings",
            "The member pkceRequired has to be true or false.",
        ),
        (
            json!([{"clients": [{"settings": {"clientType": "SECRET"}}]}]),
            "services[0].clients[0].settings",
            "clientType",
        ),
        (
            json!([{"clients": [{"clientId": 1}, {"clientId": 1}]}]),
            "services[0].clients[1].clientId",
            "another client of the service has this id",
        ),
        (json!([{"serviceId": 1}, {"serviceId": 1}]), "services[1].serviceId", "another service has this id"),
        (
            json!([{"accessToken": "a"}, {"accessToken": "a"}]),
            "services[1].accessToken",
            "another service, or the organization, has this token",
        ),
    ] {
        let file = Temporary::with("wrong.json", &json!({"services": services}).to_string());
        let config = Config::read(&file.0).expect("its form is right");
        let error = Emulator::builder().config(config).start().await.expect_err("it does not start");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(cause.contains("wrong.json: ") && cause.contains(at) && cause.contains(problem), "{cause}");
    }
    let missing = Config::read("/nowhere/at/all").expect_err("there is none").to_string();
    assert!(missing.starts_with("/nowhere/at/all: "), "{missing}");
}

#[tokio::test]
async fn a_clock_that_is_ahead_of_the_snapshot_stays() {
    let file = Temporary::new("clock.json");
    World::plain().await.emulator.save(&file.0).expect("it is saved");
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(1_000_000);
    let emulator = Emulator::builder().clock(Clock::fixed(ahead)).snapshot(&file.0).start().await.expect("it starts");
    assert_eq!(emulator.clock().now().duration_since(ahead).unwrap_or_default().as_secs(), 0);
}
