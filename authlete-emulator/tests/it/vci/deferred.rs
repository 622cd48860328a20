//! Credentials that are issued later.

use serde_json::{Value, json};

use super::issuer::{Issuer, Key, credentials, person};
use crate::world::{assert_error, content};

/// A transaction ID for a credential of a person, with the token that it came with.
async fn deferred(issuer: &Issuer, key: &Key) -> (Value, Value) {
    let token = issuer.token(&["person"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("person", &[key]).await).await;
    let body = json!({
        "accessToken": token, "order": {"requestIdentifier": identifier, "issuanceDeferred": true}, "interval": 30,
    });
    let answer = issuer.world.act("/vci/single/issue", body).await;
    assert_eq!((&answer["action"], &answer["transactionId"]), (&json!("ACCEPTED"), &identifier), "{answer}");
    assert_eq!(content(&answer), json!({"transaction_id": identifier, "interval": 30}));
    (token, identifier)
}

async fn parse(issuer: &Issuer, token: &Value, transaction: &Value) -> Value {
    let body = json!({"accessToken": token, "requestContent": json!({"transaction_id": transaction}).to_string()});
    issuer.world.act("/vci/deferred/parse", body).await
}

async fn issue(issuer: &Issuer, transaction: &Value, more: &Value) -> Value {
    let mut body = json!({"order": {"requestIdentifier": transaction, "credentialPayload": person().to_string()}});
    super::issuer::extend(&mut body, more);
    issuer.world.act("/vci/deferred/issue", body).await
}

#[tokio::test]
async fn a_wallet_comes_again_until_the_credential_is_there() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let (token, transaction) = deferred(&issuer, &key).await;
    let answer = parse(&issuer, &token, &transaction).await;
    assert_eq!((&answer["action"], &answer["info"]["identifier"]), (&json!("OK"), &transaction), "{answer}");
    let more = json!({"order": {"requestIdentifier": transaction, "issuanceDeferred": true}});
    let answer = issue(&issuer, &transaction, &more).await;
    assert_eq!(answer["action"], "ACCEPTED", "{answer}");
    assert_eq!(content(&answer), json!({"transaction_id": transaction, "interval": 5}));
    let answer = issue(&issuer, &transaction, &json!({})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    assert_eq!(credentials(&content(&answer)).len(), 1);
    // The transaction ID is used up.
    assert_error(&parse(&issuer, &token, &transaction).await, "BAD_REQUEST", "invalid_transaction_id");
    assert_error(&issue(&issuer, &transaction, &json!({})).await, "CALLER_ERROR", "server_error");
}

#[tokio::test]
async fn a_transaction_is_its_users_and_ends() {
    let issuer = Issuer::with(json!({"credentialTransactionDuration": 100}), json!({}), json!({})).await;
    let key = Key::new();
    let (token, transaction) = deferred(&issuer, &key).await;
    let offer = issuer.offer(&["person"], &json!({"subject": "mary"})).await;
    let other = issuer.redeem(&offer["preAuthorizedCode"], "").await["accessToken"].clone();
    assert_error(&parse(&issuer, &other, &transaction).await, "BAD_REQUEST", "invalid_transaction_id");
    // Another token of the same user does.
    let same = issuer.token(&["person"]).await;
    assert_eq!(parse(&issuer, &same, &transaction).await["action"], "OK");
    assert_error(&parse(&issuer, &token, &json!("unknown")).await, "BAD_REQUEST", "invalid_transaction_id");
    assert_error(&parse(&issuer, &token, &Value::Null).await, "BAD_REQUEST", "invalid_transaction_id");
    // It cannot be issued as if it had not been deferred.
    let answer = issuer.issue(&token, &transaction, &json!({})).await;
    assert_error(&answer, "CALLER_ERROR", "server_error");
    issuer.world.advance(100);
    assert_error(&parse(&issuer, &token, &transaction).await, "BAD_REQUEST", "invalid_transaction_id");
}

#[tokio::test]
async fn a_transaction_is_denied() {
    let issuer = Issuer::new().await;
    let (token, transaction) = deferred(&issuer, &Key::new()).await;
    let answer = issue(&issuer, &transaction, &json!({"denied": true})).await;
    assert_error(&answer, "BAD_REQUEST", "credential_request_denied");
    assert_error(&parse(&issuer, &token, &transaction).await, "BAD_REQUEST", "invalid_transaction_id");
}

#[tokio::test]
async fn the_issuer_says_when_to_come_again() {
    let issuer = Issuer::new().await;
    let (_, transaction) = deferred(&issuer, &Key::new()).await;
    let more = json!({"order": {"requestIdentifier": transaction, "issuanceDeferred": true}, "interval": 77});
    assert_eq!(content(&issue(&issuer, &transaction, &more).await)["interval"], 77);
}

#[tokio::test]
async fn a_snapshot_has_what_waits() {
    let issuer = Issuer::new().await;
    let (token, transaction) = deferred(&issuer, &Key::new()).await;
    let offer = issuer.offer(&["person"], &json!({})).await;
    let directory = std::env::temp_dir().join(format!("authlete-emulator-vci-{}", std::process::id()));
    issuer.world.emulator.save(&directory).expect("it is saved");
    let emulator = authlete_emulator::Emulator::builder().snapshot(&directory).start().await.expect("it starts");
    std::fs::remove_file(&directory).expect("the file is there");
    let mut world = crate::world::World::of(emulator);
    world.service = issuer.world.service.clone();
    let again = Issuer { world, ..issuer };
    assert_eq!(parse(&again, &token, &transaction).await["action"], "OK");
    assert_eq!(again.redeem(&offer["preAuthorizedCode"], "").await["action"], "OK");
}
