//! What is encrypted: request objects to the service, and everything that a client wants encrypted to itself.

use serde_json::{Map, Value, json};

use crate::documents::Documents;
use crate::jose::jwe::{self, Encoding, Jwe, Management};
use crate::jose::{Algorithm, Jwk, PrivateKey, jwk};
use crate::keys::Key;
use crate::world::{REDIRECT_URI, World, assert_error, parameter};

const ISSUER: &str = "https://as.example.com";

/// A private key that others encrypt to.
fn decryption_key(algorithm: Algorithm) -> Jwk {
    let mut key = PrivateKey::generate(algorithm).map(|key| key.to_jwk(algorithm).expect("a JWK")).expect("a key");
    key.insert("use".to_owned(), json!("enc"));
    key.insert("kid".to_owned(), json!("enc-1"));
    key
}

fn set(key: &Jwk) -> String {
    json!({"keys": [jwk::public(key).expect("a public key")]}).to_string()
}

fn decrypted(jwe: &str, key: &Jwk) -> (Map<String, Value>, String) {
    let jwe = Jwe::read(jwe).expect("a JWE");
    let content = jwe.decrypt(std::slice::from_ref(key)).expect("the client's key decrypts it");
    (jwe.header, String::from_utf8(content).expect("UTF-8"))
}

async fn id_token(world: &World) -> String {
    let code = world.code("scope=openid").await;
    let answer = world.exchange(&code).await;
    answer["idToken"].as_str().unwrap_or_else(|| panic!("no ID token: {answer}")).to_owned()
}

#[tokio::test]
async fn an_id_token_for_a_key_of_the_client() {
    for (algorithm, alg, enc) in [
        (Algorithm::RS256, "RSA_OAEP_256", Some("A256GCM")),
        (Algorithm::RS256, "RSA_OAEP", None),
        (Algorithm::ES256, "ECDH_ES", Some("A128GCM")),
        (Algorithm::ES512, "ECDH_ES_A192KW", Some("A192CBC_HS384")),
    ] {
        let key = decryption_key(algorithm);
        let mut client = json!({"idTokenEncryptionAlg": alg, "jwks": set(&key)});
        if let Some(enc) = enc {
            client["idTokenEncryptionEnc"] = json!(enc);
        }
        let world = World::new(json!({}), client).await;
        let (header, jwt) = decrypted(&id_token(&world).await, &key);
        assert_eq!((&header["kid"], &header["cty"]), (&json!("enc-1"), &json!("JWT")));
        // OpenID Connect Dynamic Client Registration 1.0, section 2: the default of enc.
        assert_eq!(header["enc"], enc.map_or("A128CBC-HS256".to_owned(), |enc| enc.replace("CBC_", "CBC-")));
        let claims = world.verified(&jwt, jsonwebtoken::Algorithm::ES256).await;
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(ISSUER), &json!("john")));
    }
}

#[tokio::test]
async fn an_id_token_for_the_clients_secret() {
    for (alg, enc) in [("A256KW", "A256GCM"), ("A128GCMKW", "A128GCM"), ("DIR", "A256CBC_HS512")] {
        let client = json!({"idTokenEncryptionAlg": alg, "idTokenEncryptionEnc": enc});
        let world = World::new(json!({}), client).await;
        let jwe = Jwe::read(&id_token(&world).await).expect("a JWE");
        let key = of_secret(&world, jwe.management, jwe.encoding);
        let jwt = String::from_utf8(jwe.decrypt(&[key]).expect("the secret decrypts it")).expect("UTF-8");
        assert_eq!(world.verified(&jwt, jsonwebtoken::Algorithm::ES256).await["sub"], "john");
    }
}

/// The key that the client's secret stands for (OpenID Connect Core 1.0, section 10.2).
fn of_secret(world: &World, management: Management, encoding: Encoding) -> Jwk {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    let secret = world.client["clientSecret"].as_str().expect("a secret").as_bytes();
    let length = management.shared_length(encoding).expect("a length");
    let hash = digest(if length > 32 { &SHA512 } else { &SHA256 }, secret);
    Jwk::from_iter([
        ("kty".to_owned(), json!("oct")),
        ("k".to_owned(), json!(crate::jose::encode(&hash.as_ref()[..length]))),
    ])
}

#[tokio::test]
async fn a_key_that_the_client_publishes() {
    let (key, documents) = (decryption_key(Algorithm::ES256), Documents::start().await);
    let uri = documents.publish("/jwks", "application/json", set(&key));
    let world = World::new(json!({}), json!({"idTokenEncryptionAlg": "ECDH_ES", "jwksUri": uri})).await;
    decrypted(&id_token(&world).await, &key);
}

#[tokio::test]
async fn without_a_key_that_fits_nothing_is_sent_in_the_clear() {
    let key = decryption_key(Algorithm::ES256);
    let world = World::new(json!({}), json!({"idTokenEncryptionAlg": "RSA_OAEP", "jwks": set(&key)})).await;
    let code = world.code("scope=openid").await;
    let answer = world.exchange(&code).await;
    assert_eq!(answer["action"], "INTERNAL_SERVER_ERROR");
    assert!(answer["resultMessage"].as_str().expect("a message").contains("RSA-OAEP"), "{answer}");
}

#[tokio::test]
async fn userinfo_encrypted_with_and_without_a_signature() {
    let key = decryption_key(Algorithm::ES384);
    for signed in [false, true] {
        let mut client = json!({"userInfoEncryptionAlg": "ECDH_ES_A256KW", "userInfoEncryptionEnc": "A256GCM"});
        client["jwks"] = json!(set(&key));
        if signed {
            client["userInfoSignAlg"] = json!("PS256");
        }
        let world = World::new(json!({}), client).await;
        let code = world.code("scope=openid").await;
        let token = world.exchange(&code).await["accessToken"].clone();
        let answer = world.act("/auth/userinfo/issue", json!({"token": token, "claims": "{\"name\":\"John\"}"})).await;
        assert_eq!(answer["action"], "JWT", "{answer}");
        let (header, content) = decrypted(answer["responseContent"].as_str().expect("a string"), &key);
        let claims = match signed {
            true => {
                let (_, keys) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
                let jwt = crate::jose::Jwt::read(&content).expect("a JWT");
                assert!(jwt.is_signed_by_one_of(Algorithm::PS256, &jwk::elements(&keys)));
                Value::Object(jwt.claims)
            }
            false => serde_json::from_str(&content).expect("claims"),
        };
        assert_eq!(header.get("cty"), signed.then_some(&json!("JWT")));
        assert_eq!((&claims["sub"], &claims["name"]), (&json!("john"), &json!("John")));
    }
}

#[tokio::test]
async fn an_authorization_response() {
    let key = decryption_key(Algorithm::RS256);
    let client = json!({
        "authorizationEncryptionAlg": "RSA_OAEP_256", "authorizationEncryptionEnc": "A128GCM",
        "authorizationSignAlg": "ES512", "jwks": set(&key),
    });
    let world = World::new(json!({}), client).await;
    let answer = world.authorize("response_mode=jwt").await;
    let answer = world.act("/auth/authorization/fail", json!({"ticket": answer["ticket"], "reason": "DENIED"})).await;
    let (_, jwt) = decrypted(&parameter(&answer, "response").expect("a response"), &key);
    let claims = crate::keys::claims(&jwt);
    assert_eq!((&claims["iss"], &claims["error"]), (&json!(ISSUER), &json!("access_denied")));
    assert_eq!(jose_header(&jwt)["alg"], "ES512");
    let (_, keys) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
    let parsed = crate::jose::Jwt::read(&jwt).expect("a JWT");
    assert!(parsed.is_signed_by_one_of(Algorithm::ES512, &jwk::elements(&keys)), "{keys}");
}

fn jose_header(jwt: &str) -> Value {
    let part = jwt.split('.').next().expect("a header");
    serde_json::from_slice(&crate::jose::decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn an_introspection_response() {
    let key = decryption_key(Algorithm::ES256);
    let world = World::new(json!({}), json!({})).await;
    let token = world.token("grant_type=client_credentials").await["accessToken"].clone();
    let mut body = json!({
        "parameters": format!("token={}", token.as_str().expect("a token")),
        "httpAcceptHeader": "application/token-introspection+jwt",
        "rsUri": "https://rs.example.com",
        "introspectionSignAlg": "HS256", "sharedKeyForSign": "a secret of the resource server's, long enough",
        "introspectionEncryptionAlg": "ECDH_ES", "introspectionEncryptionEnc": "A256GCM",
    });
    let answer = world.act("/auth/introspection/standard", body.clone()).await;
    assert_eq!(answer["action"], "INTERNAL_SERVER_ERROR", "there is no key to encrypt to");
    body["publicKeyForEncryption"] = json!(json!(jwk::public(&key)).to_string());
    let answer = world.act("/auth/introspection/standard", body.clone()).await;
    assert_eq!(answer["action"], "JWT", "{answer}");
    let (_, jwt) = decrypted(answer["responseContent"].as_str().expect("a JWE"), &key);
    let parsed = crate::jose::Jwt::read(&jwt).expect("a JWT");
    assert!(parsed.is_signed_by_secret(Algorithm::HS256, "a secret of the resource server's, long enough"));
    assert_eq!(parsed.claims["token_introspection"]["active"], true);

    body["introspectionEncryptionAlg"] = json!("dir");
    body["introspectionEncryptionEnc"] = json!("A128GCM");
    body["sharedKeyForEncryption"] = json!("sixteen bytes ok");
    let answer = world.act("/auth/introspection/standard", body).await;
    let shared = json!({"kty": "oct", "k": crate::jose::encode("sixteen bytes ok")});
    decrypted(answer["responseContent"].as_str().expect("a JWE"), shared.as_object().expect("a JWK"));
}

/// The service's published key for encryption of this kind.
async fn service_key(world: &World, kty: &str) -> Jwk {
    let (_, keys) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
    let keys = jwk::elements(&keys);
    keys.into_iter().find(|key| key["kty"] == kty && key["use"] == "enc").expect("a key for encryption")
}

fn object(world: &World) -> Value {
    json!({
        "iss": world.client_id(), "aud": ISSUER, "client_id": world.client_id(), "response_type": "code",
        "redirect_uri": REDIRECT_URI, "scope": "read",
    })
}

fn encrypt(content: &str, alg: &str, enc: &str, key: &Jwk) -> String {
    let (management, encoding) = (Management::parse(alg).expect("alg"), Encoding::parse(enc).expect("enc"));
    jwe::encrypt(content.as_bytes(), management, encoding, key, Map::new()).expect("a JWE")
}

async fn open(world: &World, object: &str) -> Value {
    let parameters = format!("client_id={}&request={object}", world.client_id());
    world.act("/auth/authorization", json!({"parameters": parameters})).await
}

#[tokio::test]
async fn a_request_object_for_the_service() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set()})).await;
    let signed = key.sign(&object(&world));
    for (kty, alg, enc) in [("RSA", "RSA-OAEP-256", "A256GCM"), ("EC", "ECDH-ES+A128KW", "A128CBC-HS256")] {
        let encrypted = encrypt(&signed, alg, enc, &service_key(&world, kty).await);
        let answer = open(&world, &encrypted).await;
        assert_eq!(answer["action"], "INTERACTION", "{answer}");
        assert_eq!(answer["scopes"][0]["name"], "read");
        let pushed = world.token_body(&format!("request={encrypted}"));
        assert_eq!(world.act("/pushed_auth_req", pushed).await["action"], "CREATED");
    }
    let (management, encoding) = (Management::parse("A128KW").expect("alg"), Encoding::A128Gcm);
    let by_secret = encrypt(&signed, "A128KW", "A128GCM", &of_secret(&world, management, encoding));
    assert_eq!(open(&world, &by_secret).await["action"], "INTERACTION");
}

#[tokio::test]
async fn a_request_object_for_a_key_that_the_service_was_given() {
    let (key, mut own) = (Key::ec(), decryption_key(Algorithm::ES384));
    own.remove("use");
    let world = World::new(json!({"jwks": json!({"keys": [own]}).to_string()}), json!({"jwks": key.set()})).await;
    let public = jwk::public(&own).expect("a public key");
    let encrypted = encrypt(&key.sign(&object(&world)), "ECDH-ES", "A256GCM", &public);
    assert_eq!(open(&world, &encrypted).await["action"], "INTERACTION");
}

#[tokio::test]
async fn what_is_encrypted_still_has_to_be_signed_and_for_us() {
    let key = Key::ec();
    let world = World::new(json!({}), json!({"jwks": key.set()})).await;
    let to = service_key(&world, "EC").await;
    let stranger = encrypt(&Key::ec().sign(&object(&world)), "ECDH-ES", "A128GCM", &to);
    let claims = encrypt(&object(&world).to_string(), "ECDH-ES", "A128GCM", &to);
    let twice = encrypt(&encrypt(&key.sign(&object(&world)), "ECDH-ES", "A128GCM", &to), "ECDH-ES", "A128GCM", &to);
    let other = encrypt(&key.sign(&object(&world)), "ECDH-ES", "A128GCM", &decryption_key(Algorithm::ES256));
    let unknown = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4R0NNIn0....".to_owned();
    for object in [stranger, claims, twice, other, unknown] {
        assert_error(&open(&world, &object).await, "BAD_REQUEST", "invalid_request_object");
    }
}

#[tokio::test]
async fn how_it_has_to_be_encrypted() {
    let key = Key::ec();
    let flag = |name: &str| json!({name: true});
    for (service, client) in [
        (flag("frontChannelRequestObjectEncryptionRequired"), json!({})),
        (json!({}), flag("frontChannelRequestObjectEncryptionRequired")),
    ] {
        let mut client = client;
        client["jwks"] = json!(key.set());
        let world = World::new(service, client).await;
        let signed = key.sign(&object(&world));
        assert_error(&open(&world, &signed).await, "BAD_REQUEST", "invalid_request_object");
        let encrypted = encrypt(&signed, "ECDH-ES", "A128GCM", &service_key(&world, "EC").await);
        assert_eq!(open(&world, &encrypted).await["action"], "INTERACTION");
        let pushed = world.token_body(&format!("request={signed}"));
        assert_eq!(world.act("/pushed_auth_req", pushed).await["action"], "CREATED", "the flag is not about this");
    }
    for (flag, good, bad) in [
        ("requestObjectEncryptionAlgMatchRequired", ("ECDH-ES", "A256GCM"), ("ECDH-ES+A128KW", "A128CBC-HS256")),
        ("requestObjectEncryptionEncMatchRequired", ("ECDH-ES+A128KW", "A128CBC-HS256"), ("ECDH-ES", "A256GCM")),
    ] {
        // The service may demand it of all clients, or a client of itself.
        for (of_service, of_client) in [(true, false), (false, true)] {
            let client = json!({"requestEncryptionAlg": "ECDH_ES", "jwks": key.set(), flag: of_client});
            let world = World::new(json!({flag: of_service}), client).await;
            let to = service_key(&world, "EC").await;
            let signed = key.sign(&object(&world));
            let answer = open(&world, &encrypt(&signed, good.0, good.1, &to)).await;
            assert_eq!(answer["action"], "INTERACTION", "{flag} {answer}");
            let answer = open(&world, &encrypt(&signed, bad.0, bad.1, &to)).await;
            assert_error(&answer, "BAD_REQUEST", "invalid_request_object");
        }
    }
}

#[tokio::test]
async fn an_encrypted_id_token_as_a_hint() {
    let world = World::new(json!({}), json!({})).await;
    let hint = encrypt(&id_token(&world).await, "ECDH-ES", "A128GCM", &service_key(&world, "EC").await);
    assert_eq!(world.authorize(&format!("id_token_hint={hint}")).await["subject"], "john");
}

#[tokio::test]
async fn curves_that_few_clients_know() {
    for name in ["ES512", "ES256K"] {
        let world = World::new(json!({}), json!({"idTokenSignAlg": name})).await;
        let (path, algorithm) = (format!("/api/{}/service/jwks/get", world.service_id()), Algorithm::parse(name));
        let (_, before) = world.call("GET", &path, None).await;
        let jwt = id_token(&world).await;
        let (_, keys) = world.call("GET", &path, None).await;
        assert_eq!(jwk::elements(&keys).len(), jwk::elements(&before).len() + 1, "{name}: made when it was needed");
        let parsed = crate::jose::Jwt::read(&jwt).expect("a JWT");
        assert_eq!(parsed.alg(), name);
        assert!(parsed.is_signed_by_one_of(algorithm.expect("an algorithm"), &jwk::elements(&keys)), "{name}");
    }
}

#[tokio::test]
async fn the_encryption_of_request_objects() {
    let key = Key::ec();
    let client = json!({"requestEncryptionAlg": "ECDH_ES", "requestEncryptionEnc": "A256GCM", "jwks": key.set()});
    let world = World::new(json!({"requestObjectEncryptionEncMatchRequired": true}), client).await;
    let to = service_key(&world, "EC").await;
    let signed = key.sign(&object(&world));
    assert_eq!(open(&world, &encrypt(&signed, "ECDH-ES", "A256GCM", &to)).await["action"], "INTERACTION");
    let other = open(&world, &encrypt(&signed, "ECDH-ES", "A128GCM", &to)).await;
    assert_error(&other, "BAD_REQUEST", "invalid_request_object");
}
