//! Keys that stand for such in a hardware security module.

use serde_json::{Map, Value, json};

use crate::jose::jwe::{Encoding, Management, encrypt};
use crate::jose::{Algorithm, jwk};
use crate::keys::Key;
use crate::world::{REDIRECT_URI, World};

async fn world() -> World {
    World::new(json!({"hsmEnabled": true}), json!({})).await
}

async fn create(world: &World, kty: &str, usage: &str, alg: &str, kid: Option<&str>) -> Value {
    world.act("/hsk/create", json!({"kty": kty, "use": usage, "alg": alg, "kid": kid, "hsmName": "google"})).await
}

async fn get(world: &World, method: &str, path: &str) -> Value {
    world.call(method, &format!("/api/{}/hsk{path}", world.service_id()), None).await.1
}

async fn set(world: &World, settings: Value) {
    let mut service = world.call("GET", &format!("/api/{}/service/get", world.service_id()), None).await.1;
    service.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
    let (status, body) =
        world.call("POST", &format!("/api/{}/service/update", world.service_id()), Some(&service)).await;
    assert_eq!(status, 200, "{body}");
}

async fn published(world: &World) -> Vec<crate::jose::Jwk> {
    jwk::elements(&world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await.1)
}

#[tokio::test]
async fn a_key_from_its_making_to_its_end() {
    let world = world().await;
    let made = create(&world, "EC", "sig", "ES256", Some("hsk-1")).await;
    assert_eq!(made["action"], "SUCCESS", "{made}");
    let key = &made["hsk"];
    assert_eq!((&key["kid"], &key["alg"], &key["use"]), (&json!("hsk-1"), &json!("ES256"), &json!("sig")));
    assert_eq!(key["hsmName"], "software", "there is no module, and nobody is told that there is");
    assert_eq!(key["handle"].as_str().map(str::len), Some(43));
    assert!(key["publicKey"].as_str().expect("DER").starts_with("MFkw"), "{key}");
    let other = create(&world, "RSA", "sig", "PS256", None).await;
    assert_eq!(other["hsk"]["kid"].as_str().map(str::len), Some(43));
    assert_eq!(get(&world, "GET", "/get/list").await["hsks"], json!([key, other["hsk"]]));
    let path = format!("/get/{}", key["handle"].as_str().expect("a handle"));
    assert_eq!(get(&world, "GET", &path).await["hsk"], *key);
    let service = world.call("GET", &format!("/api/{}/service/get", world.service_id()), None).await.1;
    assert_eq!(service["hsks"], json!([key, other["hsk"]]));
    set(&world, json!({"hsks": [], "description": "changed"})).await;
    let service = world.call("GET", &format!("/api/{}/service/get", world.service_id()), None).await.1;
    assert_eq!(service["hsks"], json!([key, other["hsk"]]), "they are the server's to say");

    let path = format!("/delete/{}", key["handle"].as_str().expect("a handle"));
    let deleted = get(&world, "DELETE", &path).await;
    assert_eq!((&deleted["action"], &deleted["hsk"]), (&json!("SUCCESS"), key));
    assert_eq!(get(&world, "GET", &path.replace("delete", "get")).await["action"], "NOT_FOUND");
    let path = format!("/delete/{}", other["hsk"]["handle"].as_str().expect("a handle"));
    // Authlete's Java library deletes by GET, which the description does not have.
    let request = world.request("GET", &format!("/api/{}/hsk{path}", world.service_id()));
    let response = request.bearer_auth(world.emulator.organization_token()).send().await.expect("a response");
    assert_eq!(response.json::<Value>().await.expect("JSON")["action"], "SUCCESS");
    assert_eq!(get(&world, "GET", "/get/list").await["hsks"], json!([]));
}

#[tokio::test]
async fn keys_that_cannot_be() {
    let world = world().await;
    for (kty, usage, alg) in [
        ("EC", "sig", "RS256"),
        ("RSA", "sig", "ES256"),
        ("EC", "sig", "HS256"),
        ("oct", "sig", "HS256"),
        ("EC", "both", "ES256"),
        ("RSA", "enc", "ECDH-ES"),
        ("RSA", "enc", "RSA1_5"),
        ("EC", "sig", ""),
    ] {
        assert_eq!(create(&world, kty, usage, alg, None).await["action"], "INVALID_REQUEST", "{kty} {usage} {alg}");
    }
    let off = World::plain().await;
    assert_eq!(create(&off, "EC", "sig", "ES256", None).await["action"], "INVALID_REQUEST");
    for (method, path) in [("GET", "/get/list"), ("GET", "/get/x"), ("DELETE", "/delete/x")] {
        assert_eq!(get(&off, method, path).await["action"], "INVALID_REQUEST");
    }
}

#[tokio::test]
async fn a_key_signs_where_a_setting_names_it() {
    for given in [false, true] {
        let mut world = world().await;
        if given {
            let mut own = crate::jose::PrivateKey::generate(Algorithm::ES256)
                .expect("a key")
                .to_jwk(Algorithm::ES256)
                .expect("a JWK");
            own.insert("kid".to_owned(), json!("own"));
            set(&world, json!({"jwks": json!({"keys": [own]}).to_string()})).await;
        }
        create(&world, "EC", "sig", "ES384", Some("hsk-1")).await;
        set(&world, json!({"idTokenSignatureKeyId": "hsk-1"})).await;
        world.client = world.add_client(json!({"idTokenSignAlg": "ES384"})).await;
        let code = world.code("scope=openid").await;
        let token = world.exchange(&code).await;
        let jwt = token["idToken"].as_str().unwrap_or_else(|| panic!("no ID token: {token}"));
        let parsed = crate::jose::Jwt::read(jwt).expect("a JWT");
        assert_eq!(parsed.header["kid"], "hsk-1");
        let keys = published(&world).await;
        assert!(parsed.is_signed_by_one_of(Algorithm::ES384, &keys), "its public part is published");
        assert!(keys.iter().all(|key| !jwk::is_private(key)));
        set(&world, json!({"hsmEnabled": false})).await;
        assert!(published(&world).await.iter().all(|key| key["kid"] != "hsk-1"));
    }
}

#[tokio::test]
async fn a_key_decrypts() {
    let mut world = world().await;
    create(&world, "RSA", "enc", "RSA-OAEP-256", Some("hsk-enc")).await;
    let signer = Key::ec();
    world.client = world.add_client(json!({"jwks": signer.set()})).await;
    let object = json!({
        "iss": world.client_id(), "aud": "https://as.example.com", "client_id": world.client_id(),
        "response_type": "code", "redirect_uri": REDIRECT_URI,
    });
    let key = published(&world).await.into_iter().find(|key| key["kid"] == "hsk-enc").expect("it is published");
    let (alg, enc) = (Management::RsaOaep256, Encoding::A256Gcm);
    let encrypted = encrypt(signer.sign(&object).as_bytes(), alg, enc, &key, Map::new()).expect("a JWE");
    let parameters = format!("client_id={}&request={encrypted}", world.client_id());
    let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
    assert_eq!(answer["action"], "INTERACTION", "{answer}");
}
