//! Token exchange, and JWTs as grants.

use serde_json::{Value, json};

use crate::keys::{Key, unsigned};
use crate::world::{World, assert_error};

const TYPES: &str = "urn:ietf:params:oauth:token-type:";

async fn world(service: Value, client: Value) -> World {
    let types = json!(["TOKEN_EXCHANGE", "JWT_BEARER", "AUTHORIZATION_CODE", "REFRESH_TOKEN"]);
    let mut members = [
        json!({"supportedGrantTypes": types, "tokenEndpoint": "https://as.example.com/token"}),
        json!({"grantTypes": types}),
    ];
    for (base, more) in members.iter_mut().zip([service, client]) {
        base.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    }
    let [service, client] = members;
    World::new(service, client).await
}

fn exchange(token: &str, kind: &str, more: &str) -> String {
    format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={token}\
         &subject_token_type={TYPES}{kind}{more}"
    )
}

#[tokio::test]
async fn tokens_of_the_service() {
    let world = world(json!({}), json!({})).await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let more = format!(
        "&actor_token={}&actor_token_type={TYPES}refresh_token&requested_token_type={TYPES}jwt&audience=a&audience=b\
         &resource=https://rs.example.com/x&scope=write",
        token["refreshToken"].as_str().expect("a token")
    );
    let access = token["accessToken"].as_str().expect("a token");
    let answer = world.token(&exchange(access, "access_token", &more)).await;
    assert_eq!(
        (&answer["action"], &answer["grantType"]),
        (&json!("TOKEN_EXCHANGE"), &json!("TOKEN_EXCHANGE")),
        "{answer}"
    );
    assert_eq!((&answer["subjectToken"], &answer["subjectTokenType"]), (&json!(access), &json!("ACCESS_TOKEN")));
    let info = &answer["subjectTokenInfo"];
    assert_eq!((&info["subject"], &info["clientId"]), (&json!("john"), &world.client["clientId"]));
    assert_eq!((&info["scopes"][0]["name"], &info["expiresAt"]), (&json!("read"), &token["accessTokenExpiresAt"]));
    assert_eq!((&answer["actorTokenType"], &answer["requestedTokenType"]), (&json!("REFRESH_TOKEN"), &json!("JWT")));
    assert_eq!(answer["actorTokenInfo"]["expiresAt"], token["refreshTokenExpiresAt"]);
    assert_eq!((&answer["audiences"], &answer["scopes"]), (&json!(["a", "b"]), &json!(["write"])));
    assert_eq!(answer["resources"], json!(["https://rs.example.com/x"]));
    assert!(answer.get("responseContent").is_none() && answer.get("ticket").is_none());
}

#[tokio::test]
async fn requests_that_are_not_exchanges() {
    let world = world(json!({}), json!({})).await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let access = token["accessToken"].as_str().expect("a token");
    let mut refused = vec![
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange".to_owned(),
        exchange(access, "unheard_of", ""),
        exchange("unknown", "access_token", ""),
        exchange(access, "refresh_token", ""),
        exchange(access, "jwt", ""),
        exchange(access, "access_token", "&actor_token=x"),
        exchange(access, "access_token", &format!("&actor_token_type={TYPES}jwt")),
        exchange(access, "access_token", "&requested_token_type=x"),
        // Device secrets exist only with Native SSO.
        exchange(access, "access_token", "&actor_token=x&actor_token_type=urn:openid:params:token-type:device-secret"),
    ];
    world.advance(86_400);
    refused.push(exchange(access, "access_token", ""));
    for parameters in refused {
        assert_error(&world.token(&parameters).await, "BAD_REQUEST", "invalid_request");
    }
    let parameters = exchange("anything", "saml2", "&resource=relative");
    assert_error(&world.token(&parameters).await, "BAD_REQUEST", "invalid_target");
    assert_eq!(world.token(&exchange("anything", "saml2", "")).await["action"], "TOKEN_EXCHANGE");
}

#[tokio::test]
async fn jwts_are_read_but_not_verified() {
    let world = world(json!({}), json!({})).await;
    let now = world.now();
    let signed = Key::ec().sign(&json!({"exp": now + 60, "sub": "jane"}));
    let bare = unsigned(&json!({"sub": "jane"}));
    for jwt in [&signed, &bare, "e30.a.b.c.d"] {
        assert_eq!(world.token(&exchange(jwt, "jwt", "")).await["action"], "TOKEN_EXCHANGE", "{jwt}");
    }
    for claims in [json!({"exp": now}), json!({"iat": now + 100}), json!({"nbf": now + 100})] {
        let parameters = exchange(&unsigned(&claims), "jwt", "");
        assert_error(&world.token(&parameters).await, "BAD_REQUEST", "invalid_request");
    }
    let strict = json!({"tokenExchangeEncryptedJwtRejected": true, "tokenExchangeUnsignedJwtRejected": true});
    let world = self::world(strict, json!({})).await;
    assert_eq!(world.token(&exchange(&signed, "jwt", "")).await["action"], "TOKEN_EXCHANGE");
    for jwt in [&bare, "e30.a.b.c.d"] {
        assert_error(&world.token(&exchange(jwt, "jwt", "")).await, "BAD_REQUEST", "invalid_request");
    }
}

#[tokio::test]
async fn id_tokens_are_verified() {
    let world = world(json!({}), json!({})).await;
    let id_token = world.exchange(&world.code("scope=openid").await).await["idToken"].clone();
    let id_token = id_token.as_str().expect("an ID token");
    assert_eq!(world.token(&exchange(id_token, "id_token", "")).await["action"], "TOKEN_EXCHANGE");
    let now = world.now();
    let right = json!({"iss": "https://as.example.com", "sub": "john", "aud": "x", "exp": now + 60, "iat": now});
    let stranger = Key::ec().sign(&right);
    let symmetric = Key::secret(jsonwebtoken::Algorithm::HS256, "secret").sign(&right);
    for jwt in [&stranger, &symmetric] {
        assert_error(&world.token(&exchange(jwt, "id_token", "")).await, "BAD_REQUEST", "invalid_request");
    }
    for (claim, value) in [
        ("exp", json!(null)),
        ("exp", json!(now - 1)),
        ("iat", json!(null)),
        ("iss", json!("http://as.example.com")),
        ("iss", json!("https://as.example.com?x")),
        ("aud", json!(7)),
        ("nonce", json!(7)),
    ] {
        let mut claims = right.clone();
        claims[claim] = value;
        let parameters = exchange(&unsigned(&claims), "id_token", "");
        assert_error(&world.token(&parameters).await, "BAD_REQUEST", "invalid_request");
    }
    let mut foreign = right;
    foreign["iss"] = json!("https://other.example.com");
    let body = world.token_body(&exchange(&Key::ec().sign(&foreign), "id_token", ""));
    assert_eq!(world.status("/auth/token", &body).await, 501);
}

#[tokio::test]
async fn who_may_exchange() {
    let parameters = exchange("anything", "saml1", "");
    for (service, client, allowed) in [
        (json!({"tokenExchangeByConfidentialClientsOnly": true}), json!({}), true),
        (json!({"tokenExchangeByConfidentialClientsOnly": true}), json!({"clientType": "PUBLIC"}), false),
        (json!({}), json!({"clientType": "PUBLIC"}), true),
        (json!({"tokenExchangeByPermittedClientsOnly": true}), json!({}), false),
        (
            json!({"tokenExchangeByPermittedClientsOnly": true}),
            json!({"extension": {"tokenExchangePermitted": true}}),
            true,
        ),
    ] {
        let world = world(service, client).await;
        let answer = world.token(&parameters).await;
        match allowed {
            true => assert_eq!(answer["action"], "TOKEN_EXCHANGE", "{answer}"),
            false => assert_error(&answer, "BAD_REQUEST", "unauthorized_client"),
        }
    }
}

#[tokio::test]
async fn a_request_from_nobody() {
    let parameters = json!({"parameters": exchange("anything", "saml1", "&scope=read")});
    let world = world(json!({}), json!({})).await;
    let answer = world.act("/auth/token", parameters.clone()).await;
    assert_eq!((&answer["action"], &answer["clientId"]), (&json!("TOKEN_EXCHANGE"), &json!(0)), "{answer}");
    assert!(answer.get("clientAuthMethod").is_none());
    for closed in ["tokenExchangeByIdentifiableClientsOnly", "tokenExchangeByConfidentialClientsOnly"] {
        let world = self::world(json!({closed: true}), json!({})).await;
        let answer = world.act("/auth/token", parameters.clone()).await;
        assert_ne!(answer["action"], "TOKEN_EXCHANGE", "{closed} {answer}");
    }
    let world = self::world(json!({"supportedGrantTypes": ["AUTHORIZATION_CODE"]}), json!({})).await;
    let answer = world.act("/auth/token", parameters).await;
    assert_error(&answer, "BAD_REQUEST", "unsupported_grant_type");
}

fn bearer(assertion: &str) -> String {
    format!("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&scope=read&assertion={assertion}")
}

#[tokio::test]
async fn an_assertion_as_the_grant() {
    let world = world(json!({}), json!({})).await;
    let now = world.now();
    for audience in [json!("https://as.example.com"), json!(["x", "https://as.example.com/token"])] {
        let right = json!({"iss": "i", "sub": "jane", "aud": audience, "exp": now + 60});
        let assertion = Key::ec().sign(&right);
        let answer = world.token(&bearer(&assertion)).await;
        assert_eq!((&answer["action"], &answer["grantType"]), (&json!("JWT_BEARER"), &json!("JWT_BEARER")), "{answer}");
        assert_eq!((&answer["assertion"], &answer["scopes"]), (&json!(assertion), &json!(["read"])));
        assert_eq!(answer["clientId"], world.client["clientId"]);
        for (claim, value) in [
            ("iss", json!(null)),
            ("sub", json!(7)),
            ("aud", json!("https://other.example.com")),
            ("aud", json!(null)),
            ("exp", json!(now)),
            ("exp", json!(null)),
            ("iat", json!(now + 100)),
            ("nbf", json!(now + 100)),
        ] {
            let mut claims = right.clone();
            claims[claim] = value;
            assert_error(&world.token(&bearer(&Key::ec().sign(&claims))).await, "BAD_REQUEST", "invalid_grant");
        }
    }
    assert_error(&world.token(&bearer("")).await, "BAD_REQUEST", "invalid_request");
    assert_error(&world.token(&bearer("x")).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn assertions_that_the_service_does_not_want() {
    let claims =
        |world: &World| json!({"iss": "i", "sub": "s", "aud": "https://as.example.com", "exp": world.now() + 60});
    let world = world(json!({}), json!({})).await;
    let bare = unsigned(&claims(&world));
    for assertion in [&bare, "e30.a.b.c.d"] {
        assert_eq!(world.token(&bearer(assertion)).await["action"], "JWT_BEARER");
        let answer = world.act("/auth/token", json!({"parameters": bearer(assertion)})).await;
        assert_eq!((&answer["action"], &answer["clientId"]), (&json!("JWT_BEARER"), &json!(0)), "{answer}");
    }
    let strict = json!({
        "jwtGrantEncryptedJwtRejected": true, "jwtGrantUnsignedJwtRejected": true,
        "jwtGrantByIdentifiableClientsOnly": true,
    });
    let world = self::world(strict, json!({})).await;
    for assertion in [&bare, "e30.a.b.c.d"] {
        assert_error(&world.token(&bearer(assertion)).await, "BAD_REQUEST", "invalid_grant");
        let answer = world.act("/auth/token", json!({"parameters": bearer(assertion)})).await;
        assert_error(&answer, "INVALID_CLIENT", "invalid_client");
    }
}
