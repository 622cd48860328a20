//! Encrypted requests and responses (OpenID4VCI 1.0, section 10). What is checked here is when something is encrypted; that
//! foreign libraries read it is for the tests of clients.

use serde_json::{Value, json};

use super::issuer::{Issuer, Key};
use crate::world::assert_error;

async fn issuer(more: Value, client: Value) -> (Issuer, Key) {
    let key = Key::new();
    let keys = json!({"keys": [key.private(&json!({"kid": "k", "alg": "ECDH-ES", "use": "enc"}))]}).to_string();
    let mut metadata = json!({
        "credentialRequestEncryptionJwks": keys,
        "credentialRequestEncryptionEncValuesSupported": ["A128GCM"],
        "credentialResponseEncryptionAlgValuesSupported": ["ECDH_ES"],
        "credentialResponseEncryptionEncValuesSupported": ["A256GCM", "A128CBC_HS256"],
    });
    super::issuer::extend(&mut metadata, &more);
    (Issuer::with(json!({}), metadata, client).await, key)
}

#[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn wanted(more: Value) -> Value {
    let mut jwk = Key::new().public;
    super::issuer::extend(&mut jwk, &json!({"alg": "ECDH-ES", "kid": "w"}));
    let mut wanted = json!({"jwk": jwk, "enc": "A256GCM"});
    super::issuer::extend(&mut wanted, &more);
    json!({"credential_configuration_id": "membership", "credential_response_encryption": wanted})
}

#[tokio::test]
async fn the_key_for_requests_is_published_without_its_private_part() {
    let (issuer, key) = issuer(json!({}), json!({})).await;
    let document = crate::world::content(&issuer.world.act("/vci/metadata", json!({})).await);
    let published = &document["credential_request_encryption"];
    assert_eq!(published["jwks"]["keys"][0]["x"], key.public["x"], "{document}");
    assert_eq!((&published["jwks"]["keys"][0]["d"], &published["encryption_required"]), (&Value::Null, &json!(false)));
    assert_eq!(document["credential_response_encryption"]["enc_values_supported"], json!(["A256GCM", "A128CBC-HS256"]));
}

#[tokio::test]
async fn what_has_to_be_encrypted() {
    let plain = json!({"credential_configuration_id": "membership"});
    let (requests, _) = issuer(json!({"requireCredentialRequestEncryption": true}), json!({})).await;
    let answer = requests.parse(&requests.token(&["membership"]).await, &plain).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_credential_request");
    let (responses, _) = issuer(json!({"requireCredentialResponseEncryption": true}), json!({})).await;
    let answer = responses.parse(&responses.token(&["membership"]).await, &plain).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_encryption_parameters");
    let (issuer, _) = issuer(json!({}), json!({"credentialResponseEncryptionRequired": true})).await;
    let token = issuer.world.exchange(&issuer.world.code("scope=membership").await).await["accessToken"].clone();
    assert_error(&issuer.parse(&token, &plain).await, "BAD_REQUEST", "invalid_encryption_parameters");
    // A wallet that is not that client need not.
    assert_eq!(issuer.parse(&issuer.token(&["membership"]).await, &plain).await["action"], "OK");
}

#[tokio::test]
async fn who_wants_an_encrypted_response_encrypts_the_request() {
    let (issuer, _) = issuer(json!({}), json!({})).await;
    let token = issuer.token(&["membership"]).await;
    let answer = issuer.parse(&token, &wanted(json!({}))).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_encryption_parameters");
    for content in [
        "a.b.c.d.e",
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSJ9....",
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AA.AA.AA",
    ] {
        let answer =
            issuer.world.act("/vci/single/parse", json!({"accessToken": token, "requestContent": content})).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_encryption_parameters");
    }
}
