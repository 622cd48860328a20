//! Documents and offers, as the calls for them ask.

use serde_json::json;

use super::issuer::{Issuer, Key};
use crate::keys::claims;

#[tokio::test]
async fn documents_with_line_breaks() {
    let issuer = Issuer::new().await;
    for (pretty, breaks) in [(true, true), (false, false)] {
        for path in ["/vci/metadata", "/vci/jwtissuer", "/vci/jwks", "/vci/nonce"] {
            let document = issuer.world.act(path, json!({"pretty": pretty})).await;
            let text = document["responseContent"].as_str().unwrap_or_else(|| panic!("{path}: {document}"));
            assert_eq!(text.contains('\n'), breaks, "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn an_offer_keeps_what_the_issuer_wants_to_know_again() {
    let issuer = Issuer::new().await;
    let made = issuer.offer(&["person"], &json!({"context": "order 7"})).await;
    assert_eq!(made["context"], "order 7", "{made}");
}

#[tokio::test]
async fn an_entity_may_be_more_than_a_provider() {
    let federation = json!({
        "federationEnabled": true, "authorityHints": ["https://anchor.example.org"],
        "federationJwks": json!({"keys": [Key::new().private(&json!({"kid": "f"}))]}).to_string(),
    });
    let issuer = Issuer::with(federation, json!({}), json!({})).await;
    let document =
        issuer.world.act("/federation/configuration", json!({"entityTypes": ["OPENID_CREDENTIAL_ISSUER"]})).await;
    let metadata = &claims(document["responseContent"].as_str().expect("a JWT"))["metadata"];
    assert!(
        metadata["openid_credential_issuer"].is_object() && metadata.get("openid_provider").is_none(),
        "{metadata}"
    );
}
