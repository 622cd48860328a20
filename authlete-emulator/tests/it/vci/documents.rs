//! What an issuer publishes.

use serde_json::{Value, json};

use super::issuer::{ISSUER, Issuer, configurations};
use crate::world::{World, assert_error, content};

#[tokio::test]
async fn the_metadata_of_the_issuer() {
    let issuer = Issuer::with(
        json!({}),
        json!({
            "authorizationServers": ["https://as.example.com"],
            "notificationEndpoint": format!("{ISSUER}/notification"),
            "batchCredentialEndpoint": format!("{ISSUER}/batch"),
            "credentialResponseEncryptionAlgValuesSupported": ["ECDH_ES"],
            "credentialResponseEncryptionEncValuesSupported": ["A128GCM"],
            "credentialResponseEncryptionZipValuesSupported": ["DEF"],
            "requireCredentialResponseEncryption": true,
        }),
        json!({}),
    )
    .await;
    let document = content(&issuer.world.act("/vci/metadata", json!({"pretty": true})).await);
    let encryption = json!({
        "alg_values_supported": ["ECDH-ES"], "enc_values_supported": ["A128GCM"], "zip_values_supported": ["DEF"],
        "encryption_required": true,
    });
    assert_eq!(
        document,
        json!({
            "credential_issuer": ISSUER,
            "authorization_servers": ["https://as.example.com"],
            "credential_endpoint": format!("{ISSUER}/credential"),
            "deferred_credential_endpoint": format!("{ISSUER}/deferred"),
            "notification_endpoint": format!("{ISSUER}/notification"),
            "nonce_endpoint": format!("{ISSUER}/nonce"),
            "credential_response_encryption": encryption,
            "batch_credential_issuance": {"batch_size": 3},
            "credential_configurations_supported": configurations(),
        })
    );
}

#[tokio::test]
async fn keys_are_named_and_only_their_public_parts_are_shown() {
    let issuer = Issuer::new().await;
    let answer = content(&issuer.world.act("/vci/jwks", json!({})).await);
    let key = &answer["keys"][0];
    assert!(key["kid"].as_str().is_some_and(|kid| kid.len() == 43), "{key}");
    assert_eq!((&key["d"], key["x5c"].as_array().map(Vec::len)), (&Value::Null, Some(1)), "{key}");
    assert_eq!(key["x"], issuer.key.public["x"]);
    let answer = content(&issuer.world.act("/vci/jwtissuer", json!({})).await);
    assert_eq!(answer, json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks")}));
}

#[tokio::test]
async fn a_service_that_issues_no_credentials_has_none_of_it() {
    let world = World::plain().await;
    for path in ["/vci/metadata", "/vci/jwtissuer", "/vci/jwks", "/vci/nonce"] {
        assert_error(&world.act(path, json!({})).await, "NOT_FOUND", "not_found");
    }
    let offer = world.act("/vci/offer/create", json!({"subject": "john"})).await;
    assert_eq!((&offer["action"], &offer["responseContent"]), (&json!("FORBIDDEN"), &Value::Null), "{offer}");
    for path in ["/vci/single/parse", "/vci/single/issue", "/vci/deferred/parse", "/vci/deferred/issue"] {
        assert_error(&world.act(path, json!({})).await, "FORBIDDEN", "access_denied");
    }
}

#[tokio::test]
async fn an_issuer_that_is_not_set_up() {
    for (service, metadata) in
        [(json!({}), json!({"credentialEndpoint": null})), (json!({}), json!({"credentialsSupported": "[]"}))]
    {
        let issuer = Issuer::with(service, metadata.clone(), json!({})).await;
        let answer = issuer.world.act("/vci/metadata", json!({})).await;
        assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
    }
    let issuer = Issuer::with(json!({"credentialJwks": null, "credentialJwksUri": null}), json!({}), json!({})).await;
    for path in ["/vci/jwtissuer", "/vci/jwks"] {
        assert_error(&issuer.world.act(path, json!({})).await, "INTERNAL_SERVER_ERROR", "server_error");
    }
}

#[tokio::test]
async fn the_authorization_server_says_that_anonymous_wallets_may_come() {
    let issuer = Issuer::new().await;
    let path = format!("/api/{}/service/configuration", issuer.world.service_id());
    let (_, document) = issuer.world.call("GET", &path, None).await;
    assert_eq!(document["pre-authorized_grant_anonymous_access_supported"], true);
}
