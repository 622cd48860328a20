//! Clients that authenticate by a signed assertion.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::documents::Documents;
use crate::keys::{Key, unsigned};
use crate::world::{World, assert_error};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN_ENDPOINT: &str = "https://as.example.com/token";

async fn world(method: &str, client: Value) -> World {
    let service = json!({
        "supportedTokenAuthMethods": [method],
        "tokenEndpoint": TOKEN_ENDPOINT,
        "supportedGrantTypes": ["CLIENT_CREDENTIALS"],
    });
    let mut members = json!({"tokenAuthMethod": method});
    members.as_object_mut().expect("an object").extend(client.as_object().expect("an object").clone());
    World::new(service, members).await
}

fn claims(world: &World, id: &str) -> Value {
    let client = world.client_id();
    json!({"iss": client, "sub": client, "aud": TOKEN_ENDPOINT, "jti": id, "iat": world.now(), "exp": world.now() + 60})
}

async fn present(world: &World, assertion: &str) -> Value {
    let parameters = format!("grant_type=client_credentials&client_assertion={assertion}&client_assertion_type={TYPE}");
    world.act("/auth/token", json!({"parameters": parameters})).await
}

#[tokio::test]
async fn a_private_key_of_each_kind() {
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::RS256, Algorithm::EdDSA] {
        let key = Key::new(algorithm);
        let world = world("PRIVATE_KEY_JWT", json!({"jwks": key.set()})).await;
        let answer = present(&world, &key.sign(&claims(&world, "1"))).await;
        assert_eq!(
            (&answer["action"], &answer["clientAuthMethod"]),
            (&json!("OK"), &json!("PRIVATE_KEY_JWT")),
            "{algorithm:?} {answer}"
        );
    }
}

#[tokio::test]
async fn an_assertion_works_once() {
    let key = Key::ec();
    let world = world("PRIVATE_KEY_JWT", json!({"jwks": key.set()})).await;
    let claims = claims(&world, "once");
    assert_eq!(present(&world, &key.sign(&claims)).await["action"], "OK");
    // Another signature over the same id is the same assertion.
    assert_error(&present(&world, &key.sign(&claims)).await, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn every_claim_counts() {
    let key = Key::ec();
    let world = world("PRIVATE_KEY_JWT", json!({"jwks": key.set()})).await;
    let now = world.now();
    for (claim, value) in [
        ("iss", json!("1")),
        ("aud", json!("https://other.example.com/")),
        ("aud", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", Value::Null),
        ("iat", json!(now + 600)),
        ("nbf", json!(now + 600)),
        ("jti", Value::Null),
    ] {
        let mut claims = claims(&world, "1");
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(claim);
        } else {
            claims[claim] = value.clone();
        }
        let answer = present(&world, &key.sign(&claims)).await;
        assert_error(&answer, "INVALID_CLIENT", "invalid_client");
    }
    assert_eq!(present(&world, &key.sign(&claims(&world, "1"))).await["action"], "OK");
}

#[tokio::test]
async fn a_signature_of_anybody_else() {
    let key = Key::ec();
    let world = world("PRIVATE_KEY_JWT", json!({"jwks": key.set()})).await;
    let claims = claims(&world, "1");
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    let public = key.public["x"].as_str().expect("a coordinate");
    for assertion in [
        Key::ec().sign(&claims),
        Key::secret(Algorithm::HS256, secret).sign(&claims),
        // The key that everybody knows must not serve as a secret.
        Key::secret(Algorithm::HS256, public).sign(&claims),
        unsigned(&claims),
        "not.a.jwt".to_owned(),
    ] {
        assert_error(&present(&world, &assertion).await, "INVALID_CLIENT", "invalid_client");
    }
}

#[tokio::test]
async fn the_clients_secret_as_a_key() {
    let world = world("CLIENT_SECRET_JWT", json!({"tokenAuthSignAlg": "HS256"})).await;
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    let other_algorithm = Key::secret(Algorithm::HS512, secret).sign(&claims(&world, "1"));
    assert_error(&present(&world, &other_algorithm).await, "INVALID_CLIENT", "invalid_client");
    let wrong = Key::secret(Algorithm::HS256, "guess").sign(&claims(&world, "1"));
    assert_error(&present(&world, &wrong).await, "INVALID_CLIENT", "invalid_client");
    let right = Key::secret(Algorithm::HS256, secret).sign(&claims(&world, "1"));
    assert_eq!(present(&world, &right).await["clientAuthMethod"], "CLIENT_SECRET_JWT");
}

#[tokio::test]
async fn a_strict_service_takes_its_issuer_alone_as_audience() {
    let key = Key::ec();
    let world = World::new(
        json!({
            "supportedTokenAuthMethods": ["PRIVATE_KEY_JWT"],
            "tokenEndpoint": TOKEN_ENDPOINT,
            "clientAssertionAudRestrictedToIssuer": true,
        }),
        json!({"tokenAuthMethod": "PRIVATE_KEY_JWT", "jwks": key.set()}),
    )
    .await;
    let mut claims = claims(&world, "1");
    assert_error(&present(&world, &key.sign(&claims)).await, "INVALID_CLIENT", "invalid_client");
    claims["aud"] = json!(["https://as.example.com"]);
    assert_eq!(present(&world, &key.sign(&claims)).await["action"], "OK");
}

#[tokio::test]
async fn half_an_assertion_and_two_credentials() {
    let key = Key::ec();
    let world = world("PRIVATE_KEY_JWT", json!({"jwks": key.set()})).await;
    let id = world.client_id();
    let assertion = key.sign(&claims(&world, "1"));
    for parameters in [
        format!("client_id={id}&client_assertion={assertion}"),
        format!("client_id={id}&client_assertion_type={TYPE}"),
        format!("client_id={id}&client_assertion={assertion}&client_assertion_type=other"),
        format!("client_id=1&client_assertion={assertion}&client_assertion_type={TYPE}"),
        format!("client_assertion={assertion}&client_assertion_type={TYPE}&client_secret=x"),
    ] {
        let body = json!({"parameters": format!("grant_type=client_credentials&{parameters}")});
        assert_error(&world.act("/auth/token", body).await, "BAD_REQUEST", "invalid_request");
    }
}

/// A SPIFFE platform with a bundle, and a client that is one of its workloads.
async fn spiffe(key: &Key, documents: &Documents) -> World {
    let mut published = key.public.clone();
    for (member, value) in [("use", "jwt-svid"), ("kid", "svid-1")] {
        published[member] = json!(value);
    }
    published.as_object_mut().expect("an object").remove("alg");
    let bundle = json!({"keys": [published], "spiffe_sequence": 1, "spiffe_refresh_hint": 300}).to_string();
    let url = documents.publish("/bundle", "application/json", bundle);
    world("SPIFFE_JWT", json!({"spiffeId": "spiffe://example.org/shop/*", "spiffeBundleEndpoint": url})).await
}

#[tokio::test]
async fn a_workload_of_spiffe() {
    let (key, documents) = (Key::ec(), Documents::start().await);
    let world = spiffe(&key, &documents).await;
    let now = world.now();
    let good = json!({"sub": "spiffe://example.org/shop/1", "aud": ["https://as.example.com"], "exp": now + 60});
    let present = async |assertion: String, more: &str| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
        let parameters =
            format!("grant_type=client_credentials&client_assertion={assertion}&client_assertion_type={kind}{more}");
        world.act("/auth/token", json!({"parameters": parameters})).await
    };
    // By the SPIFFE ID alone and with the client's own, and more than once.
    for more in [String::new(), format!("&client_id={}", world.client_id())] {
        let response = present(key.sign(&good), &more).await;
        assert_eq!(
            (&response["action"], &response["clientAuthMethod"]),
            (&json!("OK"), &json!("SPIFFE_JWT")),
            "{response}"
        );
    }
    for (member, value) in [
        ("sub", json!("spiffe://example.org/shop/1/2")),
        ("sub", json!("spiffe://example.org/other/1")),
        ("aud", json!("https://other.example.com")),
        ("exp", json!(now - 60)),
        ("exp", Value::Null),
    ] {
        let mut claims = good.clone();
        claims[member] = value.clone();
        let more = format!("&client_id={}", world.client_id());
        let refused = present(key.sign(&claims), &more).await;
        assert_error(&refused, "INVALID_CLIENT", "invalid_client");
    }
    assert_error(&present(Key::ec().sign(&good), "").await, "INVALID_CLIENT", "invalid_client");
    assert_error(&world.token("grant_type=client_credentials").await, "INVALID_CLIENT", "invalid_client");
    // A usual assertion is another method.
    let parameters = format!(
        "grant_type=client_credentials&client_assertion={}&client_assertion_type={TYPE}",
        key.sign(&claims(&world, "1"))
    );
    assert_error(
        &world.act("/auth/token", json!({"parameters": parameters})).await,
        "INVALID_CLIENT",
        "invalid_client",
    );
}
