//! Comparing: what is reported, and what counts as breaking.

use authlete_codegen::Document;
use authlete_codegen::diff::{Report, diff, rust};
use authlete_codegen::import::import;
use serde_json::{Value, json};

fn facts(text: &str) -> Document {
    import(text.as_bytes(), "a test").expect("the fixture is importable").document
}

fn documents() -> (Document, Document) {
    (facts(include_str!("fixtures/diff/old.yaml")), facts(include_str!("fixtures/diff/new.yaml")))
}

#[test]
fn every_kind_of_change_is_reported() {
    let (old, new) = documents();
    insta::assert_snapshot!("forward", diff(&old, &new).to_text());
    insta::assert_snapshot!("backward", diff(&new, &old).to_text());
}

#[test]
fn json_says_the_same_as_the_text() {
    let (old, new) = documents();
    let report = diff(&old, &new);
    let json = report.to_json();
    assert_eq!(json["changes"].as_array().unwrap().len(), report.changes.len());
    assert_eq!(json["summary"]["breaking"], report.breaking());
    let first: Vec<_> = json["changes"].as_array().unwrap().iter().take(3).cloned().collect();
    insta::assert_snapshot!(
        "json",
        Document(json!({"changes": first, "summary": json["summary"]})).to_canonical_string()
    );
}

#[test]
fn a_document_does_not_differ_from_itself() {
    let (old, new) = documents();
    assert_eq!(diff(&old, &old), Report::default());
    assert_eq!(diff(&new, &new).to_text(), "no changes\n");
}

/// A document with one operation that sends and reads `schema`s, reached through a reference into something.
fn with(sent: &Value, read: &Value) -> Document {
    Document(json!({
        "openapi": "3.0.3",
        "paths": {"/x": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/sent/properties/in"}}}},
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/read"}}}}},
        }}},
        "components": {"schemas": {"sent": {"type": "object", "properties": {"in": sent}}, "read": read}},
    }))
}

/// Whether a change of the schema breaks (who sends it, who reads it).
fn breaks(old: &Value, new: &Value) -> (bool, bool) {
    let nothing = json!({"type": "object"});
    let sent = diff(&with(old, &nothing), &with(new, &nothing));
    let read = diff(&with(&nothing, old), &with(&nothing, new));
    assert!(!sent.changes.is_empty() && !read.changes.is_empty(), "the change is not seen");
    (sent.breaking() > 0, read.breaking() > 0)
}

#[test]
fn the_direction_decides() {
    let a = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let a_required = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let a_nullable = json!({"type": "object", "properties": {"a": {"type": "string", "nullable": true}}});
    let a_read_only = json!({"type": "object", "properties": {"a": {"type": "string", "readOnly": true}}});
    let a_number = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let a_short = json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}});
    let ab = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
    let ab_required = json!({"type": "object", "required": ["b"], "properties": {"a": {"type": "string"}, "b": {}}});
    let one = json!({"type": "string", "enum": ["X"]});
    let two = json!({"type": "string", "enum": ["X", "Y"]});

    let cases = [
        ("optional added", &a, &ab, (false, false)),
        ("required added", &a, &ab_required, (true, false)),
        ("removed", &ab, &a, (true, true)),
        ("now required", &a, &a_required, (true, false)),
        ("now optional", &a_required, &a, (false, true)),
        ("now nullable", &a, &a_nullable, (false, true)),
        ("no longer nullable", &a_nullable, &a, (true, false)),
        ("now read-only", &a, &a_read_only, (true, false)),
        ("no longer read-only", &a_read_only, &a, (false, false)),
        ("another type", &a, &a_number, (true, true)),
        ("tighter", &a, &a_short, (true, false)),
        ("looser", &a_short, &a, (false, false)),
        ("value added", &one, &two, (false, false)),
        ("value removed", &two, &one, (true, false)),
    ];
    for (name, old, new, expected) in cases {
        assert_eq!(breaks(old, new), expected, "{name}: (sent, read)");
    }
}

#[test]
fn an_inline_schema_is_compared_with_the_one_referred_to() {
    let named = json!({"type": "object", "properties": {"a": {"type": "string", "enum": ["X"]}}});
    let inline = json!({"type": "object", "properties": {"a": {"type": "string", "enum": ["X", "Y"]}}});
    let mut old = with(&json!({}), &named);
    let new = with(&json!({}), &json!({}));
    let mut new = new.0;
    new["paths"]["/x"]["post"]["responses"]["200"]["content"]["application/json"]["schema"] = inline;
    old.0["components"]["schemas"]["sent"] = json!({"properties": {"in": {}}});
    new["components"]["schemas"] = old.0["components"]["schemas"].clone();
    let text = diff(&old, &Document(new)).to_text();
    assert!(text.contains("+ POST /x response 200 a: Y\n"), "{text}");
    assert!(text.contains("~ POST /x response 200: read → written inline  BREAKING\n"), "{text}");
}

#[test]
fn what_a_schema_is_composed_of_is_looked_through() {
    let flat =
        json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}, "n": {"type": "integer"}}});
    let composed = json!({"allOf": [
        {"$ref": "#/components/schemas/base"}, {"type": "object", "properties": {"n": {"type": "integer"}}},
    ]});
    let base = json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}});
    let nothing = json!({"type": "object"});
    let mut new = with(&nothing, &composed);
    new.0["components"]["schemas"]["base"] = base;
    let old = with(&nothing, &flat);
    assert_eq!(diff(&old, &new).to_text(), "Schemas\n  + base\n1 change: 1 added, 0 removed, 0 changed; 0 breaking\n");

    // What changes inside a part is seen in the whole.
    new.0["components"]["schemas"]["base"]["properties"]["b"]["type"] = json!("integer");
    let text = diff(&old, &new).to_text();
    assert!(text.contains("~ read.b: string → integer  BREAKING"), "{text}");

    // A reference alone and one that is wrapped are the same.
    let (plain, wrapped) =
        (json!({"$ref": "#/components/schemas/base"}), json!({"allOf": [{"$ref": "#/components/schemas/base"}]}));
    let (mut old, mut new) =
        (with(&nothing, &json!({"properties": {"a": plain}})), with(&nothing, &json!({"properties": {"a": wrapped}})));
    for document in [&mut old, &mut new] {
        document.0["components"]["schemas"]["base"] = nothing.clone();
    }
    assert_eq!(diff(&old, &new), Report::default());
}

#[test]
fn long_chains_and_circles_of_references_end() {
    // Every schema refers to the next, the last to the first, and the names differ between the documents.
    let chain = |prefix: &str| {
        let length = 3_000;
        let schemas: serde_json::Map<String, Value> = (0..length)
            .map(|index| {
                let next = format!("#/components/schemas/{prefix}{}", (index + 1) % length);
                (format!("{prefix}{index}"), json!({"properties": {"next": {"$ref": next}}}))
            })
            .collect();
        let schema = json!({"$ref": format!("#/components/schemas/{prefix}0")});
        Document(json!({
            "paths": {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}},
            "components": {"schemas": schemas},
        }))
    };
    assert!(diff(&chain("a"), &chain("b")).breaking() > 3_000);

    let circle = Document(json!({"components": {"schemas": {
        "a": {"$ref": "#/components/schemas/b"}, "b": {"$ref": "#/components/schemas/a"},
    }}}));
    let plain = Document(json!({"components": {"schemas": {"a": {"type": "string"}, "b": {"type": "string"}}}}));
    diff(&circle, &plain);
    diff(&plain, &circle);
}

#[test]
fn documents_of_any_shape_never_panic() {
    let (old, new) = documents();
    let mut pointers = Vec::new();
    collect(&old.0, String::new(), &mut pointers);
    for pointer in pointers {
        for value in [json!(null), json!([null, 1]), json!("x"), json!({"$ref": "#/nowhere"}), json!({"$ref": "#"})] {
            let mut changed = old.clone();
            *changed.0.pointer_mut(&pointer).unwrap() = value;
            diff(&changed, &new);
            diff(&new, &changed);
        }
    }
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    let below = |key: &str| format!("{at}/{}", authlete_codegen::document::escape(key));
    for (key, value) in value.as_object().into_iter().flatten() {
        collect(value, below(key), pointers);
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        collect(value, below(&index.to_string()), pointers);
    }
    pointers.push(at);
}

#[test]
fn a_change_of_host_breaks() {
    let document = |of_path: Value, own: Value| {
        let text = json!({
            "openapi": "3.0.3", "info": {"version": "1"}, "servers": [{"url": "https://us.example.com"}],
            "paths": {"/audit": {"servers": of_path, "get": {"servers": own, "responses": {"200": {"description": "x"}}}}},
        });
        facts(&text.to_string())
    };
    let (none, login) = (json!([]), json!([{"url": "https://login.example.com"}]));
    let cases = [
        ((&none, &none), (&login, &none), "server the document's → https://login.example.com"),
        ((&login, &none), (&none, &none), "server https://login.example.com → the document's"),
        ((&none, &none), (&none, &login), "server the document's → https://login.example.com"),
        (
            (&login, &none),
            (&login, &json!([{"url": "https://eu.example.com"}])),
            "server https://login.example.com → https://eu.example.com",
        ),
    ];
    for (old, new, expected) in cases {
        let report = diff(&document(old.0.clone(), old.1.clone()), &document(new.0.clone(), new.1.clone()));
        let [change] = &report.changes[..] else { panic!("{}", report.to_text()) };
        assert_eq!((change.at.as_str(), change.detail.as_str(), change.breaking), ("GET /audit", expected, true));
    }
    let moved = diff(&document(login.clone(), none.clone()), &document(none, login));
    assert!(moved.changes.is_empty(), "it is the same server, said elsewhere");
}

#[test]
fn a_change_of_host_breaks_programs_too() {
    let operations = |host: &str| {
        let text = format!(
            "pub static AUDIT: Operation = Operation::new(OperationParts {{ id: \"a\", host: Host::{host} }});"
        );
        [("operations.rs".to_owned(), text)].into()
    };
    let report = rust::compare(&operations("Api"), &operations("Idp")).unwrap();
    let [change] = &report.changes[..] else { panic!("{report:?}") };
    assert_eq!(change.detail, "Operation on Host::Api → Operation on Host::Idp");
    assert!(change.breaking);
    assert!(rust::compare(&operations("Api"), &operations("Api")).unwrap().changes.is_empty());
}
