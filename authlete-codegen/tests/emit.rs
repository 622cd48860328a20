//! What is emitted from a description: the files, enumerations and tables; and what is refused.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::Path;

use authlete_codegen::actions::Actions;
use authlete_codegen::emit::{self, enums};
use authlete_codegen::model::{EnumValue, Model, TypeDefinition, TypeKind};
use authlete_codegen::words::Words;
use authlete_codegen::{Document, Problems};
use serde_json::{Value, json};

/// A description with one of everything that is emitted in a way of its own.
fn shop() -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/emit/shop.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A model with one enumeration.
fn enumeration(doc: &str, values: &[String]) -> Model {
    let values = values.iter().map(|value| EnumValue { value: value.clone(), doc: String::new() }).collect();
    let definition = TypeDefinition {
        name: "Thing".to_owned(),
        module: "common".to_owned(),
        doc: doc.to_owned(),
        upstream: None,
        secret: false,
        sent: false,
        read: false,
        kind: TypeKind::Enum(values),
    };
    Model { types: BTreeMap::from([("Thing".to_owned(), definition)]), ..Model::default() }
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/emit"}, {
        insta::assert_snapshot!(name, text);
    });
}

fn messages(result: Result<impl std::fmt::Debug, Problems>) -> String {
    result.expect_err("this should be refused").to_string()
}

#[test]
fn files() {
    let emitted =
        emit::emit(&shop(), &Actions::default(), &Words::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut text = format!("{:?}\n", emitted.counts);
    for (folder, files) in [("api", emitted.api), ("emulator", emitted.emulator), ("tests", emitted.tests)] {
        for (path, content) in files {
            assert!(content.starts_with(emit::HEADER), "{path} has no header");
            assert!(syn::parse_file(&content).is_ok(), "{path} is not Rust");
            text.push_str(&format!("\n======== {folder}: {path}\n{content}"));
        }
    }
    snapshot("files", &text);
}

#[test]
fn values_become_variants_of_distinct_names() {
    let values = [
        "NEW",
        "UNKNOWN",
        "UNKNOWN_VALUE",
        "Unknown",
        "A256GCM",
        "ES256",
        "ES256K",
        "code id_token",
        "code_id_token",
        "",
        "EMPTY",
        " ",
        "1.0",
        "10",
        "2nd",
        "Self",
        "self",
        "type",
        "a",
        "A",
        "a2",
        "a3",
        "x+y",
        "x-y",
        "C#",
        "*",
        "urn:ietf:params:oauth",
        "S256²",
        "größe",
        "say \"hi\"\\",
        "two\nlines",
    ];
    let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
    let model = enumeration("Things.\n\nUpstream: `things`.", &values);
    let text = enums::emit(&model).unwrap_or_else(|problems| panic!("{problems}"));
    let entries: Vec<(&str, String)> = text
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(variant, value)| (variant, syn::parse_str::<syn::LitStr>(value).expect("a literal").value()))
        .collect();
    let names: std::collections::BTreeSet<_> = entries.iter().map(|(variant, _)| *variant).collect();
    assert_eq!(names.len(), values.len(), "every value has a variant of its own: {text}");
    assert!(names.iter().all(|name| syn::parse_str::<syn::Ident>(name).is_ok() && *name != "Unknown"), "{names:?}");
    assert_eq!(entries.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), values);
    snapshot("enums", &text);

    let twice = enumeration("", &["A".to_owned(), "A".to_owned()]);
    assert_eq!(messages(enums::emit(&twice)), "emit: #/components/schemas/Thing: the value \"A\" is listed twice");
}

#[test]
fn names_of_values_do_not_depend_on_their_order() {
    let mut values: Vec<String> = [
        "+1", "-1", ">", "<", ">=", "<=", "=", "foo-bar", "foo_bar", "FooBar", "fooBar", "🦀", "🦞", "-", "_", "1.0",
        "10",
    ]
    .map(str::to_owned)
    .to_vec();
    let names = |values: &[String]| -> BTreeMap<String, String> {
        let text = enums::emit(&enumeration("", values)).unwrap_or_else(|problems| panic!("{problems}"));
        let lines = text.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
        lines.map(|(name, value)| (value.to_owned(), name.to_owned())).collect()
    };
    let forward = names(&values);
    assert_eq!(forward["\"+1\""], "Plus1");
    assert_eq!(forward["\"-1\""], "Minus1");
    assert_eq!(forward["\">=\""], "GreaterEqual");
    assert_eq!(forward["\"foo-bar\""], "FooHyphenBar");
    let distinct: std::collections::BTreeSet<&String> = forward.values().collect();
    assert_eq!(distinct.len(), values.len(), "{forward:?}");
    values.reverse();
    assert_eq!(names(&values), forward);
    values.rotate_left(5);
    assert_eq!(names(&values), forward);
}

/// The shop with a change.
fn changed(pointer: &str, value: Value) -> Document {
    let mut document = shop();
    *document.0.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")) = value;
    document
}

#[test]
fn a_failure_of_progenitor_is_traced_to_its_operation_or_component() {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let answer =
        |name: &str| json!({ "description": "-", "content": { "application/json": { "schema": reference(name) } } });
    let two = json!({ "200": answer("Order"), "201": answer("Receipt") });
    let document = changed("/paths/~1login/post/responses", two);
    let text = messages(emit::emit(&document, &Actions::default(), &Words::default()));
    assert!(text.starts_with("progenitor: POST /login (login): "), "{text}");
    assert_eq!(text.matches("progenitor: ").count(), 1, "only one operation is to blame: {text}");

    let mixed = json!({ "type": "string", "enum": [1, "a"] });
    let text =
        messages(emit::emit(&changed("/components/schemas/Logo", mixed), &Actions::default(), &Words::default()));
    assert!(text.starts_with("progenitor: #/components/schemas/Logo: "), "{text}");

    // Used by an operation, it is that operation's.
    let missing = reference("Nowhere");
    let text =
        messages(emit::emit(&changed("/components/schemas/Receipt", missing), &Actions::default(), &Words::default()));
    assert!(text.starts_with("progenitor: DELETE /shops/{shopId}/orders/{orderId} (order_delete): "), "{text}");
}

#[test]
fn operations_without_an_id_or_with_anothers_are_refused() {
    let mut document = changed("/paths/~1logo/get/operationId", json!("login"));
    document.0["paths"]["/anything"]["post"]["operationId"] = Value::Null;
    let text = messages(emit::emit(&document, &Actions::default(), &Words::default()));
    assert!(text.contains("model: POST /anything: the operation has no operationId"), "{text}");
    assert!(text.contains("the operationId login too"), "{text}");
}

#[test]
fn two_components_of_one_rust_name_are_refused() {
    let mut document = shop();
    document.0["components"]["schemas"]["sku"] = json!({ "type": "string", "x-secret": false });
    let text = messages(emit::emit(&document, &Actions::default(), &Words::default()));
    assert!(text.contains("#/components/schemas/sku"), "{text}");
}

#[test]
fn a_struct_that_nothing_describes_is_refused_as_its_secrets_are_unknown() {
    let inline = json!({ "type": "object", "properties": { "password": { "type": "string", "x-secret": true } } });
    let text = messages(emit::emit(
        &changed("/components/schemas/Order/properties/token", inline),
        &Actions::default(),
        &Words::default(),
    ));
    assert!(text.starts_with("model: OrderToken: "), "{text}");
}
