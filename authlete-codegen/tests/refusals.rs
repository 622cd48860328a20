//! Descriptions that generation has to refuse, with a message about the description, or to take.

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
fn outcome(document: &Value) -> Result<usize, String> {
    let document = import(document.to_string().as_bytes(), "a test").map_err(|problems| problems.to_string())?.document;
    let inputs = Inputs {
        document,
        overlays: Vec::new(),
        actions: b"operations: {}",
        words: Vec::new(),
        examples: Vec::new(),
        lenient: true,
    };
    generate(&inputs).map(|generated| generated.files.len()).map_err(|problems| problems.to_string())
}

fn refused(document: &Value, message: &str) {
    match outcome(document) {
        Ok(files) => panic!("{files} files, but it should say: {message}"),
        Err(found) => assert!(found.contains(message), "{found}\n  should say: {message}"),
    }
}

fn taken(document: &Value) {
    outcome(document).unwrap_or_else(|problems| panic!("{problems}"));
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
