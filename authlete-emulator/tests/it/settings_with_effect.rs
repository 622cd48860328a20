//! Settings whose effect no flow of the other files shows.

use serde_json::{Value, json};

use crate::keys::{Key, claims};
use crate::world::{REDIRECT_URI, World, assert_error, content, fragment, parameter};

#[tokio::test]
async fn the_type_of_tokens() {
    for (set, expected) in [(json!("Special"), "Special"), (Value::Null, "Bearer")] {
        let world = World::new(json!({"accessTokenType": set}), json!({})).await;
        let token = content(&world.token("grant_type=client_credentials").await);
        assert_eq!(token["token_type"], expected);
    }
}

#[tokio::test]
async fn how_long_an_id_token_lasts() {
    for (set, expected) in [(77, 77), (0, 86_400)] {
        let world = World::new(json!({"idTokenDuration": set}), json!({})).await;
        let token = world.exchange(&world.code("scope=openid").await).await;
        let claims = claims(token["idToken"].as_str().expect("an ID token"));
        assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + expected));
    }
}

/// A service with two keys, and the name of the second.
fn two_keys() -> (Value, &'static str) {
    let keys: Vec<Value> = ["first", "second"]
        .iter()
        .map(|kid| {
            let set: Value = serde_json::from_str(&Key::ec().private_set()).expect("a key set");
            let mut key = set["keys"][0].clone();
            key["kid"] = json!(kid);
            key
        })
        .collect();
    (json!(json!({"keys": keys}).to_string()), "second")
}

fn kid(jwt: &Value) -> Option<String> {
    jsonwebtoken::decode_header(jwt.as_str().expect("a JWT")).expect("a header").kid
}

#[tokio::test]
async fn the_key_that_signs_is_chosen() {
    for chosen in ["first", "second"] {
        let (jwks, _) = two_keys();
        let service = json!({
            "jwks": jwks, "authorizationSignatureKeyId": chosen, "introspectionSignatureKeyId": chosen,
            "userInfoSignatureKeyId": chosen,
        });
        let world = World::new(service, json!({"authorizationSignAlg": "ES256", "userInfoSignAlg": "ES256"})).await;
        let ticket = world.authorize("scope=openid&response_mode=jwt").await["ticket"].clone();
        let issued = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
        let response = parameter(&issued, "response").expect("a JWT");
        assert_eq!(kid(&json!(response)).as_deref(), Some(chosen), "authorizationSignatureKeyId");
        let token = world.exchange(&world.code("scope=openid").await).await;
        let userinfo = world.act("/auth/userinfo/issue", json!({"token": token["accessToken"]})).await;
        assert_eq!(kid(&userinfo["responseContent"]).as_deref(), Some(chosen), "userInfoSignatureKeyId");
        let body = json!({
            "parameters": "token=x", "rsUri": "https://rs.example.com", "introspectionSignAlg": "ES256",
            "httpAcceptHeader": "application/token-introspection+jwt",
        });
        let introspected = world.act("/auth/introspection/standard", body).await;
        assert_eq!(kid(&introspected["responseContent"]).as_deref(), Some(chosen), "introspectionSignatureKeyId");
    }
}

#[tokio::test]
async fn openid_goes_at_a_refresh() {
    for (flag, expected) in [(true, json!(["read"])), (false, json!(["openid", "read"]))] {
        let world = World::new(json!({"openidDroppedOnRefreshWithoutOfflineAccess": flag}), json!({})).await;
        let token = world.exchange(&world.code("scope=openid+read").await).await;
        let refresh = token["refreshToken"].as_str().expect("a refresh token");
        let renewed = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
        assert_eq!(renewed["scopes"], expected);
    }
}

#[tokio::test]
async fn a_request_object_for_nobody() {
    for flag in [true, false] {
        let key = Key::ec();
        let service = json!({"requestObjectAudienceChecked": flag});
        let world = World::new(service, json!({"jwks": key.set(), "requestSignAlg": "ES256"})).await;
        let object = key.sign(&json!({
            "iss": world.client_id(), "client_id": world.client_id(), "response_type": "code", "redirect_uri": REDIRECT_URI,
        }));
        let body = json!({"parameters": format!("client_id={}&request={object}", world.client_id())});
        let response = world.act("/auth/authorization", body).await;
        match flag {
            true => assert_error(&response, "BAD_REQUEST", "invalid_request_object"),
            false => assert_eq!(response["action"], "INTERACTION", "{response}"),
        }
    }
}

#[tokio::test]
async fn where_registrations_are_managed() {
    let service = json!({
        "dynamicRegistrationSupported": true, "registrationEndpoint": "https://as.example.com/register",
        "registrationManagementEndpoint": "https://as.example.com/manage/",
    });
    let world = World::new(service, json!({})).await;
    let created = content(&world.act("/client/registration", json!({"json": "{\"client_name\":\"C\"}"})).await);
    let uri = created["registration_client_uri"].as_str().expect("a URI");
    assert_eq!(uri, format!("https://as.example.com/manage/{}", created["client_id"].as_str().expect("an id")));
}

#[tokio::test]
async fn prompts_that_are_not_supported() {
    let world = World::new(json!({"supportedPromptValues": ["NONE", "LOGIN"]}), json!({})).await;
    assert_eq!(world.authorize("scope=read&prompt=login").await["action"], "INTERACTION");
    let refused = world.authorize("scope=read&prompt=consent").await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn languages_that_are_not_supported() {
    let service = json!({"supportedUiLocales": ["de"], "supportedClaimLocales": ["fr"]});
    let asked = "scope=openid&ui_locales=ja+de&claims_locales=fr+ja";
    let with = World::new(service, json!({})).await.authorize(asked).await;
    assert_eq!((&with["uiLocales"], &with["claimsLocales"]), (&json!(["de"]), &json!(["fr"])));
    let without = World::plain().await.authorize(asked).await;
    assert_eq!((&without["uiLocales"], &without["claimsLocales"]), (&json!(["ja", "de"]), &json!(["fr", "ja"])));
}

#[tokio::test]
async fn the_acrs_of_a_client() {
    let world = World::new(json!({"supportedAcrs": ["gold", "silver"]}), json!({"defaultAcrs": ["gold"]})).await;
    assert_eq!(world.authorize("scope=openid").await["acrs"], json!(["gold"]));
    assert_eq!(world.authorize("scope=openid&acr_values=silver").await["acrs"], json!(["silver"]));
}

#[tokio::test]
async fn metadata_of_the_service_s_own() {
    let service = json!({"dynamicRegistrationSupported": true, "supportedCustomClientMetadata": ["shoe_size"]});
    let world = World::new(service, json!({})).await;
    let metadata = json!({"client_name": "C", "shoe_size": 43, "hat_size": 1}).to_string();
    let created = world.act("/client/registration", json!({"json": metadata})).await;
    assert_eq!((&content(&created)["shoe_size"], content(&created).get("hat_size")), (&json!(43), None));
    assert_eq!(created["client"]["customMetadata"], "{\"shoe_size\":43}");
}

#[tokio::test]
async fn consented_claims() {
    let grants = json!(["AUTHORIZATION_CODE", "DEVICE_CODE", "CIBA"]);
    let service = json!({
        "supportedGrantTypes": grants, "deviceVerificationUri": "https://as.example.com/device",
        "supportedBackchannelTokenDeliveryModes": ["POLL"],
    });
    let world = World::new(service, json!({"grantTypes": grants, "bcDeliveryMode": "POLL"})).await;
    let ticket = world.authorize("scope=openid").await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john", "consentedClaims": ["email"]});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let by_code = world.exchange(code.as_str().expect("a code")).await;
    let device = world.act("/device/authorization", world.token_body("scope=openid")).await;
    let body = json!({"userCode": device["userCode"], "result": "AUTHORIZED", "subject": "john", "consentedClaims": ["email"]});
    world.act("/device/complete", body).await;
    let code = device["deviceCode"].as_str().expect("a device code");
    let by_device =
        world.token(&format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}")).await;
    let asked = world.act("/backchannel/authentication", world.token_body("scope=openid&login_hint=john")).await;
    world.act("/backchannel/authentication/issue", json!({"ticket": asked["ticket"]})).await;
    let body =
        json!({"ticket": asked["ticket"], "result": "AUTHORIZED", "subject": "john", "consentedClaims": ["email"]});
    let done = world.act("/backchannel/authentication/complete", body).await;
    let id = done["authReqId"].as_str().expect("an id");
    let by_ciba = world.token(&format!("grant_type=urn:openid:params:grant-type:ciba&auth_req_id={id}")).await;
    for token in [by_code, by_device, by_ciba] {
        assert_eq!(world.introspect(&token["accessToken"]).await["consentedClaims"], json!(["email"]), "{token}");
    }
}

#[tokio::test]
async fn a_refresh_token_lasts_longer() {
    let scopes =
        json!([{"name": "read"}, {"name": "write", "attributes": [{"key": "refresh_token.duration", "value": "60"}]}]);
    let world = World::new(json!({"supportedScopes": scopes}), json!({})).await;
    let token = world.exchange(&world.code("scope=read").await).await;
    for (flag, shorter) in [(false, false), (true, true)] {
        let scopes = if flag { json!(["write"]) } else { json!(["read", "write"]) };
        let body = json!({
            "accessToken": token["accessToken"], "scopes": scopes, "refreshTokenExpiresAtUpdatedOnScopeUpdate": flag,
        });
        let updated = world.act("/auth/token/update", body).await;
        let left = updated["refreshTokenExpiresAt"].as_u64().expect("a time") / 1000 - world.now();
        assert_eq!(left <= 60, shorter, "{updated}");
    }
}

#[tokio::test]
async fn a_metadata_document_with_a_query() {
    // Nothing is served at the address: what counts is whether anybody asks there.
    let url = "http%3A%2F%2F127.0.0.1%3A9%2Fclient.json%3Fa%3Db";
    let mut responses = Vec::new();
    for permitted in [false, true] {
        let service = json!({
            "clientIdMetadataDocumentSupported": true, "cimdHttpPermitted": true, "cimdQueryPermitted": permitted,
        });
        let world = World::new(service, json!({})).await;
        let body = json!({"parameters": format!("response_type=code&client_id={url}")});
        let response = world.act("/auth/authorization", body).await;
        assert_eq!(response["action"], "BAD_REQUEST", "{response}");
        responses.push(response["resultMessage"].clone());
    }
    assert_ne!(responses[0], responses[1]);
}

#[tokio::test]
async fn a_token_is_updated_by_its_refresh_token() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    let path = format!("/api/{}/auth/token/get/list", world.service_id());
    let listed = world.call("GET", &path, None).await.1["accessTokens"][0].clone();
    for (member, value) in [("refreshToken", json!(refresh)), ("refreshTokenHash", listed["refreshTokenHash"].clone())]
    {
        let mut body = json!({"properties": [{"key": "by", "value": member}]});
        body[member] = value;
        assert_eq!(world.act("/auth/token/update", body).await["action"], "OK", "{member}");
        let seen = world.introspect(&token["accessToken"]).await;
        assert_eq!(seen["properties"][0]["value"], member);
    }
    let unknown = world.act("/auth/token/update", json!({"refreshToken": "x"})).await;
    assert_eq!(unknown["action"], "NOT_FOUND");
}

#[tokio::test]
async fn aliases_that_look_like_urls() {
    for (prohibited, status) in [(true, 400), (false, 201)] {
        let world = World::new(json!({"httpAliasProhibited": prohibited}), json!({})).await;
        for alias in ["https://client.example.org", "http://client.example.org"] {
            let path = format!("/api/{}/client/create", world.service_id());
            assert_eq!(world.call("POST", &path, Some(&json!({"clientIdAlias": alias}))).await.0, status, "{alias}");
        }
        assert_eq!(world.add_client(json!({"clientIdAlias": "httpsome"})).await["clientIdAlias"], "httpsome");
    }
}

#[tokio::test]
async fn a_public_client_may_leave_its_id_out() {
    for allowed in [true, false] {
        let service = json!({"missingClientIdAllowed": allowed});
        let world = World::new(service, json!({"clientType": "PUBLIC", "tokenAuthMethod": "NONE"})).await;
        let ask = async |parameters: String| world.act("/auth/token", json!({"parameters": parameters})).await;
        let code = format!("code={}&redirect_uri={REDIRECT_URI}", world.code("scope=read").await);
        let token = ask(format!("grant_type=authorization_code&{code}")).await;
        if !allowed {
            assert_error(&token, "INVALID_CLIENT", "invalid_client");
            continue;
        }
        assert_eq!((&token["action"], &token["clientId"]), (&json!("OK"), &world.client["clientId"]), "{token}");
        let refresh = token["refreshToken"].as_str().expect("a refresh token");
        let renewed = ask(format!("grant_type=refresh_token&refresh_token={refresh}")).await;
        assert_eq!(renewed["action"], "OK", "{renewed}");
        // A code that is unknown names nobody, and neither does a grant without one.
        for parameters in ["grant_type=authorization_code&code=x", "grant_type=client_credentials"] {
            assert_error(&ask(parameters.to_owned()).await, "INVALID_CLIENT", "invalid_client");
        }
    }
    // A confidential client has to say who it is, and to prove it.
    let world = World::new(json!({"missingClientIdAllowed": true}), json!({})).await;
    let parameters = format!("grant_type=authorization_code&code={}", world.code("scope=read").await);
    let refused = world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_error(&refused, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn an_id_token_without_the_scope_openid() {
    for dropped in [true, false] {
        let types = json!(["CODE", "ID_TOKEN", "CODE_ID_TOKEN"]);
        let grants = json!(["AUTHORIZATION_CODE", "IMPLICIT"]);
        let service = json!({
            "idTokenDroppedOnIssueWithoutOpenid": dropped, "supportedResponseTypes": types, "supportedGrantTypes": grants,
        });
        let world = World::new(service, json!({"responseTypes": types, "grantTypes": grants})).await;
        for (scopes, there) in [(json!(["read"]), !dropped), (json!(["openid", "read"]), true)] {
            let parameters = format!(
                "response_type=code+id_token&client_id={}&redirect_uri={REDIRECT_URI}&scope=openid+read&nonce=n",
                world.client_id()
            );
            let opened = world.act("/auth/authorization", json!({"parameters": parameters})).await;
            let body = json!({"ticket": opened["ticket"], "subject": "john", "scopes": scopes});
            let issued = world.act("/auth/authorization/issue", body).await;
            assert_eq!(fragment(&issued, "id_token").is_some(), there, "{issued}");
            assert!(fragment(&issued, "code").is_some());
        }
    }
}

#[tokio::test]
async fn what_pages_and_servers_are_told_of_service_and_client() {
    let pair = |value: &str| json!([{"key": "k", "value": value}]);
    let service = json!({"description": "A service", "attributes": pair("of the service")});
    let client = json!({"description": "A client", "attributes": pair("of the client")});
    let world = World::new(service, client).await;
    let page = world.authorize("scope=read").await;
    assert_eq!(
        (&page["service"]["description"], &page["client"]["description"]),
        (&json!("A service"), &json!("A client"))
    );
    assert_eq!(page["client"]["clientName"], "Test client");
    let token = world.exchange(&world.code("scope=read").await).await;
    let seen = world.introspect(&token["accessToken"]).await;
    assert_eq!(
        (&seen["serviceAttributes"], &seen["clientAttributes"]),
        (&pair("of the service"), &pair("of the client"))
    );
}

#[tokio::test]
async fn the_key_of_access_tokens_and_the_form_of_audiences() {
    for chosen in ["first", "second"] {
        let service = json!({
            "jwks": two_keys().0, "accessTokenSignAlg": "ES256", "accessTokenSignatureKeyId": chosen,
            "idTokenAudType": "string",
        });
        let world = World::new(service, json!({})).await;
        let token = world.exchange(&world.code("scope=openid").await).await;
        assert_eq!(kid(&token["jwtAccessToken"]).as_deref(), Some(chosen));
        assert_eq!(claims(token["idToken"].as_str().expect("an ID token"))["aud"], world.client_id());
    }
}

#[tokio::test]
async fn what_a_client_has_registered_of_its_own() {
    let service = json!({"dynamicRegistrationSupported": true, "supportedCustomClientMetadata": ["shoe_size"]});
    let world = World::new(service, json!({})).await;
    let created = world.act("/client/registration", json!({"json": "{\"client_name\":\"C\"}"})).await;
    let registered = content(&created);
    let id = registered["client_id"].as_str().expect("an id");
    let mut settings = created["client"].clone();
    settings["customMetadata"] = json!("{\"shoe_size\":43}");
    settings["applicationType"] = json!("NATIVE");
    let path = format!("/api/{}/client/update/{id}", world.service_id());
    assert_eq!(world.call("POST", &path, Some(&settings)).await.0, 200);
    let body = json!({"clientId": id, "token": registered["registration_access_token"]});
    let seen = content(&world.act("/client/registration/get", body).await);
    assert_eq!((&seen["shoe_size"], &seen["application_type"]), (&json!(43), &json!("native")));
}

#[tokio::test]
async fn how_content_is_encrypted() {
    let key = Key::ec();
    let mut public = key.public.clone();
    public["use"] = json!("enc");
    public.as_object_mut().expect("an object").remove("alg");
    let client = json!({
        "jwks": json!({"keys": [public]}).to_string(), "authorizationSignAlg": "ES256",
        "authorizationEncryptionAlg": "ECDH_ES", "authorizationEncryptionEnc": "A256GCM",
        "userInfoEncryptionAlg": "ECDH_ES", "userInfoEncryptionEnc": "A256GCM",
    });
    let world = World::new(json!({}), client).await;
    let enc = |jwe: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let header = URL_SAFE_NO_PAD.decode(jwe.split('.').next().expect("a header")).expect("base64");
        serde_json::from_slice::<Value>(&header).expect("JSON")["enc"].clone()
    };
    let ticket = world.authorize("scope=openid&response_mode=jwt").await["ticket"].clone();
    let issued = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_eq!(enc(&parameter(&issued, "response").expect("a JWE")), "A256GCM");
    let token = world.exchange(&world.code("scope=openid").await).await;
    let userinfo = world.act("/auth/userinfo/issue", json!({"token": token["accessToken"]})).await;
    assert_eq!(enc(userinfo["responseContent"].as_str().expect("a JWE")), "A256GCM");
}

#[tokio::test]
async fn a_client_may_have_one_token_for_each_user() {
    let world = World::new(json!({}), json!({"singleAccessTokenPerSubject": true})).await;
    let first = world.exchange(&world.code("scope=read").await).await;
    let second = world.exchange(&world.code("scope=read").await).await;
    assert_eq!(world.introspect(&first["accessToken"]).await["existent"], false);
    assert_eq!(world.introspect(&second["accessToken"]).await["existent"], true);
}

#[tokio::test]
async fn private_keys_for_whoever_asks() {
    let own = json!({"jwks": two_keys().0});
    for service in [json!({}), own] {
        let world = World::new(service, json!({})).await;
        let path = format!("/api/{}/service/jwks/get", world.service_id());
        let (status, whole) = world.call("GET", &format!("{path}?includePrivateKeys=true"), None).await;
        let public = world.call("GET", &path, None).await.1;
        let both = whole["keys"].as_array().expect("keys").iter().zip(public["keys"].as_array().expect("keys"));
        assert!(status == 200 && both.len() >= 2, "{whole}");
        for (whole, public) in both {
            assert!(whole["d"].is_string() && public.get("d").is_none());
            let members = public.as_object().expect("a key");
            assert!(members.iter().all(|(name, value)| whole[name] == *value), "{public}");
        }
    }
}
