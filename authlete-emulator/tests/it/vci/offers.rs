//! Credential offers and pre-authorized codes.

use serde_json::{Value, json};

use super::issuer::{ISSUER, Issuer, PRE_AUTHORIZED};
use crate::world::{assert_error, content, parameter};

fn offered(info: &Value) -> Value {
    serde_json::from_str(info["credentialOffer"].as_str().expect("an offer")).expect("JSON")
}

#[tokio::test]
async fn an_offer_says_what_the_wallet_needs_and_no_more() {
    let issuer = Issuer::new().await;
    let more = json!({
        "authorizationCodeGrantIncluded": true, "issuerStateIncluded": true, "txCode": "12345",
        "txCodeInputMode": "numeric", "txCodeDescription": "From the letter", "context": "desk 3", "duration": 60,
    });
    let info = issuer.offer(&["person", "license"], &more).await;
    let grants = json!({
        "authorization_code": {"issuer_state": info["issuerState"]},
        PRE_AUTHORIZED: {
            "pre-authorized_code": info["preAuthorizedCode"],
            "tx_code": {"length": 5, "input_mode": "numeric", "description": "From the letter"},
        },
    });
    let expected = json!({
        "credential_issuer": ISSUER, "credential_configuration_ids": ["person", "license"], "grants": grants,
    });
    assert_eq!(offered(&info), expected);
    assert_eq!(
        info["expiresAt"],
        1000 * (issuer.world.now() + 60) + info["expiresAt"].as_u64().expect("a time") % 1000
    );
    let found = issuer.world.act("/vci/offer/info", json!({"identifier": info["identifier"]})).await;
    assert_eq!((&found["action"], &found["info"]), (&json!("OK"), &info));
    issuer.world.advance(60);
    let found = issuer.world.act("/vci/offer/info", json!({"identifier": info["identifier"]})).await;
    assert_eq!(found["action"], "NOT_FOUND", "{found}");
}

#[tokio::test]
async fn an_offer_without_grants() {
    let issuer = Issuer::new().await;
    let info = issuer.offer(&["person"], &json!({"preAuthorizedCodeGrantIncluded": false, "txCode": "1"})).await;
    assert_eq!(offered(&info), json!({"credential_issuer": ISSUER, "credential_configuration_ids": ["person"]}));
}

#[tokio::test]
async fn what_cannot_be_offered() {
    let issuer = Issuer::new().await;
    for body in [
        json!({"subject": "john"}),
        json!({"subject": "john", "credentialConfigurationIds": ["other"]}),
        json!({"credentialConfigurationIds": ["person"]}),
        json!({"credentialConfigurationIds": ["person"], "subject": "john", "jwtAtClaims": "[]"}),
    ] {
        let answer = issuer.world.act("/vci/offer/create", body.clone()).await;
        assert_eq!(answer["action"], "CALLER_ERROR", "{body}: {answer}");
    }
    assert_eq!(issuer.world.act("/vci/offer/info", json!({})).await["action"], "CALLER_ERROR");
}

#[tokio::test]
async fn a_pre_authorized_code_is_good_once() {
    let issuer = Issuer::new().await;
    let more = json!({
        "properties": [{"key": "desk", "value": "3"}], "acr": "high", "authTime": 1_700_000_000,
    });
    let info = issuer.offer(&["person"], &more).await;
    let answer = issuer.redeem(&info["preAuthorizedCode"], "").await;
    assert_eq!(answer["action"], "OK", "{answer}");
    assert_eq!((&answer["subject"], &answer["grantType"]), (&json!("john"), &json!("PRE_AUTHORIZED_CODE")), "{answer}");
    assert_eq!(answer["refreshToken"], Value::Null);
    let response = content(&answer);
    assert_eq!(
        (&response["desk"], &response["c_nonce"], &response["token_type"]),
        (&json!("3"), &Value::Null, &json!("Bearer"))
    );
    let token = issuer.world.introspect(&answer["accessToken"]).await;
    assert_eq!((&token["action"], &token["forCredentialIssuance"]), (&json!("OK"), &json!(true)), "{token}");
    assert_eq!((&token["acr"], &token["authTime"]), (&json!("high"), &json!(1_700_000_000)), "{token}");
    let issuable: Value = serde_json::from_str(token["issuableCredentials"].as_str().expect("a list")).expect("JSON");
    assert_eq!(
        (&issuable[0]["credential_configuration_id"], &issuable[0]["vct"]),
        (&json!("person"), &json!("https://issuer.example.com/person"))
    );
    assert_eq!(issuable.as_array().map(Vec::len), Some(1));
    let again = issuer.redeem(&info["preAuthorizedCode"], "").await;
    assert_error(&again, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn a_pre_authorized_code_expires_with_its_offer() {
    let issuer = Issuer::with(json!({"credentialOfferDuration": 30}), json!({}), json!({})).await;
    let info = issuer.offer(&["person"], &json!({})).await;
    issuer.world.advance(30);
    assert_error(&issuer.redeem(&info["preAuthorizedCode"], "").await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn a_transaction_code_bears_few_guesses() {
    let issuer = Issuer::new().await;
    let code = |info: &Value| info["preAuthorizedCode"].clone();
    let info = issuer.offer(&["person"], &json!({"txCode": "12345"})).await;
    assert_error(&issuer.redeem(&code(&info), "").await, "BAD_REQUEST", "invalid_request");
    for _ in 0..4 {
        assert_error(&issuer.redeem(&code(&info), "&tx_code=11111").await, "BAD_REQUEST", "invalid_grant");
    }
    // user_pin is what the code was called before; wallets still send both.
    assert_eq!(issuer.redeem(&code(&info), "&tx_code=12345&user_pin=12345").await["action"], "OK");

    let info = issuer.offer(&["person"], &json!({"txCode": "12345"})).await;
    for _ in 0..5 {
        assert_error(&issuer.redeem(&code(&info), "&tx_code=11111").await, "BAD_REQUEST", "invalid_grant");
    }
    assert_error(&issuer.redeem(&code(&info), "&tx_code=12345").await, "BAD_REQUEST", "invalid_grant");

    let info = issuer.offer(&["person"], &json!({})).await;
    assert_error(&issuer.redeem(&code(&info), "&tx_code=1").await, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn who_may_redeem_a_pre_authorized_code() {
    let closed = json!({"preAuthorizedGrantAnonymousAccessSupported": false});
    let issuer = Issuer::with(closed, json!({}), json!({})).await;
    let info = issuer.offer(&["person"], &json!({})).await;
    assert_error(&issuer.redeem(&info["preAuthorizedCode"], "").await, "INVALID_CLIENT", "invalid_client");
    let code = info["preAuthorizedCode"].as_str().expect("a code");
    let parameters = format!("grant_type={PRE_AUTHORIZED}&pre-authorized_code={code}");
    let answer = issuer.world.token(&parameters).await;
    assert_eq!((&answer["action"], answer["refreshToken"].is_string()), (&json!("OK"), true), "{answer}");

    let issuer = Issuer::with(json!({}), json!({}), json!({"grantTypes": ["AUTHORIZATION_CODE"]})).await;
    let info = issuer.offer(&["person"], &json!({})).await;
    let code = info["preAuthorizedCode"].as_str().expect("a code");
    let parameters = format!("grant_type={PRE_AUTHORIZED}&pre-authorized_code={code}");
    assert_error(&issuer.world.token(&parameters).await, "BAD_REQUEST", "unauthorized_client");

    let issuer = Issuer::with(json!({"supportedGrantTypes": ["AUTHORIZATION_CODE"]}), json!({}), json!({})).await;
    let info = issuer.offer(&["person"], &json!({})).await;
    assert_error(&issuer.redeem(&info["preAuthorizedCode"], "").await, "BAD_REQUEST", "unsupported_grant_type");
    assert_error(&issuer.redeem(&json!("unknown"), "").await, "BAD_REQUEST", "unsupported_grant_type");
}

#[tokio::test]
async fn a_wallet_narrows_the_offer() {
    let issuer = Issuer::new().await;
    let info = issuer.offer(&["person", "license"], &json!({})).await;
    let details = |id: &str| {
        let details = json!([{"type": "openid_credential", "credential_configuration_id": id}]).to_string();
        form_urlencoded::Serializer::new(String::from("&")).append_pair("authorization_details", &details).finish()
    };
    for (id, error) in [("membership", "invalid_authorization_details"), ("unknown", "invalid_authorization_details")] {
        assert_error(&issuer.redeem(&info["preAuthorizedCode"], &details(id)).await, "BAD_REQUEST", error);
    }
    let answer = issuer.redeem(&info["preAuthorizedCode"], &details("license")).await;
    let details = &content(&answer)["authorization_details"];
    assert_eq!(details[0]["credential_identifiers"], json!(["license"]), "{answer}");
    let token = issuer.world.introspect(&answer["accessToken"]).await;
    let issuable: Value = serde_json::from_str(token["issuableCredentials"].as_str().expect("a list")).expect("JSON");
    assert_eq!(issuable.as_array().map(Vec::len), Some(1), "{token}");
    assert_eq!(issuable[0]["credential_identifiers"], json!(["license"]));
}

#[tokio::test]
async fn an_authorization_request_asks_in_three_ways() {
    let issuer = Issuer::new().await;
    let more = json!({"authorizationCodeGrantIncluded": true, "issuerStateIncluded": true});
    let info = issuer.offer(&["license"], &more).await;
    let details = json!([{"type": "openid_credential", "credential_configuration_id": "membership"}]).to_string();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("scope", "person other")
        .append_pair("issuer_state", info["issuerState"].as_str().expect("a state"))
        .append_pair("authorization_details", &details)
        .finish();
    let answer = issuer.world.authorize(&query).await;
    assert_eq!((&answer["action"], &answer["credentialOfferInfo"]), (&json!("INTERACTION"), &info), "{answer}");
    let ids = |text: &Value| {
        let list: Value = serde_json::from_str(text.as_str().expect("a list")).expect("JSON");
        let list = list.as_array().expect("a list").clone();
        list.iter()
            .map(|one| one["credential_configuration_id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&answer["issuableCredentials"]), ["membership", "person", "license"]);
    // The user does not agree to one of the scopes.
    let body = json!({"ticket": answer["ticket"], "subject": "john", "scopes": ["other"]});
    let answer = issuer.world.act("/auth/authorization/issue", body).await;
    let code = parameter(&answer, "code").expect("a code");
    let answer = issuer.world.exchange(&code).await;
    assert_eq!(content(&answer)["authorization_details"][0]["credential_identifiers"], json!(["membership"]));
    let token = issuer.world.introspect(&answer["accessToken"]).await;
    assert_eq!(ids(&token["issuableCredentials"]), ["membership", "license"]);
}

#[tokio::test]
async fn a_state_of_somebody_else_does_no_harm() {
    let issuer = Issuer::new().await;
    let answer = issuer.world.authorize("scope=person&issuer_state=unknown").await;
    assert_eq!((&answer["action"], &answer["credentialOfferInfo"]), (&json!("INTERACTION"), &Value::Null), "{answer}");
    let details = json!([{"type": "openid_credential", "credential_configuration_id": "unknown"}]).to_string();
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("authorization_details", &details).finish();
    let answer = issuer.world.authorize(&query).await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_authorization_details"), "{answer}");
}
