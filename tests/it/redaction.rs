//! Nothing that is printed holds a secret.

use std::fmt::Debug;

use authlete_api::actions::IntoAction as _;
use authlete_api::actions::TokenNext;
use authlete_api::types::{self, AuthorizationRequest};
use authlete_api::{
    AccessTokenIdentifier, Authlete, BodyError, CredentialOfferId, CredentialRequestId, Credentials, Environment,
    GrantId, HardwareKeyHandle, JsonString, RefreshTokenIdentifier, Region, SessionId, SharedCredentials, Ticket,
    UserCode, http_inputs,
};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::sample::{Description, PUBLIC, SECRET};
use crate::server::{Server, TOKEN, json as answer};

#[rustfmt::skip]
#[path = "../src/generated/debugged.rs"]
mod table;

/// Every struct of the description, by name.
pub(crate) fn every_struct() -> &'static [(&'static str, Debugged)] {
    table::DEBUGGED
}

/// Decodes a body as the client does, and prints the value.
pub(crate) type Debugged = fn(&[u8]) -> Result<String, BodyError>;

fn debugged<T: DeserializeOwned + Debug>(body: &[u8]) -> Result<String, BodyError> {
    authlete_api::decode::<T>(body).map(|value| format!("{value:?} {value:#?}"))
}

#[test]
fn every_struct_hides_its_secrets_and_shows_the_rest() {
    let description = Description::read();
    let names: Vec<_> = description.structs().map(|(name, _)| name).collect();
    assert_eq!(table::DEBUGGED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    let (mut hidden, mut shown) = (0, 0);
    for (name, debugged) in table::DEBUGGED {
        let sample = description.sample(name, 3);
        let printed =
            debugged(sample.to_string().as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}: {sample}"));
        if let Some((_, secret)) = printed.split_once(SECRET) {
            panic!("{name} prints the secret {}", secret.split('"').next().unwrap_or_default());
        }
        hidden += sample.to_string().matches(SECRET).count();
        for (field, value) in sample.as_object().into_iter().flatten() {
            if value.to_string().contains(SECRET) || !value.to_string().contains(PUBLIC) {
                continue;
            }
            assert!(
                printed.contains(&format!("{PUBLIC}{name}.{field}")) || value.is_object() || is_list_of_objects(value),
                "{name} hides {field}"
            );
            shown += 1;
        }
    }
    // The test would pass on samples of nothing.
    assert!(hidden > 300 && shown > 400, "{hidden} {shown}");
}

fn is_list_of_objects(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_object))
}

#[test]
fn clients_and_their_builders_print_no_credentials() {
    let builder = Authlete::builder().region(Region::Us).organization_token(TOKEN);
    assert!(!format!("{builder:?}").contains(TOKEN));
    assert!(!format!("{:?}", builder.build()).contains(TOKEN));
    for base_url in [
        "https://user:s3cret-token@host.example",
        "https://user:s3cret-token@:1",
        "https://user:s3cret-token@host example/",
        "https://host.example/?token=s3cret-token",
    ] {
        let builder = Authlete::builder().base_url(base_url).organization_token("t");
        assert!(!format!("{builder:?}").contains(TOKEN), "{builder:?}");
        let error = builder.build().expect_err("none of them is a base URL");
        assert!(!format!("{error:?} {error}").contains(TOKEN), "{error}");
    }
}

/// Every other public type that can hold a secret, holding one.
#[tokio::test]
async fn whatever_else_holds_a_secret_prints_none() {
    let headers = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
    let service = Authlete::builder().base_url("http://127.0.0.1:1").service_token(1, TOKEN).build_service().unwrap();
    let exchange = json!({"action": "PASSWORD", "ticket": TOKEN, "password": TOKEN, "dpopNonce": TOKEN});
    let exchange = || serde_json::from_value::<types::TokenResponse>(exchange.clone()).unwrap().into_action();
    let step = || exchange().proceed().unwrap();
    let TokenNext::Password(pending) = step() else { panic!("another step") };
    let carried = pending.extra_headers();
    let linked = pending.issue("ada");
    let unsent = {
        let TokenNext::Password(pending) = step() else { panic!("another step") };
        pending.issue("ada").send(&service).await.expect_err("nobody listens")
    };
    let shown: Vec<Box<dyn Debug>> = vec![
        Box::new(http_inputs::client_credentials(&headers("Basic YTpzM2NyZXQtdG9rZW4="))),
        Box::new(http_inputs::access_token(&headers(&format!("Bearer {TOKEN}")))),
        Box::new(Credentials::bearer(TOKEN)),
        Box::new(Credentials::basic("key", TOKEN)),
        Box::new(SharedCredentials::new(Credentials::bearer(TOKEN).unwrap())),
        Box::new(Environment::read_from(|name| name.ends_with("TOKEN").then(|| TOKEN.to_owned()))),
        Box::new(Authlete::builder().service_token(1, TOKEN)),
        Box::new((service.authlete().clone(), service.clone())),
        Box::new(Ticket::from(TOKEN)),
        Box::new(UserCode::from(TOKEN)),
        Box::new(SessionId::from(TOKEN)),
        Box::new(GrantId::from(TOKEN)),
        Box::new(HardwareKeyHandle::from(TOKEN)),
        Box::new((CredentialOfferId::from(TOKEN), CredentialRequestId::from(TOKEN))),
        Box::new((AccessTokenIdentifier::from(TOKEN), RefreshTokenIdentifier::from(TOKEN))),
        Box::new(JsonString::from(TOKEN)),
        Box::new((exchange(), step(), carried, linked)),
        Box::new(unsent),
        Box::new(authlete_api::decode::<types::TokenRequest>(format!("{{\"parameters\":[\"{TOKEN}").as_bytes())),
    ];
    for value in shown {
        let printed = format!("{value:?} {value:#?}");
        assert!(!printed.contains(TOKEN), "{printed}");
    }
}

#[tokio::test]
async fn calls_and_errors_print_no_secrets() {
    let request = AuthorizationRequest::new("request=s3cret-jwt");
    let body = r#"{"resultCode":"A001","ticket":"s3cret-ticket","client":{"clientId":"s3cret-value"}}"#;
    let server = Server::start(vec![
        answer("500 Internal Server Error", body),
        answer("200 OK", body),
        answer("200 OK", "s3cret-text"),
    ]);
    let client = server.client();
    assert_eq!(
        format!("{:?}", client.authorization().process(&request)),
        "ActionCall { operation: \"auth_authorization\", .. }"
    );
    for expected in ["A001", "$.client.clientId", "not JSON"] {
        let error = client.authorization().process(&request).await.expect_err("no answer fits");
        let printed = format!("{error} {error:?} {error:#?}");
        assert!(printed.contains(expected), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }
    // A token may stand in the path, too.
    let nobody = Authlete::builder().base_url("http://127.0.0.1:1").organization_token(TOKEN).build().unwrap();
    for error in [
        nobody.service(1).access_tokens().delete("s3cret-identifier").await.expect_err("nobody listens"),
        nobody.service("s3cret-identifier").access_tokens().delete("..").await.expect_err("another operation"),
    ] {
        let mut printed = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            printed.push_str(&format!(" {error} {error:?}"));
            source = error.source();
        }
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}
