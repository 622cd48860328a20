//! What `cargo xtask diff` says of a change is what `docs/stability.md` promises.

// clippy.toml lets tests unwrap, and does not count their helpers. Tests read the files that the generator is given.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod committed;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use authlete_codegen::Document;
use authlete_codegen::diff::rust::{RustChange, compare};
use authlete_codegen::pipeline::{Inputs, generate};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_slice(&committed::read("authlete.json")).unwrap());
static COMMITTED: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| api(DOCUMENT.clone()));

/// The generated files of the API crate that a document yields.
fn api(document: Value) -> BTreeMap<String, String> {
    let overlays = committed::overlays();
    let inputs = Inputs {
        document: Document(document),
        overlays: overlays.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect(),
        actions: &committed::read("actions.yaml"),
        words: Vec::new(),
        examples: Vec::new(),
        lenient: true,
    };
    let files = generate(&inputs).unwrap().files.into_iter();
    files
        .filter_map(|(path, text)| Some((path.strip_prefix("authlete-api/src/generated/")?.to_owned(), text)))
        .collect()
}

/// What changes for users in Rust when the description changes.
fn after(change: impl FnOnce(&mut Value)) -> Vec<RustChange> {
    let mut document = DOCUMENT.clone();
    change(&mut document);
    assert_ne!(document, *DOCUMENT, "the description did not change");
    compare(&COMMITTED, &api(document)).unwrap().changes
}

/// The changes as lines, with the verdict.
fn lines(changes: &[RustChange]) -> Vec<String> {
    let verdict = |breaking| if breaking { "major" } else { "minor" };
    changes.iter().map(|change| format!("{}: {}", verdict(change.breaking), change.at)).collect()
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

fn parameters<'a>(document: &'a mut Value, path: &str) -> &'a mut Vec<Value> {
    document["paths"][path]["get"]["parameters"].as_array_mut().unwrap()
}

fn flavour() -> Value {
    json!({"in": "query", "name": "flavour", "required": false, "schema": {"type": "string"}})
}

#[test]
fn an_optional_query_parameter_is_minor() {
    let changes = after(|document| parameters(document, "/api/{serviceId}/service/configuration").push(flavour()));
    assert_eq!(lines(&changes), ["minor: groups::ConfigurationCall<'a>::flavour"]);
}

#[test]
fn the_first_optional_query_parameter_of_an_operation_is_major() {
    let changes = after(|document| parameters(document, "/api/{serviceId}/client/get/{clientId}").push(flavour()));
    assert!(lines(&changes).contains(&"major: groups::ClientsApi<'a>::get".to_owned()), "{changes:#?}");
}

#[test]
fn a_field_of_a_response_is_minor() {
    let changes = after(|document| {
        schema(document, "introspection_response")["properties"]["somethingNew"] = json!({"type": "boolean"});
    });
    assert!(lines(&changes).contains(&"minor: types::IntrospectionResponse.something_new".to_owned()), "{changes:#?}");
    assert!(changes.iter().all(|change| !change.breaking), "{changes:#?}");
}

#[test]
fn a_value_of_an_enumeration_is_minor() {
    let changes = after(|document| {
        schema(document, "application_type")["enum"].as_array_mut().unwrap().push(json!("HOLOGRAM"));
    });
    assert_eq!(lines(&changes), ["minor: types::ApplicationType::Hologram"]);
}

#[test]
fn an_action_is_major() {
    let changes = after(|document| {
        let action = &mut schema(document, "userinfo_response")["properties"]["action"]["enum"];
        action.as_array_mut().unwrap().push(json!("ASK_AGAIN"));
    });
    let expected = ["major: actions::UserInfoAction::AskAgain", "minor: types::UserInfoResponseAction::AskAgain"];
    assert_eq!(lines(&changes), expected);
}

#[test]
fn a_required_field_that_becomes_optional_is_major_in_a_request_and_nothing_in_a_response() {
    let changes = after(|document| schema(document, "token_fail_request")["required"] = json!(["ticket"]));
    let lines = lines(&changes);
    for at in ["types::TokenFailRequest.reason", "types::TokenFailRequest::new"] {
        assert!(lines.contains(&format!("major: {at}")), "{changes:#?}");
    }
    assert_eq!(after(|document| schema(document, "info_response")["required"] = json!([])), []);
}

#[test]
fn another_type_is_major() {
    let changes = after(|document| {
        schema(document, "introspection_response")["properties"]["subject"] = json!({"type": "integer"});
    });
    assert!(lines(&changes).contains(&"major: types::IntrospectionResponse.subject".to_owned()), "{changes:#?}");
}
