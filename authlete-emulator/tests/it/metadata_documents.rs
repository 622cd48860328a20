//! Clients that are identified by the URL of a document with their metadata.

use serde_json::{Value, json};

use crate::documents::Documents;
use crate::keys::{Key, claims};
use crate::world::{World, assert_error};

const CALLBACK: &str = "http://127.0.0.1:4000/callback";
const VERIFIER: &str = crate::world::VERIFIER;

/// A service that knows its clients by documents, which may be on this machine.
async fn world(service: Value) -> World {
    let mut settings = json!({
        "clientIdMetadataDocumentSupported": true,
        "cimdHttpPermitted": true,
        "loopbackRedirectionUriVariable": true,
        "supportedGrantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS", "DEVICE_CODE", "CIBA"],
        "supportedTokenAuthMethods": ["NONE", "PRIVATE_KEY_JWT", "CLIENT_SECRET_BASIC"],
        "supportedBackchannelTokenDeliveryModes": ["POLL"],
        "deviceVerificationUri": "https://as.example.com/device",
        "tokenEndpoint": "https://as.example.com/token",
    });
    settings.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
    World::standing(settings, json!({})).await
}

fn document(url: &str) -> Value {
    json!({
        "client_id": url,
        "client_name": "Agent",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    })
}

fn publish(documents: &Documents, path: &str, change: impl FnOnce(&mut Value)) -> String {
    let url = documents.url(path);
    let mut document = document(&url);
    change(&mut document);
    documents.publish(path, "application/json", document.to_string())
}

fn request(url: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", url),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", crate::world::CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish()
}

async fn open(world: &World, url: &str) -> Value {
    world.act("/auth/authorization", json!({"parameters": request(url)})).await
}

#[tokio::test]
async fn a_flow_of_a_client_that_nobody_has_registered() {
    let (world, documents) = (world(json!({})).await, Documents::start().await);
    let url = publish(&documents, "/client.json", |_| {});
    let opened = open(&world, &url).await;
    assert_eq!((&opened["action"], &opened["metadataDocumentUsed"]), (&json!("INTERACTION"), &json!(true)), "{opened}");
    let client = &opened["client"];
    assert_eq!((&client["clientName"], &client["metadataDocumentLocation"]), (&json!("Agent"), &json!(url)));
    assert_eq!((&client["clientSource"], &client["clientType"]), (&json!("METADATA_DOCUMENT"), &json!("PUBLIC")));
    assert_eq!(client["metadataDocumentExpiresAt"].as_u64().map(|end| end / 1000), Some(world.now() + 60));
    assert!(client["clientId"].is_u64());

    let issued = world.act("/auth/authorization/issue", json!({"ticket": opened["ticket"], "subject": "john"})).await;
    let code = issued["authorizationCode"].as_str().expect("a code");
    // The exchange never fetches, so a document that has gone does no harm to what is under way.
    documents.publish("/client.json", "application/json", "gone");
    world.advance(61);
    let parameters = format!(
        "grant_type=authorization_code&client_id={url}&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}"
    );
    let token = world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_eq!((&token["action"], &token["metadataDocumentUsed"]), (&json!("OK"), &json!(true)), "{token}");
    assert_eq!(token["metadataDocumentLocation"], json!(url));
    let id_token = claims(token["idToken"].as_str().expect("an ID token"));
    assert_eq!(id_token["aud"], json!([url]), "the client knows itself by its URL");
    let introspected = world.introspect(&token["accessToken"]).await;
    assert_eq!(
        (&introspected["metadataDocumentUsed"], &introspected["metadataDocumentLocation"]),
        (&json!(true), &json!(url))
    );
    let standard = json!({"parameters": format!("token={}", token["accessToken"].as_str().expect("a token"))});
    let standard = world.act("/auth/introspection/standard", standard).await;
    assert_eq!(crate::world::content(&standard)["client_id"], json!(url));
    let refresh = format!(
        "grant_type=refresh_token&client_id={url}&refresh_token={}",
        token["refreshToken"].as_str().expect("a refresh token")
    );
    assert_eq!(world.act("/auth/token", json!({"parameters": refresh})).await["action"], "OK");
    assert_eq!(documents.count("/client.json"), 1);
    // A new flow needs the document again.
    assert_error(&open(&world, &url).await, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn a_document_is_fetched_again_when_it_has_ended() {
    let (world, documents) = (world(json!({})).await, Documents::start().await);
    let url = publish(&documents, "/client.json", |_| {});
    let first = open(&world, &url).await;
    publish(&documents, "/client.json", |document| document["client_name"] = json!("Renamed"));
    let kept = open(&world, &url).await;
    assert_eq!(kept["client"]["clientName"], "Agent");
    world.advance(61);
    let renewed = open(&world, &url).await;
    assert_eq!(renewed["client"]["clientName"], "Renamed");
    assert_eq!(renewed["client"]["clientId"], first["client"]["clientId"]);
    assert!(
        renewed["client"]["metadataDocumentUpdatedAt"].as_u64() > first["client"]["metadataDocumentUpdatedAt"].as_u64()
    );
    assert_eq!(documents.count("/client.json"), 2);
}

#[tokio::test]
async fn a_document_may_have_to_be_fetched_each_time() {
    for by_call in [false, true] {
        let world = world(json!({"cimdAlwaysRetrieved": !by_call})).await;
        let documents = Documents::start().await;
        let url = publish(&documents, "/client.json", |_| {});
        for _ in 0..2 {
            let body = json!({"parameters": request(&url), "cimdOptions": {"alwaysRetrieved": by_call}});
            assert_eq!(world.act("/auth/authorization", body).await["action"], "INTERACTION");
        }
        assert_eq!(documents.count("/client.json"), 2);
    }
}

#[tokio::test]
async fn what_the_call_permits_counts() {
    let world = world(json!({"cimdHttpPermitted": false})).await;
    let documents = Documents::start().await;
    let url = publish(&documents, "/client.json?v=1", |_| {});
    let with = async |options: Value| {
        let body = json!({"parameters": request(&url), "cimdOptions": options});
        world.act("/auth/authorization", body).await
    };
    for options in [json!({}), json!({"httpPermitted": true}), json!({"queryPermitted": true})] {
        assert_error(&with(options).await, "BAD_REQUEST", "invalid_request");
    }
    assert_eq!(documents.count("/client.json?v=1"), 0);
    assert_eq!(with(json!({"httpPermitted": true, "queryPermitted": true})).await["action"], "INTERACTION");
}

#[tokio::test]
async fn documents_that_are_refused() {
    let (world, documents) = (world(json!({})).await, Documents::start().await);
    let refused = async |url: &str, why: &str| {
        let answer = open(&world, url).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_request");
        let message = answer["resultMessage"].as_str().expect("a message");
        assert!(message.contains(why), "{message}");
    };
    type Change = fn(&mut Value);
    let changes: [(&str, Change, &str); 9] = [
        ("/other", |document| document["client_id"] = json!("https://client.example/"), "client_id is not its URL"),
        ("/none", |document| document["client_id"] = Value::Null, "client_id is not its URL"),
        ("/secret", |document| document["client_secret"] = json!("x"), "client_secret"),
        ("/expires", |document| document["client_secret_expires_at"] = json!(0), "client_secret_expires_at"),
        ("/basic", |document| document["token_endpoint_auth_method"] = json!("client_secret_basic"), "secret"),
        ("/jwt", |document| document["token_endpoint_auth_method"] = json!("client_secret_jwt"), "secret"),
        ("/grant", |document| document["grant_types"] = json!(["password"]), "grant_types"),
        ("/uris", |document| document["redirect_uris"] = json!([]), "redirect_uris"),
        ("/script", |document| document["redirect_uris"] = json!(["javascript:alert(1)"]), "redirect_uris"),
    ];
    for (path, change, why) in changes {
        refused(&publish(&documents, path, change), why).await;
    }
    let text = documents.publish("/text", "text/plain", document(&documents.url("/text")).to_string());
    refused(&text, "media type").await;
    let large = publish(&documents, "/large", |document| document["x"] = json!("x".repeat(6000)));
    refused(&large, "too large").await;
    let list = documents.publish("/list", "application/json", "[]");
    refused(&list, "JSON object").await;
    refused(&documents.url("/absent"), "404").await;
    refused("http://192.0.2.1/client.json", "may fetch").await;
    refused("https://client.example/client.json", "may fetch").await;
    refused(&format!("{}/a/../b", documents.url("")), "dots").await;
    // Nothing is kept of what was refused.
    publish(&documents, "/absent", |_| {});
    assert_eq!(open(&world, &documents.url("/absent")).await["action"], "INTERACTION");
}

#[tokio::test]
async fn a_redirect_uri_has_to_be_in_the_document() {
    let (world, documents) = (world(json!({})).await, Documents::start().await);
    let url = publish(&documents, "/client.json", |_| {});
    let other = request(&url).replace("callback", "elsewhere");
    let answer = world.act("/auth/authorization", json!({"parameters": other})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request");
    let port = request(&url).replace("%3A4000%2F", "%3A4001%2F");
    assert_eq!(world.act("/auth/authorization", json!({"parameters": port})).await["action"], "INTERACTION");
}

#[tokio::test]
async fn a_service_that_does_not_support_it_knows_no_such_client() {
    let world = world(json!({"clientIdMetadataDocumentSupported": false})).await;
    let documents = Documents::start().await;
    let url = publish(&documents, "/client.json", |_| {});
    assert_error(&open(&world, &url).await, "BAD_REQUEST", "invalid_request");
    assert_eq!(documents.count("/client.json"), 0);
    let path = format!("/api/{}/service/configuration", world.service_id());
    assert_eq!(world.call("GET", &path, None).await.1["client_id_metadata_document_supported"], false);
}

#[tokio::test]
async fn an_allowlist() {
    let documents = Documents::start().await;
    let (good, bad) =
        (publish(&documents, "/good/client.json", |_| {}), publish(&documents, "/bad/client.json", |_| {}));
    let world = world(json!({"cimdAllowlistEnabled": true, "cimdAllowlist": [documents.url("/good")]})).await;
    assert_eq!(open(&world, &good).await["action"], "INTERACTION");
    assert_error(&open(&world, &bad).await, "BAD_REQUEST", "invalid_request");
    assert_eq!(documents.count("/bad/client.json"), 0);
}

#[tokio::test]
async fn a_metadata_policy() {
    let policy = json!({
        "grant_types": {"subset_of": ["authorization_code", "refresh_token"]},
        "client_name": {"essential": true},
        "contacts": {"default": ["ops@example.com"]},
    });
    let world = world(json!({"cimdMetadataPolicyEnabled": true, "cimdMetadataPolicy": policy.to_string()})).await;
    let documents = Documents::start().await;
    let trimmed = publish(&documents, "/trimmed", |document| {
        document["grant_types"] = json!(["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]);
    });
    let opened = open(&world, &trimmed).await;
    assert_eq!(opened["action"], "INTERACTION", "{opened}");
    let path = format!("/api/{}/client/get/{}", world.service_id(), opened["client"]["clientId"]);
    let (_, client) = world.call("GET", &path, None).await;
    assert_eq!(
        (&client["grantTypes"], &client["contacts"]),
        (&json!(["AUTHORIZATION_CODE"]), &json!(["ops@example.com"]))
    );
    let nameless = publish(&documents, "/nameless", |document| document["client_name"] = Value::Null);
    assert_error(&open(&world, &nameless).await, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn a_client_with_a_key() {
    let (world, documents, key) = (world(json!({})).await, Documents::start().await, Key::ec());
    let keys = documents.publish("/jwks.json", "application/json", key.set());
    let url = publish(&documents, "/client.json", |document| {
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["jwks_uri"] = json!(keys);
        document["grant_types"] = json!(["client_credentials"]);
        document["response_types"] = json!([]);
    });
    let authenticate = async |key: &Key, id: &str| {
        let assertion = key.sign(&json!({
            "iss": url, "sub": url, "aud": "https://as.example.com/token", "jti": id, "exp": world.now() + 60,
        }));
        let parameters = format!(
            "grant_type=client_credentials&client_assertion={assertion}\
             &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        world.act("/auth/token", json!({"parameters": parameters})).await
    };
    let token = authenticate(&key, "1").await;
    assert_eq!((&token["action"], &token["metadataDocumentLocation"]), (&json!("OK"), &json!(url)), "{token}");
    assert_error(&authenticate(&Key::ec(), "2").await, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn flows_that_start_elsewhere() {
    let (world, documents, key) = (world(json!({})).await, Documents::start().await, Key::ec());
    let device = publish(&documents, "/device.json", |document| {
        document["grant_types"] = json!(["urn:ietf:params:oauth:grant-type:device_code"]);
        document["response_types"] = json!([]);
    });
    let answer =
        world.act("/device/authorization", json!({"parameters": format!("client_id={device}&scope=openid")})).await;
    assert_eq!((&answer["action"], &answer["metadataDocumentUsed"]), (&json!("OK"), &json!(true)), "{answer}");
    let verified = world.act("/device/verification", json!({"userCode": answer["userCode"]})).await;
    assert_eq!(verified["metadataDocumentLocation"], json!(device));

    let pushed = publish(&documents, "/pushed.json", |_| {});
    let answer = world.act("/pushed_auth_req", json!({"parameters": request(&pushed)})).await;
    assert_eq!(answer["action"], "CREATED", "{answer}");
    let uri = answer["requestUri"].as_str().expect("a URI");
    world.advance(61);
    let opened = json!({"parameters": format!("client_id={pushed}&request_uri={uri}")});
    assert_eq!(world.act("/auth/authorization", opened).await["action"], "INTERACTION");
    assert_eq!(documents.count("/pushed.json"), 1, "the flow had started");

    let backchannel = publish(&documents, "/backchannel.json", |document| {
        document["grant_types"] = json!(["urn:openid:params:grant-type:ciba"]);
        document["response_types"] = json!([]);
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["backchannel_token_delivery_mode"] = json!("poll");
        document["jwks"] = serde_json::from_str(&key.set()).expect("JSON");
    });
    let assertion = key.sign(&json!({
        "iss": backchannel, "sub": backchannel, "aud": "https://as.example.com", "jti": "1", "exp": world.now() + 60,
    }));
    let parameters = format!(
        "scope=openid&login_hint=john&client_assertion={assertion}\
         &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let answer = world.act("/backchannel/authentication", json!({"parameters": parameters})).await;
    assert_eq!(answer["action"], "USER_IDENTIFICATION", "{answer}");
    assert_eq!(answer["metadataDocumentLocation"], json!(backchannel));
}

#[tokio::test]
async fn where_a_client_comes_from_is_the_servers_to_say() {
    let (world, documents) = (world(json!({})).await, Documents::start().await);
    let url = publish(&documents, "/client.json", |_| {});
    let id = open(&world, &url).await["client"]["clientId"].clone();
    let path = format!("/api/{}/client/update/{id}", world.service_id());
    let changed = json!({"clientName": "Changed", "clientType": "PUBLIC", "redirectUris": [CALLBACK], "metadataDocumentLocation": "https://other.example/", "clientSource": "STATIC_REGISTRATION"});
    let (status, client) = world.call("POST", &path, Some(&changed)).await;
    assert_eq!((status, &client["metadataDocumentLocation"]), (200, &json!(url)), "{client}");
    assert_eq!((&client["clientSource"], &client["clientName"]), (&json!("METADATA_DOCUMENT"), &json!("Changed")));
    let snapshot = std::env::temp_dir().join(format!("authlete-emulator-cimd-{}.json", std::process::id()));
    world.emulator.save(&snapshot).expect("a snapshot");
    let again = authlete_emulator::Emulator::builder().snapshot(&snapshot).start().await.expect("it starts");
    std::fs::remove_file(&snapshot).expect("the snapshot is removed");
    let mut world_again = World::of(again);
    world_again.service = world.service.clone();
    let opened = open(&world_again, &url).await;
    assert_eq!((&opened["client"]["clientId"], &opened["action"]), (&id, &json!("INTERACTION")));
    assert_eq!(documents.count("/client.json"), 1);
}

#[tokio::test]
async fn every_request_that_starts_a_flow_takes_the_options() {
    for (path, parameters) in [
        ("/auth/token", "grant_type=client_credentials"),
        ("/device/authorization", "scope=openid"),
        ("/backchannel/authentication", "scope=openid&login_hint=john"),
    ] {
        let world = world(json!({})).await;
        let documents = Documents::start().await;
        let url = publish(&documents, "/client.json", |_| {});
        let id: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
        for _ in 0..2 {
            let parameters = format!("{parameters}&client_id={id}");
            world.act(path, json!({"parameters": parameters, "cimdOptions": {"alwaysRetrieved": true}})).await;
        }
        assert_eq!(documents.count("/client.json"), 2, "{path}");
    }
}
