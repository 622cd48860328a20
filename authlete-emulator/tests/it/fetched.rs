//! What a client publishes at a URL: its keys and its request objects.

use serde_json::{Value, json};

use crate::documents::Documents;
use crate::jose;
use crate::keys::Key;
use crate::world::{REDIRECT_URI, World, assert_error};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ISSUER: &str = "https://as.example.com";

async fn world(client: Value) -> World {
    let service = json!({
        "supportedTokenAuthMethods": ["PRIVATE_KEY_JWT", "CLIENT_SECRET_BASIC"],
        "supportedGrantTypes": ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE"],
    });
    World::new(service, client).await
}

async fn authenticate(world: &World, key: &Key, id: &str) -> Value {
    let client = world.client_id();
    let claims = json!({"iss": client, "sub": client, "aud": ISSUER, "jti": id, "exp": world.now() + 60});
    let parameters = format!(
        "grant_type=client_credentials&client_assertion={}&client_assertion_type={ASSERTION}",
        key.sign(&claims)
    );
    world.act("/auth/token", json!({"parameters": parameters})).await
}

#[tokio::test]
async fn the_keys_at_the_jwks_uri_are_the_clients() {
    let (key, documents) = (Key::ec(), Documents::start().await);
    let uri = documents.publish("/jwks", "application/jwk-set+json", key.set());
    let world = world(json!({"tokenAuthMethod": "PRIVATE_KEY_JWT", "jwksUri": uri})).await;
    assert_eq!(authenticate(&world, &key, "1").await["action"], "OK");
    assert_eq!(authenticate(&world, &key, "2").await["action"], "OK");
    assert_eq!(documents.count("/jwks"), 1, "the set is fresh for a minute");

    let next = Key::ec();
    documents.publish("/jwks", "application/jwk-set+json", next.set());
    assert_error(&authenticate(&world, &next, "3").await, "INVALID_CLIENT", "invalid_client");
    world.advance(61);
    assert_eq!(authenticate(&world, &next, "4").await["action"], "OK");
    assert_error(&authenticate(&world, &key, "5").await, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn an_assertion_is_not_used_up_by_a_set_that_is_not_there() {
    let (key, documents) = (Key::ec(), Documents::start().await);
    let world = world(json!({"tokenAuthMethod": "PRIVATE_KEY_JWT", "jwksUri": documents.url("/jwks")})).await;
    let answer = authenticate(&world, &key, "1").await;
    assert_error(&answer, "INVALID_CLIENT", "invalid_client");
    assert!(answer["resultMessage"].as_str().expect("a message").contains("404"), "{answer}");
    documents.publish("/jwks", "application/json", key.set());
    assert_eq!(authenticate(&world, &key, "1").await["action"], "OK");
}

#[tokio::test]
async fn keys_of_other_machines_are_not_fetched_by_default() {
    let world =
        world(json!({"tokenAuthMethod": "PRIVATE_KEY_JWT", "jwksUri": "https://client.example.org/jwks"})).await;
    let answer = authenticate(&world, &Key::ec(), "1").await;
    assert_error(&answer, "INVALID_CLIENT", "invalid_client");
    assert!(answer["resultMessage"].as_str().expect("a message").contains("may fetch"), "{answer}");
}

#[tokio::test]
async fn a_set_that_nobody_needs_is_not_fetched() {
    let documents = Documents::start().await;
    let uri = documents.publish("/jwks", "application/json", Key::ec().set());
    let world = world(json!({"tokenAuthMethod": "CLIENT_SECRET_BASIC", "jwksUri": uri})).await;
    assert_eq!(world.token("grant_type=client_credentials").await["action"], "OK");
    assert_eq!(documents.count("/jwks"), 0);
}

fn object(world: &World) -> Value {
    json!({
        "iss": world.client_id(), "aud": ISSUER, "client_id": world.client_id(), "response_type": "code",
        "redirect_uri": REDIRECT_URI, "scope": "read", "state": "inside",
    })
}

async fn open(world: &World, uri: &str) -> Value {
    let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
    let parameters = format!("client_id={}&request_uri={uri}", world.client_id());
    world.act("/auth/authorization", json!({"parameters": parameters})).await
}

#[tokio::test]
async fn a_request_object_by_reference() {
    let (key, documents) = (Key::ec(), Documents::start().await);
    let registered = documents.url("/object");
    let world = world(json!({"jwks": key.set(), "requestUris": [registered]})).await;
    assert_error(&open(&world, &registered).await, "BAD_REQUEST", "invalid_request_uri");
    assert_error(&open(&world, &documents.url("/other")).await, "BAD_REQUEST", "invalid_request_uri");
    assert_eq!(documents.count("/other"), 0, "what is not registered is not fetched");

    let jwt = key.sign(&object(&world));
    documents.publish("/object", "application/oauth-authz-req+jwt", jwt.clone());
    let answer = open(&world, &registered).await;
    assert_eq!((&answer["action"], &answer["scopes"][0]["name"]), (&json!("INTERACTION"), &json!("read")), "{answer}");

    let hash = jose::sha256(&jwt);
    assert_eq!(open(&world, &format!("{registered}#{hash}")).await["action"], "INTERACTION");
    assert_error(&open(&world, &format!("{registered}#other")).await, "BAD_REQUEST", "invalid_request_uri");

    documents.publish("/object", "application/oauth-authz-req+jwt", Key::ec().sign(&object(&world)));
    world.advance(61);
    assert_error(&open(&world, &registered).await, "BAD_REQUEST", "invalid_request_object");
}

#[tokio::test]
async fn keys_and_object_are_both_fetched() {
    let (key, documents) = (Key::ec(), Documents::start().await);
    let keys = documents.publish("/jwks", "application/json", key.set());
    let uri = documents.url("/object");
    let world = world(json!({"jwksUri": keys, "requestUris": [uri]})).await;
    documents.publish("/object", "application/jwt", key.sign(&object(&world)));
    assert_eq!(open(&world, &uri).await["action"], "INTERACTION");
    assert_eq!((documents.count("/jwks"), documents.count("/object")), (1, 1));
}

#[tokio::test]
async fn a_sector_has_to_know_its_redirect_uris() {
    let documents = Documents::start().await;
    let world = World::new(json!({"dynamicRegistrationSupported": true}), json!({})).await;
    let register = async |uri: &str| {
        let metadata = json!({"redirect_uris": [REDIRECT_URI], "sector_identifier_uri": uri});
        world.act("/client/registration", json!({"json": metadata.to_string()})).await
    };
    let good = documents.publish("/good", "application/json", json!([REDIRECT_URI, "https://a.example/"]).to_string());
    let other = documents.publish("/other", "application/json", "[\"https://a.example/\"]");
    let object = documents.publish("/object", "application/json", "{}");
    let answer = register(&good).await;
    assert_eq!(
        (&answer["action"], &answer["client"]["sectorIdentifierUri"]),
        (&json!("CREATED"), &json!(good)),
        "{answer}"
    );
    for uri in [other, object, documents.url("/absent"), "https://client.example.org/sector".to_owned()] {
        assert_error(&register(&uri).await, "BAD_REQUEST", "invalid_client_metadata");
    }
}
