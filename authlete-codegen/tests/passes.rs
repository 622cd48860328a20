//! Every pass on a small document of its own, as before and after.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write;
use std::path::Path;

use authlete_codegen::Document;
use authlete_codegen::passes::Notes;
use authlete_codegen::passes::spec::PASSES;
use serde_json::{Map, Value};

fn fixture(name: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/passes").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Runs the named pass, or all for `None`; returns the notes and problems as text.
fn run(document: &mut Document, only: Option<&str>, lenient: bool) -> String {
    let mut text = String::new();
    for pass in PASSES.iter().filter(|pass| only.is_none_or(|only| pass.name == only)) {
        let mut notes = Notes { lenient, ..Notes::default() };
        let result = (pass.run)(document, &mut notes);
        for (word, lines) in [("did", notes.changes), ("warning", notes.warnings)] {
            for line in lines {
                writeln!(text, "{word}: {line}").expect("a string takes all");
            }
        }
        if let Err(problems) = result {
            writeln!(text, "problem: {problems}").expect("a string takes all");
        }
    }
    text
}

/// The changed lines between two texts, with a little of what is around them.
fn difference(before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after).unified_diff().context_radius(4).to_string()
}

fn check(name: &str) {
    let before = fixture(name);
    let mut after = before.clone();
    let notes = run(&mut after, Some(name), false);
    let mut shuffled = Document(reversed(&before.0));
    assert_eq!(run(&mut shuffled, Some(name), false), notes, "{name}: the order of keys shows in the notes");
    assert_eq!(shuffled.to_canonical_string(), after.to_canonical_string(), "{name}: the order of keys shows");
    let text = format!("{notes}\n{}", difference(&before.to_canonical_string(), &after.to_canonical_string()));
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

/// The same document with the keys of every object in reverse. It makes a difference as soon as any dependency switches
/// on serde_json's `preserve_order`.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.reverse();
            Value::Object(keys.into_iter().map(|key| (key.clone(), reversed(&map[key]))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

#[test]
fn each_pass() {
    for pass in PASSES {
        check(pass.name);
    }
}

#[test]
fn all_passes_in_any_order_of_keys() {
    let before = fixture("all");
    let mut after = before.clone();
    let notes = run(&mut after, None, true);
    let mut shuffled = Document(reversed(&before.0));
    assert_eq!(run(&mut shuffled, None, true), notes);
    assert_eq!(shuffled.to_canonical_string(), after.to_canonical_string());
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("all", format!("{notes}\n{}", after.to_canonical_string()));
    });
    // What the passes made, they leave alone.
    let settled = after.clone();
    run(&mut after, None, true);
    assert_eq!(settled.to_canonical_string(), after.to_canonical_string());
}

#[test]
fn no_input_makes_a_pass_panic() {
    for text in [
        "null",
        "[]",
        "{}",
        r#"{"paths": []}"#,
        r#"{"paths": {"/a": null}}"#,
        r#"{"components": 1}"#,
        r#"{"components": {"schemas": {"A": null, "B": [], "C": true}}}"#,
        r#"{"paths": {"/a/{": {"get": {"parameters": [1, {}, {"in": "path"}], "responses": {"200": 1, "x": null}}}}}"#,
        r#"{"paths": {"/{a}": {"post": {"requestBody": {"content": {"a": 1}}, "responses": []}}}}"#,
        r##"{"components": {"schemas": {"A": {"$ref": "#/components/schemas/A"}, "B": {"items": {"$ref": "#/a"}}}}}"##,
        r##"{"components": {"schemas": {"": {"properties": 1, "required": 2, "enum": 3, "allOf": 4}}}}"##,
    ] {
        for lenient in [true, false] {
            let mut document = Document(serde_json::from_str(text).expect("the input is JSON"));
            run(&mut document, None, lenient);
        }
    }
}
