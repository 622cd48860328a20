//! Nothing that is printed holds a secret.

use std::collections::BTreeSet;
use std::fmt::Debug;

use authlete_api::types::AuthorizationRequest;
use authlete_api::{Authlete, BodyError, Region};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sample::{Description, PUBLIC, SECRET};
use crate::server::{Server, TOKEN, json as answer};

mod samples;
mod sources;

#[rustfmt::skip]
#[path = "../../src/generated/debugged.rs"]
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

/// Servers of tests listen on ports that differ.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "127.0.0.1:" + part.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

#[tokio::test]
async fn every_other_type_is_shown_or_said_to_hold_none() {
    let samples = samples::samples().await;
    for (name, value) in &samples {
        let printed = format!("{value:?} {value:#?}");
        assert!(!printed.contains("s3cret") && !printed.contains("czNjcmV0"), "{name}: {printed}");
    }
    // What hides everything is of no use in a log. How it begins is enough, and needs no change with each new member.
    let beginning = |(name, value): &(&str, Box<dyn Debug>)| -> String {
        without_ports(&format!("{name}: {value:?}")).chars().take(94).collect()
    };
    let printed: Vec<_> = samples.iter().map(beginning).collect();
    insta::assert_snapshot!("debug", printed.join("\n"));
    let shown: BTreeSet<_> = samples.iter().map(|(name, _)| *name).collect();
    let said: BTreeSet<_> = samples::PUBLIC.iter().map(|(name, _)| *name).collect();
    assert_eq!(shown.intersection(&said).collect::<Vec<_>>(), Vec::<&&str>::new(), "one of both");
    let looked_at: BTreeSet<_> = shown.union(&said).copied().collect();
    let to_look_at = sources::to_look_at(&looked_at);
    let to_look_at: BTreeSet<_> = to_look_at.iter().map(String::as_str).collect();
    assert_eq!(
        to_look_at, looked_at,
        "a type that can be printed has a sample that holds a secret, or a reason why it needs none"
    );
}
