//! Verified claims (OpenID Connect for Identity Assurance) and transformed ones (Advanced Syntax for Claims).

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{World, content};

async fn world() -> World {
    let predefined = json!({"18_or_over": {"claim": "birthdate", "fn": ["years_ago", ["gte", 18]]}});
    World::new(json!({"predefinedTransformedClaims": predefined.to_string()}), json!({})).await
}

fn definitions() -> Value {
    json!({"nationality_usa": {"claim": "nationalities", "fn": [["eq", "USA"], "any"]}})
}

async fn ask(world: &World, request: &Value) -> Value {
    let request: String = form_urlencoded::byte_serialize(request.to_string().as_bytes()).collect();
    world.authorize(&format!("scope=openid&claims={request}")).await
}

/// The ID token and the access token that the ticket yields with these members of the call.
async fn issue(world: &World, opened: &Value, more: Value) -> (Value, Value) {
    let mut body = json!({"ticket": opened["ticket"], "subject": "john"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let issued = world.act("/auth/authorization/issue", body).await;
    assert_eq!(issued["action"], "LOCATION", "{issued}");
    let token = world.exchange(issued["authorizationCode"].as_str().expect("a code")).await;
    (claims(token["idToken"].as_str().expect("an ID token")), token["accessToken"].clone())
}

#[tokio::test]
async fn transformed_claims_in_an_id_token() {
    let world = world().await;
    let request = json!({
        "transformed_claims": definitions(),
        "id_token": {"::18_or_over": null, ":nationality_usa": null, ":unknown": null, "name": null},
    });
    let opened = ask(&world, &request).await;
    assert_eq!(opened["requestedClaimsForTx"], json!(["birthdate", "nationalities"]), "{opened}");
    assert!(opened["requestedVerifiedClaimsForTx"].is_null());
    assert_eq!(opened["claims"], json!(["name"]), "nobody has to look up what is computed");
    let transformed: Value =
        serde_json::from_str(opened["transformedClaims"].as_str().expect("a string")).expect("JSON");
    assert_eq!(transformed, definitions());
    let for_tx = json!({"birthdate": "1970-01-23", "nationalities": ["DEU", "USA"]});
    let more = json!({"claimsForTx": for_tx.to_string(), "claims": "{\"name\":\"John\"}"});
    let (id_token, _) = issue(&world, &opened, more).await;
    assert_eq!((&id_token["::18_or_over"], &id_token[":nationality_usa"]), (&json!(true), &json!(true)), "{id_token}");
    assert_eq!(id_token["name"], "John");
    for hidden in [":unknown", "birthdate", "nationalities"] {
        assert!(id_token.get(hidden).is_none(), "{hidden}");
    }
}

#[tokio::test]
async fn transformed_claims_at_the_userinfo_endpoint() {
    let world = world().await;
    let request = json!({
        "transformed_claims": definitions(), "userinfo": {"::18_or_over": null, ":nationality_usa": null},
    });
    let opened = ask(&world, &request).await;
    let (id_token, token) = issue(&world, &opened, json!({})).await;
    assert!(id_token.get("::18_or_over").is_none());
    let looked = world.act("/auth/userinfo", json!({"token": token})).await;
    assert_eq!(looked["requestedClaimsForTx"], json!(["birthdate", "nationalities"]), "{looked}");
    assert!(looked["transformedClaims"].is_string());
    let for_tx = json!({"birthdate": "2999-01-01", "nationalities": ["DEU"]});
    let issued = world.act("/auth/userinfo/issue", json!({"token": token, "claimsForTx": for_tx.to_string()})).await;
    let answer = content(&issued);
    assert_eq!((&answer["::18_or_over"], &answer[":nationality_usa"]), (&json!(false), &json!(false)), "{answer}");
    let issued = world.act("/auth/userinfo/issue", json!({"token": token, "claimsForTx": "[]"})).await;
    assert_eq!(issued["action"], "INTERNAL_SERVER_ERROR");
}

#[tokio::test]
async fn verified_claims_with_transformed_ones_inside() {
    let world = world().await;
    let entry = |framework: &str, claim: &str| json!({"verification": {"trust_framework": {"value": framework}}, "claims": {claim: null, "given_name": null}});
    let verified = json!([entry("gold", "::18_or_over"), entry("silver", ":nationality_usa")]);
    let request = json!({
        "transformed_claims": definitions(),
        "id_token": {"verified_claims": verified},
        "userinfo": {"verified_claims": verified[0]},
    });
    let opened = ask(&world, &request).await;
    assert_eq!(opened["requestedVerifiedClaimsForTx"], json!([["birthdate"], ["nationalities"]]), "{opened}");
    assert!(opened["claims"].is_null() || opened["claims"] == json!([]), "{opened}");
    let result =
        |framework: &str| json!({"verification": {"trust_framework": framework}, "claims": {"given_name": "John"}});
    let more = json!({
        "claims": json!({"verified_claims": [result("gold"), result("silver")]}).to_string(),
        "verifiedClaimsForTx": ["{\"birthdate\":\"1970-01-23\"}", "{\"nationalities\":[\"USA\"]}"],
    });
    let (id_token, token) = issue(&world, &opened, more).await;
    let entries = &id_token["verified_claims"];
    assert_eq!(entries[0]["claims"], json!({"given_name": "John", "::18_or_over": true}), "{id_token}");
    assert_eq!(entries[1]["claims"], json!({"given_name": "John", ":nationality_usa": true}));
    assert_eq!(entries[1]["verification"], json!({"trust_framework": "silver"}));

    let looked = world.act("/auth/userinfo", json!({"token": token})).await;
    assert_eq!(looked["requestedVerifiedClaimsForTx"], json!([["birthdate"]]), "{looked}");
    let body = json!({
        "token": token,
        "claims": json!({"verified_claims": result("gold")}).to_string(),
        "verifiedClaimsForTx": ["{\"birthdate\":\"1970-01-23\"}"],
    });
    let answer = content(&world.act("/auth/userinfo/issue", body).await);
    assert_eq!(answer["verified_claims"]["claims"], json!({"given_name": "John", "::18_or_over": true}), "{answer}");
}

#[tokio::test]
async fn verified_claims_that_nobody_asked_for_stay_out() {
    let world = world().await;
    let opened = ask(&world, &json!({"id_token": {"name": null}})).await;
    let more = json!({"claims": "{\"verified_claims\":{\"verification\":{},\"claims\":{}}}"});
    assert!(issue(&world, &opened, more).await.0.get("verified_claims").is_none());
}

#[tokio::test]
async fn requests_that_are_not_good() {
    let world = world().await;
    for request in [
        json!({"transformed_claims": []}),
        json!({"transformed_claims": {"a": {"claim": "birthdate"}}}),
        json!({"id_token": {"verified_claims": {"claims": {"name": null}}}}),
        json!({"id_token": {"verified_claims": {"verification": {}, "claims": {}}}}),
        json!({"userinfo": {"verified_claims": []}}),
        json!({"userinfo": {"verified_claims": "all"}}),
    ] {
        let answer = ask(&world, &request).await;
        assert_eq!(answer["action"], "LOCATION", "{request} {answer}");
        assert_eq!(crate::world::parameter(&answer, "error").as_deref(), Some("invalid_request"), "{request}");
    }
}

#[tokio::test]
async fn what_is_published() {
    let world = world().await;
    let (_, document) = world.call("GET", &format!("/api/{}/service/configuration", world.service_id()), None).await;
    assert_eq!(document["transformed_claims_predefined"]["18_or_over"]["claim"], "birthdate");
    assert!(
        document["transformed_claims_functions_supported"].as_array().expect("names").contains(&json!("years_ago"))
    );
}

#[tokio::test]
async fn access_tokens_for_external_attachments() {
    let evidence = |attachments: &Value| json!([{"type": "document", "attachments": attachments}]);
    let verified = |attachments: &Value| json!({"verification": {"trust_framework": "gold", "evidence": evidence(attachments)}, "claims": {"name": "John"}});
    let attachments = json!([
        {"url": "https://files.example.com/1", "digest": {"alg": "sha-256", "value": "x"}},
        {"url": "https://files.example.com/2"},
        {"url": "https://files.example.com/3", "access_token": null},
        {"url": "https://files.example.com/4", "access_token": "own"},
        {"desc": "embedded", "content_type": "image/png", "content": "eA=="},
    ]);
    let given = json!({"verified_claims": [verified(&attachments)]}).to_string();
    let settings = json!({"accessTokenForExternalAttachmentEmbedded": true, "singleAccessTokenPerSubject": true});
    let world = World::new(settings, json!({})).await;
    let asked = json!({"verification": {"trust_framework": null}, "claims": {"name": null}});
    let opened = ask(&world, &json!({"id_token": {"verified_claims": asked}})).await;
    let (id_token, token) = issue(&world, &opened, json!({"claims": given})).await;
    let body = json!({"token": token, "claims": given});
    let userinfo = content(&world.act("/auth/userinfo/issue", body).await);
    for response in [id_token, userinfo] {
        let found = &response["verified_claims"][0]["verification"]["evidence"][0]["attachments"];
        let embedded = &found[0]["access_token"];
        assert!(embedded.is_string(), "{response}");
        let mut expected = attachments.clone();
        expected[0]["access_token"] = embedded.clone();
        expected[1]["access_token"] = embedded.clone();
        assert_eq!(*found, expected);
        let seen = world.introspect(embedded).await;
        assert_eq!((&seen["action"], &seen["forExternalAttachment"]), (&json!("OK"), &json!(true)), "{seen}");
        assert_eq!((&seen["subject"], &seen["clientId"]), (&json!("john"), &world.client["clientId"]));
        assert!(seen["scopes"].is_null(), "{seen}");
        let refused = world.act("/auth/userinfo", json!({"token": embedded})).await;
        assert_eq!(refused["action"], "FORBIDDEN", "it is for attachments alone: {refused}");
    }
    assert_eq!(world.introspect(&token).await["forExternalAttachment"], false);
}
