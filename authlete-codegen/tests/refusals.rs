//! Descriptions that generation has to refuse, with a message about the description, or to take.

use std::collections::{BTreeMap, BTreeSet};

use authlete_codegen::import::import;
use authlete_codegen::pipeline::{Inputs, generate};
use serde_json::{Value, json};

/// A description with one operation and some schemas.
fn with(operation: &Value, schemas: &Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://us.authlete.com"}],
        "paths": {"/api/x": {"post": operation}},
        "components": {"schemas": schemas},
    })
}

/// An operation that answers with the schema `A`.
fn answers() -> Value {
    let schema = json!({"$ref": "#/components/schemas/A"});
    let content = json!({"application/json": {"schema": schema}});
    json!({"operationId": "x", "responses": {"200": {"description": "-", "content": content}}})
}

/// What becomes of a description, all that is committed being for another one.
fn generated(document: &Value) -> Result<BTreeMap<String, String>, String> {
    let document = import(document.to_string().as_bytes(), "a test").map_err(|problems| problems.to_string())?.document;
    let inputs = Inputs {
        document,
        overlays: Vec::new(),
        actions: b"operations: {}",
        words: Vec::new(),
        examples: Vec::new(),
        lenient: true,
    };
    generate(&inputs).map(|generated| generated.files).map_err(|problems| problems.to_string())
}

fn refused(document: &Value, message: &str) {
    match generated(document) {
        Ok(files) => panic!("{} files, but it should say: {message}", files.len()),
        Err(found) => assert!(found.contains(message), "{found}\n  should say: {message}"),
    }
}

fn taken(document: &Value) {
    generated(document).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn an_all_of_that_leads_back_to_itself_names_both_ends() {
    let object = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let itself = json!({"A": {"allOf": [reference("A"), object]}});
    refused(&with(&answers(), &itself), "#/components/schemas/A: its allOf leads back to itself: A → A");
    let pair = json!({"A": {"allOf": [reference("B")]}, "B": {"allOf": [reference("A"), object]}});
    refused(&with(&answers(), &pair), "#/components/schemas/A: its allOf leads back to itself: A → B → A");
    // From outside, through a composition within a composition.
    let inner = json!({
        "A": {"allOf": [reference("B"), object]},
        "B": {"allOf": [{"allOf": [reference("C")]}]},
        "C": {"allOf": [object, reference("B")]},
    });
    refused(&with(&answers(), &inner), "#/components/schemas/B: its allOf leads back to itself: B → C → B");
    // Twice the same is no circle.
    let diamond = json!({
        "A": {"allOf": [reference("B"), reference("C")]},
        "B": {"allOf": [reference("D")]}, "C": {"allOf": [reference("D")]}, "D": object,
    });
    taken(&with(&answers(), &diamond));
}

#[test]
fn lists_and_maps_may_contain_themselves() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let list = |name: &str| json!({"type": "array", "items": reference(name)});
    let map = |name: &str| json!({"type": "object", "additionalProperties": reference(name)});
    taken(&with(&answers(), &json!({"A": list("A")})));
    taken(&with(&answers(), &json!({"A": list("B"), "B": list("A")})));
    taken(&with(&answers(), &json!({"A": map("A")})));
    taken(&with(&answers(), &json!({"A": map("B"), "B": list("A")})));
    let tree = json!({"A": {"type": "object", "properties": {"children": list("A"), "named": map("A")}}});
    taken(&with(&answers(), &tree));
}

#[test]
fn a_long_chain_of_references_is_followed() {
    let length = 1_000;
    let mut schemas = serde_json::Map::new();
    for number in 0..length {
        let next = json!({"$ref": format!("#/components/schemas/N{}", number + 1)});
        schemas.insert(format!("N{number}"), json!({"type": "object", "properties": {"next": next}}));
    }
    schemas.insert(format!("N{length}"), json!({"type": "object", "properties": {}}));
    schemas.insert("A".to_owned(), json!({"$ref": "#/components/schemas/N0"}));
    taken(&with(&answers(), &Value::Object(schemas)));
}

#[test]
fn references_to_things_of_another_kind_are_named() {
    let mut operation = answers();
    operation["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
    operation["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"$ref": "#/paths/~1api~1x/post/requestBody"});
    refused(
        &with(&operation, &json!({"A": {"type": "object"}})),
        "a schema is wanted here, and #/paths/~1api~1x/post/requestBody is not one",
    );
    let mut operation = answers();
    operation["responses"]["200"] = json!({"$ref": "#/components/parameters/P"});
    let mut document = with(&operation, &json!({"A": {"type": "object"}}));
    document["components"]["parameters"] = json!({"P": {"name": "p", "in": "query", "schema": {"type": "string"}}});
    refused(&document, "#/components/parameters/P leads to something of another kind");
}

#[test]
fn bodies_in_several_parts_are_refused_and_others_are_taken() {
    let body = |media: &str, schema: Value| {
        let mut operation = answers();
        operation["requestBody"] = json!({"content": {media: {"schema": schema}}});
        with(&operation, &json!({"A": {"type": "object"}}))
    };
    let parts = json!({"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}});
    refused(
        &body("multipart/form-data", parts),
        "POST /api/x: the body is sent as multipart/form-data, and bodies in several parts are not supported",
    );
    for media in ["text/plain", "application/jose", "application/jwt", "application/octet-stream", "image/png"] {
        taken(&body(media, json!({"type": "string"})));
    }
    taken(&body("application/octet-stream", json!({"type": "string", "format": "binary"})));
}

#[test]
fn what_a_value_must_not_be_is_left_out() {
    let schemas = json!({"A": {"type": "object", "properties": {
        "n": {"not": {"type": "string"}}, "m": {"type": "string", "not": {"enum": ["a"]}},
    }}});
    taken(&with(&answers(), &schemas));
}

#[test]
fn every_method_is_taken() {
    let mut document = with(&answers(), &json!({"A": {"type": "object"}}));
    let done = |id: &str| json!({"operationId": id, "responses": {"200": {"description": "-"}}});
    document["paths"]["/api/y"] = json!({"trace": done("y_trace"), "head": done("y_head"), "options": done("y_options"), "patch": done("y_patch")});
    taken(&document);
}

#[test]
fn places_mean_something_in_lists_alone() {
    let overlay = br#"{"overlay": "1.0.0", "info": {"title": "t", "version": "1", "x-kind": "shape"}, "actions": [
        {"target": "$..properties['list']", "description": "-", "update": {"x-positional": true}}
    ]}"#;
    let generated = |list: &Value| {
        let document = with(&answers(), &json!({"A": {"type": "object", "properties": {"list": list}}}));
        let document = import(document.to_string().as_bytes(), "a test").expect("it is importable").document;
        let overlays = vec![("10-test.yaml", overlay.as_slice())];
        generate(&Inputs {
            document,
            overlays,
            actions: b"operations: {}",
            words: Vec::new(),
            examples: Vec::new(),
            lenient: true,
        })
    };
    let error = generated(&json!({"type": "string"})).expect_err("a string has no places").to_string();
    assert!(error.contains("A.list: is marked x-positional and is not a list"), "{error}");
    let files = generated(&json!({"type": "array", "items": {"type": "string"}})).expect("a list has places").files;
    assert!(files.values().any(|text| text.contains("rt::Positional<")), "it is read like any list");
}

/// Names that generated functions use themselves, keywords, and names that are equal in Rust.
const PARAMETERS: [&str; 32] = [
    "client",
    "request",
    "body",
    "operation",
    "operations",
    "service",
    "authlete",
    "types",
    "rt",
    "value",
    "call",
    "calls",
    "response",
    "query",
    "path",
    "header",
    "self",
    "Self",
    "crate",
    "super",
    "std",
    "Option",
    "String",
    "Vec",
    "a",
    "T",
    "_",
    "set",
    "into_iter",
    "map",
    "two words",
    "twoWords",
];

#[test]
fn parameters_may_have_any_name() {
    let parameters = |place: &str, required: bool| -> Vec<Value> {
        let schema = json!({"type": "string"});
        PARAMETERS.map(|name| json!({"name": name, "in": place, "required": required, "schema": schema})).to_vec()
    };
    let path = PARAMETERS.map(|name| format!("/{{{name}}}")).concat();
    let operation = |id: &str, parameters: Vec<Value>| {
        let mut operation = answers();
        operation["operationId"] = json!(id);
        operation["parameters"] = json!(parameters);
        operation["requestBody"] =
            json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}});
        operation
    };
    let mut document = with(&answers(), &json!({"A": {"type": "object", "properties": {"x": {"type": "string"}}}}));
    document["paths"] = json!({
        "/api/required": {"post": operation("needs", parameters("query", true))},
        "/api/optional": {"post": operation("takes", parameters("query", false))},
        format!("/api/path{path}"): {"post": operation("goes", parameters("path", true))},
        "/api/both": {"post": operation("both", [parameters("query", true), parameters("header", true)].concat())},
    });
    let files = generated(&document).expect("it is taken");
    let calls = |path: &str| path.contains("/generated/calls/") && !path.ends_with("/mod.rs");
    let (_, text) = files.iter().find(|(path, _)| calls(path)).expect("there are calls");
    for function in syn::parse_file(text).expect("it is Rust").items {
        let syn::Item::Fn(function) = function else { continue };
        let names: Vec<String> = function.sig.inputs.iter().map(argument).collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        let expected = match function.sig.ident.to_string().as_str() {
            "needs" | "goes" => PARAMETERS.len(),
            "both" => 2 * PARAMETERS.len(),
            _ => 0,
        };
        // The client and the body come on top.
        assert_eq!(names.len(), expected + 2, "{names:?}");
    }
    for name in PARAMETERS {
        assert_eq!(text.matches(&format!(".query(\"{name}\"")).count(), 2, "{name}");
    }
}

fn argument(input: &syn::FnArg) -> String {
    match input {
        syn::FnArg::Typed(input) => match &*input.pat {
            syn::Pat::Ident(pat) => pat.ident.to_string(),
            _ => panic!("a pattern"),
        },
        syn::FnArg::Receiver(_) => "self".to_owned(),
    }
}
