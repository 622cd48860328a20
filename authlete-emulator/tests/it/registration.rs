//! Dynamic client registration, and the discovery document.

use serde_json::{Value, json};

use crate::world::{World, assert_error, content};

async fn open() -> World {
    let service = json!({
        "dynamicRegistrationSupported": true,
        "registrationEndpoint": "https://as.example.com/register",
        "unauthorizedOnClientConfigSupported": true,
        "supportedCustomClientMetadata": ["color"],
        "dcrScopeUsedAsRequestable": true,
        "dcrDuplicateSoftwareIdBlocked": true,
    });
    World::new(service, json!({})).await
}

fn metadata() -> Value {
    json!({
        "client_name": "Shop",
        "client_name#ja": "店",
        "redirect_uris": ["https://shop.example.com/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
        "jwks": {"keys": []},
        "scope": "read unknown",
        "color": {"name": "red"},
        "never_heard_of": 1,
    })
}

async fn register(world: &World, metadata: &Value) -> Value {
    world.act("/client/registration", json!({"json": metadata.to_string()})).await
}

#[tokio::test]
async fn a_client_registers_reads_changes_and_deletes_itself() {
    let world = open().await;
    let answer = register(&world, &metadata()).await;
    assert_eq!(answer["action"], "CREATED", "{answer}");
    assert_eq!(answer["client"]["clientSource"], "DYNAMIC_REGISTRATION");
    assert_eq!(answer["client"]["tokenAuthMethod"], "CLIENT_SECRET_POST");
    let registered = content(&answer);
    let id = registered["client_id"].as_str().expect("an id").to_owned();
    assert_eq!(registered["registration_client_uri"], format!("https://as.example.com/register/{id}"));
    assert_eq!((&registered["client_name"], &registered["client_name#ja"]), (&json!("Shop"), &json!("店")));
    assert_eq!((&registered["response_types"], &registered["scope"]), (&json!(["code"]), &json!("read")));
    assert_eq!((&registered["jwks"], &registered["color"]), (&json!({"keys": []}), &json!({"name": "red"})));
    assert!(registered.get("never_heard_of").is_none());
    assert!(registered["client_secret"].is_string() && registered["client_secret_expires_at"] == 0);
    let parameters = format!(
        "grant_type=authorization_code&code=x&client_id={id}&client_secret={}",
        registered["client_secret"].as_str().expect("a secret")
    );
    assert_error(&world.act("/auth/token", json!({"parameters": parameters})).await, "BAD_REQUEST", "invalid_grant");

    let token = registered["registration_access_token"].clone();
    let got = world.act("/client/registration/get", json!({"clientId": id, "token": token})).await;
    assert_eq!((&got["action"], content(&got)), (&json!("OK"), registered.clone()));

    let mut changed = metadata();
    changed["client_id"] = json!(id);
    changed["client_name"] = json!("Store");
    changed.as_object_mut().expect("an object").remove("client_name#ja");
    let body = json!({"clientId": id, "token": token, "json": changed.to_string()});
    let updated = world.act("/client/registration/update", body).await;
    assert_eq!(updated["action"], "UPDATED", "{updated}");
    let updated = content(&updated);
    assert_eq!((&updated["client_name"], updated.get("client_name#ja")), (&json!("Store"), None));
    assert_eq!(updated["client_secret"], registered["client_secret"]);

    let body = json!({"clientId": id, "token": token});
    assert_eq!(world.act("/client/registration/delete", body.clone()).await["action"], "DELETED");
    assert_error(&world.act("/client/registration/get", body).await, "UNAUTHORIZED", "invalid_token");
}

#[tokio::test]
async fn metadata_that_cannot_be() {
    let world = open().await;
    for (more, error) in [
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["/relative"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://shop.example.com/#x"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://shop.example.com/", "JavaScript:alert(1)"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["data:text/html,x"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": "https://shop.example.com/"}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": "trust_me"}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata"),
        (json!({"grant_types": ["password"]}), "invalid_client_metadata"),
        (json!({"grant_types": ["refresh_token"], "response_types": ["code"]}), "invalid_client_metadata"),
        (json!({"response_types": ["code token"]}), "invalid_client_metadata"),
        (json!({"jwks_uri": "https://shop.example.com/jwks"}), "invalid_client_metadata"),
        (json!({"default_max_age": -1}), "invalid_client_metadata"),
    ] {
        let mut given = metadata();
        given.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_error(&register(&world, &given).await, "BAD_REQUEST", error);
    }
    let text = json!({"json": "not JSON"});
    assert_error(&world.act("/client/registration", text).await, "BAD_REQUEST", "invalid_client_metadata");
    assert_error(&world.act("/client/registration", json!({})).await, "INTERNAL_SERVER_ERROR", "server_error");
    let mut software = metadata();
    software["software_id"] = json!("one");
    assert_eq!(register(&world, &software).await["action"], "CREATED");
    assert_error(&register(&world, &software).await, "BAD_REQUEST", "invalid_client_metadata");
}

#[tokio::test]
async fn an_update_says_which_client_and_nothing_of_the_servers() {
    let world = open().await;
    let registered = content(&register(&world, &metadata()).await);
    let (id, token) = (&registered["client_id"], &registered["registration_access_token"]);
    for more in [
        json!({"client_id": "1"}),
        json!({"client_id": null}),
        json!({"client_secret": "other"}),
        json!({"registration_access_token": token}),
        json!({"client_id_issued_at": 0}),
    ] {
        let mut given = metadata();
        given["client_id"] = id.clone();
        given.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let body = json!({"clientId": id, "token": token, "json": given.to_string()});
        let answer = world.act("/client/registration/update", body).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_client_metadata");
    }
}

#[tokio::test]
async fn without_the_token_a_client_is_not_managed() {
    let world = open().await;
    let registered = content(&register(&world, &metadata()).await);
    for body in [
        json!({"clientId": registered["client_id"]}),
        json!({"clientId": registered["client_id"], "token": "wrong"}),
        json!({"clientId": world.client_id(), "token": registered["registration_access_token"]}),
        json!({"token": registered["registration_access_token"]}),
    ] {
        for operation in ["get", "update", "delete"] {
            let answer = world.act(&format!("/client/registration/{operation}"), body.clone()).await;
            assert_error(&answer, "UNAUTHORIZED", "invalid_token");
        }
    }
    let closed = World::plain().await;
    assert_error(&register(&closed, &metadata()).await, "BAD_REQUEST", "invalid_request");
    let older = World::new(json!({"dynamicRegistrationSupported": true}), json!({})).await;
    let body = json!({"clientId": "1", "token": "x"});
    assert_error(&older.act("/client/registration/get", body).await, "BAD_REQUEST", "invalid_token");
}

#[tokio::test]
async fn the_discovery_document_follows_the_settings() {
    let service = json!({
        "tokenEndpoint": "https://as.example.com/token",
        "supportedGrantTypes": ["AUTHORIZATION_CODE", "DEVICE_CODE"],
        "supportedResponseTypes": ["CODE", "CODE_ID_TOKEN"],
        "supportedDisplays": ["PAGE", "POPUP"],
        "mtlsEndpointAliases": [{"name": "token_endpoint", "uri": "https://mtls.example.com/token"}],
        "parRequired": true,
        "pkceS256Required": true,
    });
    let world = World::new(service, json!({})).await;
    let path = format!("/api/{}/service/configuration", world.service_id());
    let (status, document) = world.call("GET", &path, None).await;
    assert_eq!(status, 200);
    for (name, value) in [
        ("issuer", json!("https://as.example.com")),
        ("token_endpoint", json!("https://as.example.com/token")),
        ("grant_types_supported", json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"])),
        ("response_types_supported", json!(["code", "code id_token"])),
        ("display_values_supported", json!(["page", "popup"])),
        ("scopes_supported", json!(["openid", "read", "write"])),
        ("token_endpoint_auth_methods_supported", json!(["none", "client_secret_basic", "client_secret_post"])),
        ("mtls_endpoint_aliases", json!({"token_endpoint": "https://mtls.example.com/token"})),
        ("require_pushed_authorization_requests", json!(true)),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(true)),
        (
            "dpop_signing_alg_values_supported",
            json!(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "ES256K", "EdDSA"]),
        ),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    for absent in [
        "userinfo_endpoint",
        "grant_management_actions_supported",
        "acr_values_supported",
        "backchannel_authentication_request_signing_alg_values_supported",
    ] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    let token = world.emulator.organization_token();
    let text = |query: &str| world.request("GET", &format!("{path}{query}")).bearer_auth(token).send();
    let plain = text("").await.expect("a response").text().await.expect("a string");
    let pretty = text("?pretty=true").await.expect("a response").text().await.expect("a string");
    assert!(!plain.contains('\n') && pretty.contains("\n  \"issuer\""));
    assert_eq!(serde_json::from_str::<Value>(&pretty).expect("JSON"), document);
    assert_eq!(world.call("GET", &format!("{path}?patch=%5B%5D"), None).await, (200, document));
}
