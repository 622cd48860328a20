//! `jose_verify_api`.

use serde_json::{Value, json};

use crate::keys::{Key, unsigned};
use crate::world::World;

async fn verify(world: &World, body: Value) -> Value {
    let (status, answer) = world.call("POST", &format!("/api/{}/jose/verify", world.service_id()), Some(&body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn signatures_of_clients() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set()})).await;
    let secret = Key::secret(jsonwebtoken::Algorithm::HS256, world.client["clientSecret"].as_str().expect("a secret"));
    let claims = json!({"exp": world.now() + 60, "iat": world.now()});
    for (jose, valid) in [
        (key.sign(&claims), true),
        (secret.sign(&claims), true),
        (Key::ec().sign(&claims), false),
        (Key::secret(jsonwebtoken::Algorithm::HS256, "guess").sign(&claims), false),
        (unsigned(&claims), false),
    ] {
        let body = json!({"jose": jose, "clientIdentifier": world.client_id(), "signedByClient": true});
        let answer = verify(&world, body).await;
        assert_eq!((&answer["valid"], &answer["signatureValid"]), (&json!(valid), &json!(valid)), "{answer}");
        assert_eq!(answer.get("errorDescriptions").is_none(), valid);
    }
    // The client's key is not the service's.
    let answer = verify(&world, json!({"jose": key.sign(&claims)})).await;
    assert_eq!(answer["signatureValid"], false);
}

#[tokio::test]
async fn signatures_of_the_service() {
    let world = World::plain().await;
    let id_token = world.exchange(&world.code("scope=openid").await).await["idToken"].clone();
    let answer = verify(&world, json!({"jose": id_token, "mandatoryClaims": ["iss", "sub"]})).await;
    assert_eq!(answer["valid"], true, "{answer}");
    world.advance(86_400);
    let answer = verify(&world, json!({"jose": id_token})).await;
    assert_eq!((&answer["valid"], &answer["signatureValid"]), (&json!(false), &json!(true)));
    assert_eq!(answer["invalidClaims"], json!(["exp"]));
    assert_eq!(verify(&world, json!({"jose": id_token, "clockSkew": 60})).await["valid"], true);
}

#[tokio::test]
async fn what_is_missing_and_what_is_no_jwt() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set()})).await;
    let jose = key.sign(&json!({"nbf": world.now() + 100, "a": null}));
    let body = json!({
        "jose": jose, "clientIdentifier": world.client_id(), "signedByClient": true, "mandatoryClaims": ["a", "nbf", "b"],
    });
    let answer = verify(&world, body).await;
    assert_eq!((&answer["valid"], &answer["signatureValid"]), (&json!(false), &json!(true)));
    assert_eq!((&answer["missingClaims"], &answer["invalidClaims"]), (&json!(["a", "b"]), &json!(["nbf"])));
    let answer = verify(&world, json!({"jose": "no jwt"})).await;
    assert_eq!((&answer["valid"], &answer["signatureValid"]), (&json!(false), &json!(false)));

    for (body, status) in [
        (json!({}), 400),
        (json!({"jose": jose, "signedByClient": true}), 400),
        (json!({"jose": jose, "signedByClient": "maybe"}), 400),
        (json!({"jose": jose, "clientIdentifier": "1"}), 404),
        (json!({"jose": "e30.a.b.c.d"}), 200),
    ] {
        assert_eq!(world.status("/jose/verify", &body).await, status, "{body}");
    }
    // The keys of a client that cannot be fetched verify nothing.
    let world = World::new(json!({}), json!({"jwksUri": "https://client.example.org/jwks"})).await;
    let body = json!({"jose": jose, "clientIdentifier": world.client_id(), "signedByClient": true});
    let answer = verify(&world, body).await;
    assert_eq!(answer["valid"], false);
    assert!(answer["errorDescriptions"][0].as_str().expect("an error").contains("jwksUri"), "{answer}");
}
