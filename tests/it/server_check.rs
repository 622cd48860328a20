//! The check at start: whether the server has what a program needs.

use authlete_api::types::InfoResponse;
use authlete_api::{Authlete, Error, Operation, operations};
use authlete_emulator::Emulator;
use serde_json::json;

use crate::server::{Answer, Server, full, json};

async fn check(answer: Answer, needed: &[&'static Operation]) -> Result<InfoResponse, Error> {
    let server = Server::once(answer);
    let result = server.client().authlete().check_server(needed.iter().copied()).await;
    assert!(server.requests()[0].starts_with("GET /api/info "));
    result
}

fn version(version: &str) -> Answer {
    json("200 OK", &json!({"version": version, "features": ["ciba"]}).to_string())
}

#[tokio::test]
async fn the_emulator_has_every_operation() {
    let emulator = Emulator::start().await.unwrap();
    let authlete = Authlete::builder().base_url(emulator.base_url()).organization_token("unused").build().unwrap();
    let info = authlete.check_server(operations::ALL.iter().copied()).await.unwrap();
    assert!(info.features.is_some_and(|features| features.contains(&"ciba".to_owned())));
}

#[tokio::test]
async fn operations_that_are_newer_than_the_server_are_named() {
    let all = [&operations::VCI_NONCE, &operations::ATTESTATION_CHALLENGE, &operations::BACKCHANNEL_LOGOUT_TOKEN];
    assert_eq!(all.map(|operation| operation.since), [Some("3.0.22"), Some("3.0.28"), Some("3.0.32")]);
    assert!(check(version("3.0.32"), &all).await.is_ok());
    assert!(check(version("3.0.22-SNAPSHOT"), &all[..1]).await.is_ok());
    // What every server has needs no version; what the identity provider has is on another server.
    assert!(check(version("trunk"), &[&operations::AUTH_TOKEN, &operations::AUDIT_TYPES_GET_IDP]).await.is_ok());

    let error = check(version("3.0.28"), &all).await.unwrap_err().to_string();
    assert!(error.starts_with("the server at http://127.0.0.1:"), "{error}");
    let rest = "is Authlete 3.0.28, and so may not have backchannel_logout_token (POST \
                /api/{serviceId}/backchannel/logout/token), which came with 3.0.32; use a newer server, or do without";
    assert!(error.ends_with(rest), "{error}");
    let error = check(version("3.0.9"), &all).await.unwrap_err().to_string();
    assert!(all.iter().all(|operation| error.contains(operation.name)), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_tell_its_version_fails_the_check() {
    let needed = &[&operations::VCI_NONCE];
    let error = check(version("trunk"), needed).await.unwrap_err().to_string();
    assert!(error.contains("does not tell its version as numbers") && error.contains("vci_nonce"), "{error}");
    let error = check(full("404 Not Found", &[], ""), needed).await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error}");
}
