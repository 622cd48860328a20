//! Members of calls' bodies whose effect no flow of the other files shows: what is given comes out.

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{REDIRECT_URI, World, content, fragment};

/// A service whose access tokens are JWTs and whose users have logged in by `gold`, with every grant.
async fn world(more: Value) -> World {
    let grants = json!([
        "AUTHORIZATION_CODE",
        "IMPLICIT",
        "REFRESH_TOKEN",
        "CLIENT_CREDENTIALS",
        "DEVICE_CODE",
        "CIBA",
        "PASSWORD",
        "TOKEN_EXCHANGE"
    ]);
    let mut service = json!({
        "supportedGrantTypes": grants, "supportedAcrs": ["gold"], "deviceVerificationUri": "https://as.example.com/d",
        "supportedBackchannelTokenDeliveryModes": ["POLL"], "supportedResponseTypes": ["CODE", "ID_TOKEN_TOKEN"],
        "supportedScopes": [{"name": "openid"}, {"name": "read"}, {"name": "write"}, {"name": "device_sso"}],
        "supportedAuthorizationDetailsTypes": ["pay"], "clientIdAliasEnabled": true,
    });
    service.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let client = json!({
        "grantTypes": grants, "bcDeliveryMode": "POLL", "responseTypes": ["CODE", "ID_TOKEN_TOKEN"],
        "clientIdAlias": "shop", "clientIdAliasEnabled": true, "authorizationDetailsTypes": ["pay"],
    });
    World::new(service, client).await
}

/// What the server says when the user has agreed, away from the browser.
fn decision() -> Value {
    json!({
        "result": "AUTHORIZED", "subject": "john", "sub": "j", "acr": "gold", "authTime": 1_000, "idTokenAudType": "string",
        "idtHeaderParams": "{\"x\":\"y\"}", "jwtAtClaims": "{\"a\":\"b\"}", "properties": [{"key": "p", "value": "q"}],
        "accessTokenDuration": 77, "refreshTokenDuration": 99, "scopes": ["openid", "read"],
    })
}

/// Asserts that the tokens are as the decision says.
async fn assert_decided(world: &World, token: &Value) {
    assert_eq!(token["action"], "OK", "{token}");
    let id_token = token["idToken"].as_str().expect("an ID token");
    let told = claims(id_token);
    let expected =
        [("sub", json!("j")), ("acr", json!("gold")), ("auth_time", json!(1_000)), ("aud", json!(world.client_id()))];
    for (claim, value) in expected {
        assert_eq!(told[claim], value, "{claim}");
    }
    assert_eq!(header(id_token)["x"], "y");
    assert_eq!(claims(token["jwtAccessToken"].as_str().expect("a JWT"))["a"], "b");
    let seen = world.introspect(&token["jwtAccessToken"]).await;
    assert_eq!((&seen["scopes"], &seen["properties"][0]["value"]), (&json!(["openid", "read"]), &json!("q")), "{seen}");
    assert_eq!(content(token)["expires_in"], 77);
    world.advance(98);
    assert_eq!(details(world, token).await["refreshable"], true);
    world.advance(2);
    assert_eq!(details(world, token).await["refreshable"], false);
}

fn header(jwt: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next().expect("a header")).expect("base64");
    serde_json::from_slice(&header).expect("JSON")
}

/// What introspection says of a token, whether it can still be used or not.
async fn details(world: &World, token: &Value) -> Value {
    world.introspect(&token["accessToken"]).await
}

#[tokio::test]
async fn a_decision_in_ciba() {
    let world = world(json!({"accessTokenSignAlg": "ES256"})).await;
    let ask = async || {
        let body = world.token_body("scope=openid+read+write&login_hint=john");
        let ticket = world.act("/backchannel/authentication", body).await["ticket"].clone();
        let issued = world.act("/backchannel/authentication/issue", json!({"ticket": ticket})).await;
        (ticket, issued["authReqId"].as_str().expect("an id").to_owned())
    };
    let poll =
        async |id: &str| world.token(&format!("grant_type=urn:openid:params:grant-type:ciba&auth_req_id={id}")).await;
    let (ticket, id) = ask().await;
    let mut body = decision();
    body["ticket"] = ticket;
    world.act("/backchannel/authentication/complete", body).await;
    assert_decided(&world, &poll(&id).await).await;

    let (ticket, id) = ask().await;
    let body = json!({"ticket": ticket, "result": "ACCESS_DENIED", "subject": "john", "errorUri": "https://e.example"});
    world.act("/backchannel/authentication/complete", body).await;
    assert_eq!(content(&poll(&id).await)["error_uri"], "https://e.example");
}

#[tokio::test]
async fn a_decision_in_the_device_flow() {
    let world = world(json!({"accessTokenSignAlg": "ES256"})).await;
    let opened = world.act("/device/authorization", world.token_body("scope=openid+read+write")).await;
    let mut body = decision();
    body["userCode"] = opened["userCode"].clone();
    world.act("/device/complete", body).await;
    let code = opened["deviceCode"].as_str().expect("a device code");
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let token = world.token(&format!("grant_type={grant}&device_code={code}")).await;
    assert_decided(&world, &token).await;
}

#[tokio::test]
async fn a_decision_in_the_browser() {
    let world = world(json!({})).await;
    let parameters = format!(
        "response_type=id_token+token&client_id={}&redirect_uri={REDIRECT_URI}&scope=openid&nonce=n",
        world.client_id()
    );
    let opened = world.act("/auth/authorization", json!({"parameters": parameters})).await;
    let mut body = json!({"ticket": opened["ticket"]});
    for member in ["subject", "sub", "idTokenAudType", "accessTokenDuration"] {
        body[member] = decision()[member].clone();
    }
    let issued = world.act("/auth/authorization/issue", body).await;
    assert_eq!(fragment(&issued, "expires_in").as_deref(), Some("77"), "{issued}");
    let told = claims(&fragment(&issued, "id_token").expect("an ID token"));
    assert_eq!((&told["sub"], &told["aud"]), (&json!("j"), &json!(world.client_id())));
}

#[tokio::test]
async fn a_password_that_is_right() {
    let world = world(json!({"accessTokenSignAlg": "ES256"})).await;
    let asked = world.token("grant_type=password&username=john&password=x&scope=read").await;
    let mut body = json!({"ticket": asked["ticket"]});
    for member in ["subject", "jwtAtClaims", "refreshTokenDuration"] {
        body[member] = decision()[member].clone();
    }
    let token = world.act("/auth/token/issue", body).await;
    assert_eq!(claims(token["jwtAccessToken"].as_str().expect("a JWT"))["a"], "b");
    world.advance(100);
    assert_eq!(details(&world, &token).await["refreshable"], false);
}

#[tokio::test]
async fn apps_that_share_a_login() {
    let world = world(json!({"nativeSsoSupported": true})).await;
    let ticket = world.authorize("scope=openid+device_sso&nonce=n").await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john", "sessionId": "s1"});
    let issued = world.act("/auth/authorization/issue", body).await;
    let tokens = world.exchange(issued["authorizationCode"].as_str().expect("a code")).await;
    let mut body = json!({
        "accessToken": tokens["accessToken"], "refreshToken": tokens["refreshToken"], "deviceSecret": "secret",
        "claims": "{\"name\":\"John\"}",
    });
    for member in ["sub", "idTokenAudType", "idtHeaderParams"] {
        body[member] = decision()[member].clone();
    }
    let response = content(&world.act("/nativesso", body).await);
    let id_token = response["id_token"].as_str().expect("an ID token");
    let told = claims(id_token);
    for (claim, value) in [("sub", json!("j")), ("aud", json!(world.client_id())), ("name", json!("John"))] {
        assert_eq!(told[claim], value, "{claim}");
    }
    assert_eq!(header(id_token)["x"], "y");
}

#[tokio::test]
async fn a_token_is_created() {
    let world = world(json!({"accessTokenSignAlg": "ES256"})).await;
    let mut body = json!({"grantType": "AUTHORIZATION_CODE", "clientIdentifier": "shop", "clientIdAliasUsed": true});
    for member in ["subject", "acr", "authTime", "jwtAtClaims", "refreshTokenDuration"] {
        body[member] = decision()[member].clone();
    }
    let token = world.act("/auth/token/create", body).await;
    assert_eq!((&token["action"], &token["clientIdentifier"]), (&json!("OK"), &json!("shop")), "{token}");
    assert_eq!(claims(token["jwtAccessToken"].as_str().expect("a JWT"))["a"], "b");
    let seen = world.introspect(&token["jwtAccessToken"]).await;
    assert_eq!(
        (&seen["acr"], &seen["authTime"], &seen["clientIdAliasUsed"]),
        (&json!("gold"), &json!(1_000), &json!(true))
    );
    world.advance(100);
    assert_eq!(details(&world, &token).await["refreshable"], false);
}

#[tokio::test]
async fn a_token_is_updated() {
    let world = world(json!({})).await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let path = format!("/api/{}/auth/token/get/list", world.service_id());
    let listed = world.call("GET", &path, None).await.1["accessTokens"][0].clone();
    let update = async |mut body: Value| {
        body["accessTokenHash"] = listed["accessTokenHash"].clone();
        let updated = world.act("/auth/token/update", body).await;
        assert_eq!(updated["action"], "OK", "{updated}");
    };
    let pay = json!({"elements": [{"type": "pay"}]});
    let ends = 1000 * (world.now() + 50);
    update(json!({"authorizationDetails": pay, "refreshTokenExpiresAt": ends, "accessTokenPersistent": true})).await;
    let seen = details(&world, &token).await;
    assert_eq!(seen["authorizationDetails"]["elements"][0]["type"], "pay", "{seen}");
    assert_eq!(seen["refreshable"], true);
    world.advance(51);
    assert_eq!(details(&world, &token).await["refreshable"], false);
    world.advance(86_400);
    assert_eq!(details(&world, &token).await["action"], "OK");
    update(json!({"certificateThumbprint": "print"})).await;
    assert_eq!(details(&world, &token).await["action"], "UNAUTHORIZED");
}

#[tokio::test]
async fn whose_authorizations_they_are() {
    let world = world(json!({})).await;
    let other = world.add_client(json!({"developer": "ada"})).await;
    for client in [&world.client, &other] {
        let body = json!({
            "grantType": "AUTHORIZATION_CODE", "clientId": client["clientId"], "subject": "john", "scopes": ["read"],
        });
        world.act("/auth/token/create", body).await;
    }
    let service = world.service_id();
    let post = async |path: &str, body: Value| world.call("POST", &format!("/api/{service}{path}"), Some(&body)).await;
    let list = async |more: Value| {
        let mut body = json!({"subject": "john"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        post("/client/authorization/get/list", body).await.1
    };
    assert_eq!(list(json!({})).await["clients"].as_array().map(Vec::len), Some(2));
    assert_eq!(list(json!({"end": 1})).await["clients"].as_array().map(Vec::len), Some(1));
    let of_ada = list(json!({"developer": "ada"})).await;
    assert_eq!((&of_ada["totalCount"], &of_ada["clients"][0]["clientId"]), (&json!(1), &other["clientId"]));
    let path = format!("/client/granted_scopes/get/{}", other["clientId"]);
    let granted = post(&path, json!({"subject": "john"})).await.1;
    assert_eq!(granted["subject"], "john", "{granted}");
    let path = format!("/client/authorization/delete/{}", other["clientId"]);
    assert_eq!(post(&path, json!({"subject": "john"})).await.0, 200);
    assert_eq!(list(json!({})).await["totalCount"], 1);
}

#[tokio::test]
async fn documents_with_line_breaks() {
    for (pretty, breaks) in [(true, true), (false, false)] {
        let attested = World::new(json!({"supportedTokenAuthMethods": ["ATTEST_JWT_CLIENT_AUTH"]}), json!({})).await;
        let challenge = attested.act("/attestation/challenge", json!({"pretty": pretty})).await;
        let text = challenge["responseContent"].as_str().expect("a document");
        assert_eq!(text.contains('\n'), breaks, "{text}");
    }
}
