//! Services, clients, keys.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::world::{World, content, send};

#[tokio::test]
async fn a_service_keeps_what_it_was_given() {
    let world = World::new(json!({"supportedClaims": ["name"], "notYetInvented": {"a": [1]}}), json!({})).await;
    let id = world.service_id();
    let (status, service) = world.call("GET", &format!("/api/{id}/service/get"), None).await;
    let counted = |clients: &str| json!([{"key": "clientCount", "value": clients}]);
    assert_eq!((&world.service["metadata"], &service["metadata"]), (&counted("0"), &counted("1")));
    let without = |service: &Value| {
        let mut service = service.clone();
        service["metadata"] = Value::Null;
        service
    };
    assert_eq!((status, without(&service)), (200, without(&world.service)));
    assert_eq!(service["notYetInvented"], json!({"a": [1]}));
    assert_eq!((&service["accessTokenDuration"], &service["refreshTokenDuration"]), (&json!(86_400), &json!(864_000)));
    assert_eq!((&service["pkceRequired"], &service["number"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn an_update_takes_the_place_of_all_but_what_the_server_assigns() {
    let world = World::plain().await;
    let id = world.service_id();
    let mut changed = world.service.clone();
    changed["serviceName"] = json!("Renamed");
    changed["apiKey"] = json!(1);
    changed["pkceRequired"] = json!(true);
    changed["issuer"] = Value::Null;
    let (status, answer) = world.call("POST", &format!("/api/{id}/service/update"), Some(&changed)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["serviceName"], &answer["apiKey"]), (&json!("Renamed"), &world.service["apiKey"]));
    assert!(answer.get("issuer").is_none());
    assert_eq!(world.call("GET", &format!("/api/{id}/service/get"), None).await.1, answer);
}

#[tokio::test]
async fn settings_take_the_form_that_the_description_has_for_them() {
    let world = World::plain().await;
    let given = json!({"pkceRequired": "true", "accessTokenDuration": "60", "supportedAcrs": ["loa2", null], "supportedDisplays": ["PAGE"], "hsmEnabled": ""});
    let service = world.add_service(given).await;
    assert_eq!((&service["pkceRequired"], &service["accessTokenDuration"]), (&json!(true), &json!(60)));
    assert_eq!((&service["supportedAcrs"], &service["hsmEnabled"]), (&json!(["loa2"]), &json!(false)));

    // A form has strings alone.
    let path = format!("/api/{}/client/update/{}", world.service_id(), world.client_id());
    let request = world.request("POST", &path).bearer_auth(world.emulator.organization_token());
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let (status, client) = send(request.body("clientName=Form&parRequired=true&defaultMaxAge=7")).await;
    assert_eq!(status, 200, "{client}");
    assert_eq!((&client["parRequired"], &client["defaultMaxAge"]), (&json!(true), &json!(7)));
}

#[tokio::test]
async fn values_that_a_member_cannot_have() {
    let world = World::plain().await;
    for service in [
        json!({"accessTokenDuration": -1}),
        json!({"accessTokenDuration": u64::MAX}),
        json!({"supportedGrantTypes": ["STEAL"]}),
        json!({"supportedScopes": [{"name": "a b"}]}),
        json!({"pkceRequired": "yes"}),
        json!({"jwks": "{}"}),
        json!({"supportedDisplays": ["HOLOGRAM"]}),
        json!({"metadata": [{"key": []}]}),
        json!({"userInfoEndpoint": ["https://as.example.com"]}),
        json!({"allowableClockSkew": u64::MAX}),
    ] {
        assert_eq!(world.call("POST", "/api/service/create", Some(&service)).await.0, 400, "{service}");
    }
    let path = format!("/api/{}/client/create", world.service_id());
    for client in [
        json!({"redirectUris": ["/relative"]}),
        json!({"redirectUris": ["https://c.example/#fragment"]}),
        json!({"clientType": "SECRET"}),
        json!({"responseTypes": "CODE"}),
        json!({"extension": {"requestableScopes": [{}]}}),
        json!({"trustChainExpiresAt": u64::MAX}),
    ] {
        assert_eq!(world.call("POST", &path, Some(&client)).await.0, 400, "{client}");
    }
}

#[tokio::test]
async fn clients_are_found_by_id_and_alias_and_listed_in_pages() {
    let world = World::new(json!({"clientIdAliasEnabled": true}), json!({"developer": "jane"})).await;
    let alias = json!({"clientIdAlias": "shop", "clientIdAliasEnabled": true, "developer": "joe"});
    let second = world.add_client(alias.clone()).await;
    let path = format!("/api/{}/client", world.service_id());
    assert_eq!(world.call("GET", &format!("{path}/get/{}", world.client_id()), None).await.1, world.client);
    assert_eq!(world.call("GET", &format!("{path}/get/shop"), None).await.1, second);
    assert_eq!(world.call("POST", &format!("{path}/create"), Some(&alias)).await.0, 400);
    assert_eq!(second["clientSecret"].as_str().map(str::len), Some(86));

    let list = |query: &'static str| {
        let path = format!("{path}/get/list{query}");
        async {
            let path = path;
            world.call("GET", &path, None).await
        }
    };
    let (_, all) = list("").await;
    assert_eq!((&all["totalCount"], &all["start"], &all["end"]), (&json!(2), &json!(0), &json!(5)));
    assert_eq!(all["clients"], json!([world.client, second]));
    assert_eq!(list("?start=1&end=2").await.1["clients"], json!([second]));
    assert_eq!(list("?start=5&end=2").await.1["clients"], json!([]));
    assert_eq!(list("?developer=joe").await.1["clients"], json!([second]));
    assert_eq!(list("?start=-1").await.0, 400);
}

#[tokio::test]
async fn services_are_listed_for_whoever_may_see_them() {
    let world = World::plain().await;
    let second = world.add_service(json!({})).await;
    let (_, all) = world.call("GET", "/api/service/get/list", None).await;
    let numbers: Vec<&Value> = all["services"].as_array().into_iter().flatten().map(|one| &one["apiKey"]).collect();
    assert_eq!(numbers, [&world.service["apiKey"], &second["apiKey"]]);
    let token = world.emulator.service_token(&second["apiKey"].to_string()).expect("a token");
    let own = crate::world::send(world.request("GET", "/api/service/get/list").bearer_auth(token)).await.1;
    assert_eq!((&own["services"], &own["totalCount"]), (&json!([second]), &json!(1)));
}

#[tokio::test]
async fn an_id_token_is_signed_with_the_published_key() {
    let world = World::plain().await;
    let code = world.code("scope=openid+read&nonce=n1").await;
    let token = world.exchange(&code).await;
    let response = content(&token);
    let id_token = response["id_token"].as_str().expect("an ID token");
    assert_eq!(token["idToken"], id_token);

    let (_, keys) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
    assert!(!keys.to_string().contains("\"d\""), "{keys}");
    let keys: JwkSet = serde_json::from_value(keys).expect("a key set");
    let kid = jsonwebtoken::decode_header(id_token).expect("a JWT").kid.expect("a key id");
    let key = DecodingKey::from_jwk(keys.find(&kid).expect("the key is published")).expect("a key");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[world.client_id()]);
    validation.set_issuer(&["https://as.example.com"]);
    let claims = jsonwebtoken::decode::<Value>(id_token, &key, &validation).expect("a valid ID token").claims;
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!("john"), &json!("n1")));
    assert!(claims.get("acr").is_none());
    assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + 86_400));
}

#[tokio::test]
async fn an_id_token_that_cannot_be_made_is_not_made_up() {
    for (service, client, status) in [
        (json!({"issuer": null}), json!({}), 200),
        (json!({"jwks": "{\"keys\":[]}"}), json!({}), 200),
        (json!({}), json!({"idTokenEncryptionAlg": "RSA1_5"}), 501),
        (json!({}), json!({"idTokenEncryptionAlg": "ECDH_ES"}), 200),
    ] {
        let world = World::new(service, client).await;
        let code = world.code("scope=openid").await;
        let parameters =
            format!("grant_type=authorization_code&code={code}&redirect_uri={}", crate::world::REDIRECT_URI);
        let path = format!("/api/{}/auth/token", world.service_id());
        let answer = world.call("POST", &path, Some(&world.token_body(&parameters))).await;
        assert_eq!(answer.0, status, "{}", answer.1);
        if status == 200 {
            assert_eq!(answer.1["action"], "INTERNAL_SERVER_ERROR");
        }
    }
}
