//! Credential requests and the tokens that come with them.

use serde_json::{Value, json};

use super::issuer::{Issuer, Key, configurations, extend};
use crate::world::{assert_error, content};

#[tokio::test]
async fn a_token_has_to_be_good_and_for_credentials() {
    let issuer = Issuer::with(json!({"accessTokenDuration": 60}), json!({}), json!({})).await;
    let token = issuer.token(&["membership"]).await;
    let code = issuer.world.code("scope=other").await;
    let other = issuer.world.exchange(&code).await["accessToken"].clone();
    for (token, error) in [(Value::Null, "invalid_token"), (json!("x"), "invalid_token"), (other, "insufficient_scope")]
    {
        for path in ["/vci/single/parse", "/vci/single/issue", "/vci/deferred/parse"] {
            let answer = issuer.world.act(path, json!({"accessToken": token, "requestContent": "{}"})).await;
            assert_eq!(answer["action"], "UNAUTHORIZED", "{path}: {answer}");
            let challenge = answer["responseContent"].as_str().expect("a challenge");
            assert!(challenge.starts_with(&format!("Bearer error=\"{error}\"")), "{challenge}");
        }
    }
    let request = issuer.request("membership", &[]).await;
    let identifier = issuer.parsed(&token, &request).await;
    issuer.world.advance(60);
    assert_eq!(issuer.parse(&token, &request).await["action"], "UNAUTHORIZED");
    assert_eq!(issuer.issue(&token, &identifier, &json!({})).await["action"], "UNAUTHORIZED");
}

#[tokio::test]
async fn what_is_asked_for() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["membership"]).await;
    for (request, error) in [
        (json!({}), "invalid_credential_request"),
        (json!({"credential_configuration_id": 1}), "invalid_credential_request"),
        (json!({"credential_configuration_id": "a", "credential_identifier": "a"}), "invalid_credential_request"),
        (json!({"format": "dc+sd-jwt", "vct": "https://issuer.example.com/membership"}), "invalid_credential_request"),
        (json!({"credential_configuration_id": "unknown"}), "unknown_credential_configuration"),
        // The token response named no credentials.
        (json!({"credential_identifier": "membership"}), "unknown_credential_identifier"),
        (json!([]), "invalid_credential_request"),
    ] {
        let answer = issuer.parse(&token, &request).await;
        assert_eq!(answer["action"], "BAD_REQUEST", "{request}: {answer}");
        assert_error(&answer, "BAD_REQUEST", error);
    }
    let body = json!({"accessToken": token, "requestContent": "no JSON"});
    let answer = issuer.world.act("/vci/single/parse", body).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_credential_request");
    let answer = issuer.world.act("/vci/single/parse", json!({"accessToken": token})).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
    // What nobody knows is handed on, and does no harm.
    let answer = issuer.parse(&token, &json!({"credential_configuration_id": "membership", "more": {"a": 1}})).await;
    let details: Value = serde_json::from_str(answer["info"]["details"].as_str().expect("JSON")).expect("JSON");
    assert_eq!(details, json!({"more": {"a": 1}}), "{answer}");
}

#[tokio::test]
async fn credentials_by_the_names_that_the_token_response_gave_them() {
    let mut all = configurations();
    all["membership"]["credential_definition"] = json!({"type": ["Gold", "Silver"]});
    let metadata = json!({"credentialsSupported": all.to_string()});
    let issuer = Issuer::with(json!({}), metadata, json!({})).await;
    let details = json!([
        {"type": "openid_credential", "credential_configuration_id": "membership"},
        {"type": "openid_credential", "credential_configuration_id": "person"},
    ]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("authorization_details", &details.to_string())
        .finish();
    let answer = issuer.world.exchange(&issuer.world.code(&query).await).await;
    let named = content(&answer)["authorization_details"].clone();
    assert_eq!(named[0]["credential_identifiers"], json!(["membership/Gold", "membership/Silver"]), "{named}");
    assert_eq!(named[1]["credential_identifiers"], json!(["person"]), "{named}");
    let token = answer["accessToken"].clone();
    let answer = issuer.parse(&token, &json!({"credential_identifier": "membership/Silver"})).await;
    assert_eq!(answer["info"]["credentialIdentifier"], "membership/Silver", "{answer}");
    let identifier = answer["info"]["identifier"].clone();
    assert_eq!(issuer.issue(&token, &identifier, &json!({})).await["action"], "OK");
    // The real service lets a wallet go on by the configuration's id, too.
    let key = Key::new();
    let request = issuer.request("person", &[&key]).await;
    assert_eq!(issuer.parse(&token, &request).await["action"], "OK");
    let mut request = issuer.request("person", &[&key]).await;
    extend(&mut request, &json!({"credential_configuration_id": null, "credential_identifier": "person"}));
    assert_eq!(issuer.parse(&token, &request).await["action"], "OK");
    let answer = issuer.parse(&token, &json!({"credential_identifier": "membership"})).await;
    assert_error(&answer, "BAD_REQUEST", "unknown_credential_identifier");
}

#[tokio::test]
async fn a_refreshed_token_is_for_the_same_credentials() {
    let issuer = Issuer::new().await;
    let answer = issuer.world.exchange(&issuer.world.code("scope=membership").await).await;
    let refresh = answer["refreshToken"].as_str().expect("a refresh token");
    let answer = issuer.world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    let token = answer["accessToken"].clone();
    let request = issuer.request("membership", &[]).await;
    let identifier = issuer.parsed(&token, &request).await;
    assert_eq!(issuer.issue(&token, &identifier, &json!({})).await["action"], "OK");
}

#[tokio::test]
async fn locations_where_there_are_authorization_servers() {
    let metadata = json!({"authorizationServers": ["https://as.example.com"]});
    let issuer = Issuer::with(json!({}), metadata, json!({})).await;
    let ask = |detail: Value| {
        let details = json!([detail]).to_string();
        form_urlencoded::Serializer::new(String::new()).append_pair("authorization_details", &details).finish()
    };
    let mut detail = json!({"type": "openid_credential", "credential_configuration_id": "membership"});
    let answer = issuer.world.authorize(&ask(detail.clone())).await;
    assert!(
        answer["responseContent"].as_str().is_some_and(|uri| uri.contains("invalid_authorization_details")),
        "{answer}"
    );
    detail["locations"] = json!([super::issuer::ISSUER]);
    assert_eq!(issuer.world.authorize(&ask(detail)).await["action"], "INTERACTION");
}

#[tokio::test]
async fn credentials_in_formats_that_are_not_made() {
    let mut all = configurations();
    all["membership"]["format"] = json!("ldp_vc");
    let issuer = Issuer::with(json!({}), json!({"credentialsSupported": all.to_string()}), json!({})).await;
    let token = issuer.token(&["membership"]).await;
    let identifier = issuer.parsed(&token, &json!({"credential_configuration_id": "membership"})).await;
    let order = json!({"requestIdentifier": identifier, "credentialPayload": "{}"});
    let status = issuer.world.status("/vci/single/issue", &json!({"accessToken": token, "order": order})).await;
    assert_eq!(status, 501);
}
