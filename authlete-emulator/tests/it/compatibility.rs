//! What Authlete's own libraries and documents expect of the API beside its description.

use authlete_emulator::{Config, Emulator, Fault};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::keys::Key;
use crate::world::{World, assert_error, send};

#[tokio::test]
async fn a_client_has_the_defaults_of_the_specifications() {
    let world = World::plain().await;
    let path = format!("/api/{}/client/create", world.service_id());
    let (_, client) = world.call("POST", &path, Some(&json!({"clientName": "Plain"}))).await;
    let expected = json!({
        "idTokenSignAlg": "RS256", "subjectType": "PUBLIC", "tokenAuthMethod": "CLIENT_SECRET_BASIC",
        "grantTypes": ["AUTHORIZATION_CODE"], "responseTypes": ["CODE"], "applicationType": "WEB",
        "clientType": "CONFIDENTIAL", "defaultMaxAge": 0, "parRequired": false, "dynamicallyRegistered": false,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(client[name], *value, "{name}");
    }
}

#[tokio::test]
async fn an_id_token_is_signed_by_rs256_unless_the_client_says_otherwise() {
    let world = World::new(json!({}), json!({"idTokenSignAlg": null})).await;
    let token = world.exchange(&world.code("scope=openid").await).await;
    assert_eq!(world.verified(token["idToken"].as_str().expect("an ID token"), Algorithm::RS256).await["sub"], "john");
}

#[tokio::test]
async fn the_host_of_the_redirect_uris_is_the_sector() {
    let world = World::plain().await;
    let path = format!("/api/{}/client/create", world.service_id());
    for (members, expected) in [
        (json!({"redirectUris": ["https://a.example/1", "https://a.example/2"]}), json!("a.example")),
        (json!({"redirectUris": ["https://a.example/1", "https://b.example/2"]}), Value::Null),
        (json!({}), Value::Null),
        (
            json!({"redirectUris": ["https://a.example/1"], "sectorIdentifierUri": "https://s.example/uris"}),
            json!("s.example"),
        ),
    ] {
        let (_, client) = world.call("POST", &path, Some(&members)).await;
        assert_eq!(client["derivedSectorIdentifier"], expected, "{members}");
    }
}

/// A call that the description does not have, which `World::call` would not let pass.
async fn raw(world: &World, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = world.request(method, path).bearer_auth(world.emulator.organization_token());
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("a response");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let world = World::plain().await;
    let path = format!("/api/{}/service/get", world.service_id());
    let plain = world.call("GET", &path, None).await;
    assert_eq!((plain.0, &plain), (200, &raw(&world, "GET", &format!("{path}/"), None).await));
    assert_eq!(raw(&world, "GET", &format!("{path}//"), None).await.0, 404);
}

#[tokio::test]
async fn methods_of_authletes_libraries_are_served() {
    let world = World::plain().await;
    let (id, client) = (world.service_id(), world.client_id());
    let configuration = format!("/api/{id}/service/configuration");
    let (_, by_get) = world.call("GET", &configuration, None).await;
    assert_eq!(raw(&world, "POST", &configuration, Some(&json!({}))).await, (200, by_get));
    let body = json!({"subject": "john"});
    let path = format!("/api/{id}/client/granted_scopes/delete/{client}");
    assert!((200..300).contains(&raw(&world, "POST", &path, Some(&body)).await.0));
    // Nothing else is let in by that.
    assert_eq!(raw(&world, "POST", &format!("/api/{id}/service/get"), Some(&json!({}))).await.0, 405);
}

#[tokio::test]
async fn what_is_called_without_being_described_is_not_implemented_by_name() {
    let world = World::plain().await;
    for (path, name) in [
        ("attestation/challenge", "attestation_challenge"),
        ("backchannel/logout/token", "backchannel_logout_token"),
        ("vci/nonce", "vci_nonce"),
    ] {
        let (status, body) = world
            .call("POST", &format!("/api/{}/{path}", world.service_id()), Some(&json!({"clientIdentifier": "1"})))
            .await;
        let message = body["resultMessage"].as_str().unwrap_or_default();
        assert!(status != 404 && (status != 501 || message.contains(name)), "{path}: {status} {message}");
    }
}

#[tokio::test]
async fn properties_of_a_token_request_are_a_list() {
    let world = World::plain().await;
    let mut body = world.token_body("grant_type=client_credentials");
    body["properties"] = json!([{"key": "a", "value": "b"}]);
    assert_eq!(world.act("/auth/token", body.clone()).await["properties"], json!([{"key": "a", "value": "b"}]));
    for wrong in [json!("[{\"key\":\"a\",\"value\":\"b\"}]"), json!({"key": "a"}), json!([1]), json!([{"value": "b"}])]
    {
        body["properties"] = wrong.clone();
        let path = format!("/api/{}/auth/token", world.service_id());
        assert_eq!(world.call("POST", &path, Some(&body)).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_the_description_says_to_be_null_is() {
    let scopes = json!([{"name": "openid", "description": "You"}, {"name": "email", "description": "Your address"}]);
    let grants = json!(["DEVICE_CODE"]);
    let service = json!({"supportedScopes": scopes, "supportedGrantTypes": grants, "deviceVerificationUri": "https://as.example.com/device"});
    let world = World::new(service, json!({"grantTypes": grants})).await;
    for (scope, claims) in [("openid+email", json!(["email", "email_verified"])), ("email", Value::Null)] {
        let request = world.act("/device/authorization", world.token_body(&format!("scope={scope}"))).await;
        let page = world.act("/device/verification", json!({"userCode": request["userCode"]})).await;
        assert_eq!(page["claimNames"], claims, "{page}");
        assert_eq!(page["scopes"][0].get("description"), None, "{page}");
    }
    let path = format!("/api/{}/client/extension/requestable_scopes/get/{}", world.service_id(), world.client_id());
    assert_eq!(world.call("GET", &path, None).await.1["requestableScopes"], Value::Null);
}

#[tokio::test]
async fn a_call_by_head_does_nothing() {
    let world = World::plain().await;
    let path = format!("/api/{}/client/secret/refresh/{}", world.service_id(), world.client_id());
    let head = world.request("HEAD", &path).bearer_auth(world.emulator.organization_token());
    assert_eq!(head.send().await.expect("a response").status(), 405);
    let path = format!("/api/{}/client/get/{}", world.service_id(), world.client_id());
    assert_eq!(world.call("GET", &path, None).await.1["clientSecret"], world.client["clientSecret"]);
}

#[tokio::test]
async fn operations_have_two_names_and_no_third() {
    let world = World::plain().await;
    world.act("/auth/introspection", json!({"token": "x"})).await;
    for name in ["auth_introspection_api", "auth_introspection"] {
        let calls = world.emulator.calls_of(name).expect("there is such an operation");
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(
            (calls[0].operation_id(), calls[0].operation_name()),
            (Some("auth_introspection_api"), Some("auth_introspection"))
        );
        world.emulator.inject(Fault::status(503).on(name)).expect("there is such an operation");
        let path = format!("/api/{}/auth/introspection", world.service_id());
        assert_eq!(raw(&world, "POST", &path, Some(&json!({"token": "x"}))).await.0, 503);
        world.emulator.clear_calls();
        world.act("/auth/introspection", json!({"token": "x"})).await;
    }
    for wrong in ["introspect", "AUTH_TOKEN", "", "auth_introspection "] {
        let message = world.emulator.calls_of(wrong).expect_err("there is no such operation").to_string();
        assert!(message.starts_with(&format!("there is no operation {wrong}")), "{message}");
        assert!(world.emulator.inject(Fault::status(503).on(wrong)).is_err(), "{wrong}");
    }
    let message = world.emulator.calls_of("introspection").expect_err("there is no such operation").to_string();
    assert!(message.contains("did you mean auth_introspection?"), "{message}");
}

#[tokio::test]
async fn a_setting_that_is_misspelt_in_a_start_up_file_is_an_error() {
    for (file, place) in [
        (json!({"services": [{"settings": {"isuer": "x"}}]}), "services[0].settings.isuer"),
        (
            json!({"services": [{"settings": {"supportedScopes": [{"name": "a", "defaultEntri": true}]}}]}),
            "services[0].settings.supportedScopes[0].defaultEntri",
        ),
        (
            json!({"services": [{"clients": [{"settings": {"redirectUri": []}}]}]}),
            "services[0].clients[0].settings.redirectUri",
        ),
    ] {
        let config = Config::parse(&file.to_string()).expect("the members of the file itself are known");
        let error = Emulator::builder().config(config).start().await.expect_err("it does not start");
        let source = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(source.starts_with(place), "{source}");
    }
}

#[tokio::test]
async fn a_parameter_in_a_request_object_is_a_string() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set(), "requestSignAlg": "ES256"})).await;
    let base = json!({
        "iss": world.client_id(), "aud": "https://as.example.com", "response_type": "code",
        "redirect_uri": crate::world::REDIRECT_URI, "client_id": world.client_id(),
    });
    for (name, value, good) in [
        ("scope", json!("read"), true),
        ("scope", json!(["read"]), false),
        ("state", json!({"a": 1}), false),
        ("ui_locales", json!(["de"]), false),
        ("resource", json!(["https://rs.example.com"]), true),
        ("resource", json!([["https://rs.example.com"]]), false),
    ] {
        let mut object = base.clone();
        object[name] = value.clone();
        let body = json!({"parameters": format!("client_id={}&request={}", world.client_id(), key.sign(&object))});
        let response = world.act("/auth/authorization", body).await;
        if good {
            assert_eq!(response["action"], "INTERACTION", "{name}={value}: {response}");
        } else {
            assert_error(&response, "BAD_REQUEST", "invalid_request_object");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_snapshot_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let path = std::env::temp_dir().join(format!("authlete-emulator-mode-{}.json", std::process::id()));
    let world = World::plain().await;
    for _ in 0..2 {
        world.emulator.save(&path).expect("it is saved");
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Whoever opened it up finds it closed again after the next.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("another mode");
    }
    std::fs::remove_file(&path).expect("the file");
}

#[tokio::test]
async fn aliases_and_tokens_are_looked_up_and_forgotten() {
    let world = World::new(json!({"clientIdAliasEnabled": true}), json!({})).await;
    let id = world.service_id();
    let create = format!("/api/{id}/client/create");
    let members = |alias: &str| json!({"clientIdAlias": alias, "clientIdAliasEnabled": true});
    let (_, client) = world.call("POST", &create, Some(&members("first"))).await;
    let get = |alias: &str| format!("/api/{id}/client/get/{alias}");
    assert_eq!(world.call("GET", &get("first"), None).await.1["clientId"], client["clientId"]);
    assert_eq!(world.call("POST", &create, Some(&members("first"))).await.0, 400);
    let update = format!("/api/{id}/client/update/{}", client["clientId"]);
    assert_eq!(world.call("POST", &update, Some(&members("second"))).await.0, 200);
    assert_eq!(world.call("GET", &get("first"), None).await.0, 404);
    assert_eq!(world.call("GET", &get("second"), None).await.1["clientId"], client["clientId"]);
    assert_eq!(world.call("POST", &create, Some(&members("first"))).await.0, 201);
    world.call("DELETE", &format!("/api/{id}/client/delete/second"), None).await;
    assert_eq!(world.call("GET", &get("second"), None).await.0, 404);

    let other = world.add_service(json!({})).await["apiKey"].clone();
    let token = world.emulator.service_token(&other.to_string()).expect("a token");
    let own = format!("/api/{other}/service/get");
    assert_eq!(send(world.request("GET", &own).bearer_auth(&token)).await.0, 200);
    world.call("DELETE", &format!("/api/{other}/service/delete"), None).await;
    assert_eq!(send(world.request("GET", &own).bearer_auth(&token)).await.0, 401);
}
