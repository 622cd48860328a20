//! Claims, ACRs and users that a client asks for, and the ID tokens that response.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::keys::{self, Key};
use crate::world::{World, content, parameter};

fn encoded(value: &Value) -> String {
    form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
}

/// Issues for the user `john`, with further members, and exchanges the code.
async fn finish(world: &World, answer: &Value, more: Value) -> Value {
    let mut body = json!({"ticket": answer["ticket"], "subject": "john"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    world.exchange(code.as_str().expect("a code")).await
}

#[tokio::test]
async fn claims_that_are_asked_for_one_by_one() {
    let world = World::plain().await;
    let asked = json!({
        "id_token": {"nickname": null, "name#de": {"essential": true}, "sub": {"value": "john"}, "email": null},
        "userinfo": {"birthdate": null},
    });
    let answer = world.authorize(&format!("scope=openid&claims={}", encoded(&asked))).await;
    assert_eq!(answer["claims"], json!(["email", "name#de", "nickname"]));
    assert_eq!((&answer["claimsAtUserInfo"], &answer["subject"]), (&json!(["birthdate"]), &json!("john")));
    for (member, part) in [("idTokenClaims", "id_token"), ("userInfoClaims", "userinfo")] {
        let text = answer[member].as_str().expect("a string");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), asked[part]);
    }
    let values = json!({"nickname": "J", "name": "Johann", "birthdate": "2000-01-01", "iss": "evil"}).to_string();
    let token = finish(&world, &answer, json!({"claims": values, "sessionId": "s1"})).await;
    let claims = keys::claims(token["idToken"].as_str().expect("an ID token"));
    assert_eq!((&claims["nickname"], &claims["name#de"]), (&json!("J"), &json!("Johann")));
    assert_eq!((claims.get("birthdate"), claims.get("email")), (None, None));
    // A session is for Native SSO alone.
    assert_eq!((&claims["iss"], claims.get("sid")), (&json!("https://as.example.com"), None));
}

#[tokio::test]
async fn claims_that_scopes_stand_for() {
    let scopes = json!([{"name": "openid"}, {"name": "email"}]);
    for (restrictive, in_id_token) in [(false, json!(["email", "email_verified"])), (true, Value::Null)] {
        let service = json!({"supportedScopes": scopes, "claimShortcutRestrictive": restrictive});
        let world = World::new(service, json!({})).await;
        let answer = world.authorize("scope=openid+email").await;
        assert_eq!(answer["claims"], in_id_token);
        assert_eq!(answer["claimsAtUserInfo"], json!(["email", "email_verified"]));
    }
    let world = World::new(json!({"supportedScopes": scopes, "supportedClaims": ["email"]}), json!({})).await;
    assert_eq!(world.authorize("scope=openid+email").await["claims"], json!(["email"]));
}

#[tokio::test]
async fn claims_that_cannot_be_read() {
    let world = World::plain().await;
    for wrong in ["%7B", "%5B%5D", "%7B%22id_token%22%3A1%7D"] {
        let answer = world.authorize(&format!("scope=openid&claims={wrong}")).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"), "{wrong}");
    }
}

#[tokio::test]
async fn an_essential_acr_has_to_be_satisfied() {
    let world = World::new(json!({"supportedAcrs": ["silver", "gold"]}), json!({})).await;
    let acr = |values: Value| encoded(&json!({"id_token": {"acr": {"essential": true, "values": values}}}));
    let request = format!("scope=openid&claims={}", acr(json!(["gold", "lead"])));
    let answer = world.authorize(&request).await;
    assert_eq!((&answer["acrs"], &answer["acrEssential"]), (&json!(["gold"]), &json!(true)));
    let body = json!({"ticket": answer["ticket"], "subject": "john", "acr": "silver"});
    let refused = world.act("/auth/authorization/issue", body).await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("unmet_authentication_requirements"));

    let answer = world.authorize(&request).await;
    let token = finish(&world, &answer, json!({"acr": "gold"})).await;
    assert_eq!(keys::claims(token["idToken"].as_str().expect("an ID token"))["acr"], "gold");

    let answer = world.authorize(&format!("scope=openid&claims={}", acr(json!(["lead"])))).await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("unmet_authentication_requirements"));
}

#[tokio::test]
async fn a_user_that_the_client_expects() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=openid").await).await;
    let hint = token["idToken"].as_str().expect("an ID token");
    world.advance(100_000);
    let answer = world.authorize(&format!("scope=openid&id_token_hint={hint}")).await;
    assert_eq!((&answer["action"], &answer["subject"]), (&json!("INTERACTION"), &json!("john")));
    let body = json!({"ticket": answer["ticket"], "subject": "jane"});
    let refused = world.act("/auth/authorization/issue", body).await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("login_required"));

    let claims = json!({"iss": "https://as.example.com", "aud": world.client_id(), "sub": "john"});
    for forged in [Key::ec().sign(&claims), keys::unsigned(&claims), "nonsense".to_owned()] {
        let answer = world.authorize(&format!("scope=openid&id_token_hint={forged}")).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
    }
}

#[tokio::test]
async fn every_algorithm_signs_id_tokens_that_verify() {
    for name in ["ES256", "ES384", "RS256", "RS512", "PS256", "EdDSA"] {
        let world = World::new(json!({}), json!({"idTokenSignAlg": name})).await;
        let token = world.exchange(&world.code("scope=openid").await).await;
        let id_token = token["idToken"].as_str().expect("an ID token");
        let claims = world.verified(id_token, name.parse().expect("an algorithm")).await;
        assert_eq!(claims["sub"], "john", "{name}");
        assert!(claims["at_hash"].is_string());
    }
}

#[tokio::test]
async fn a_shared_secret_signs_id_tokens() {
    let world = World::new(json!({}), json!({"idTokenSignAlg": "HS256"})).await;
    let token = world.exchange(&world.code("scope=openid").await).await;
    let id_token = token["idToken"].as_str().expect("an ID token");
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
    let mut validation = jsonwebtoken::Validation::new(Algorithm::HS256);
    validation.set_audience(&[world.client_id()]);
    assert!(jsonwebtoken::decode::<Value>(id_token, &key, &validation).is_ok());
}

#[tokio::test]
async fn a_service_can_have_keys_of_its_own() {
    let keys: Vec<Value> = ["first", "second"].iter().map(|kid| private_key(kid)).collect();
    let service = json!({"jwks": json!({"keys": keys}).to_string(), "idTokenSignatureKeyId": "second"});
    let world = World::new(service, json!({})).await;
    let (_, published) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
    assert_eq!(published["keys"].as_array().map(Vec::len), Some(2));
    assert!(published["keys"][0].get("d").is_none(), "{published}");
    let token = world.exchange(&world.code("scope=openid").await).await;
    let id_token = token["idToken"].as_str().expect("an ID token");
    assert_eq!(jsonwebtoken::decode_header(id_token).expect("a header").kid.as_deref(), Some("second"));
    assert_eq!(world.verified(id_token, Algorithm::ES256).await["sub"], "john");
}

fn private_key(kid: &str) -> Value {
    use aws_lc_rs::encoding::AsBigEndian;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = pair.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let d = pair.private_key().as_be_bytes().expect("a number");
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(&point[1..33]), "y": text(&point[33..]), "d": text(d.as_ref())})
}

#[tokio::test]
async fn an_id_token_that_is_reissued_is_about_the_same_login() {
    let world = World::new(json!({"idTokenReissuable": true}), json!({})).await;
    let answer = world.authorize("scope=openid&nonce=n1").await;
    let first = finish(&world, &answer, json!({"authTime": 1_000})).await;
    world.advance(10);
    let refresh = first["refreshToken"].as_str().expect("a refresh token");
    let second = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!(second["action"], "ID_TOKEN_REISSUABLE", "{second}");
    let body = json!({"accessToken": second["accessToken"], "refreshToken": second["refreshToken"]});
    let reissued = world.act("/idtoken/reissue", body).await;
    let claims = keys::claims(content(&reissued)["id_token"].as_str().expect("an ID token"));
    let before = keys::claims(first["idToken"].as_str().expect("an ID token"));
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&before["sub"], &before["auth_time"]));
    assert!(claims["iat"].as_u64() > before["iat"].as_u64());
    assert_eq!((before["nonce"].as_str(), claims.get("nonce")), (Some("n1"), None));
    assert_ne!(claims["at_hash"], before["at_hash"]);
}
