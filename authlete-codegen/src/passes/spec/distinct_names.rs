//! Component names are Rust type names, distinct from each other, from the prelude and from the client's own names.
//!
//! `x-rust-name` wins. Names already in Rust's case stay; typify then changes none of them. What a component was
//! called upstream is kept under `x-upstream-name`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::names::rust_name;
use super::walk::{component_of, reference_to, sites, tidy};
use super::words::{pascal, snake};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "distinct_names";

/// Rust's prelude, then the names of the client and its runtime.
const RESERVED: [&str; 61] = [
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
    "Authlete",
    "Builder",
    "ByteStream",
    "Call",
    "Client",
    "ClientHooks",
    "ClientInfo",
    "Error",
    "Operation",
    "OperationInfo",
    "Redacted",
    "Request",
    "Response",
    "ResponseValue",
    "Transport",
    "Unknown",
    "Display",
];

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut problems = Problems::default();
    distinct_properties(document, notes, &mut problems);
    let renamed = new_names(document, &mut problems);
    problems.into_result(())?;

    for site in sites(document) {
        let Some(schema) = document.0.pointer_mut(&site.pointer) else { continue };
        if let Some(name) = component_of(schema).and_then(|name| renamed.get(&name)) {
            schema["$ref"] = reference_to(name);
        }
    }
    let schemas = std::mem::take(document.schemas_mut());
    let mut with_names = Map::new();
    for (name, mut schema) in schemas {
        let new = renamed.get(&name).cloned().unwrap_or_else(|| name.clone());
        if new != name {
            notes.changes.push(format!("{name}: is {new}"));
            if let Some(schema) = schema.as_object_mut()
                && !schema.contains_key("x-upstream-name")
                && !schema.contains_key("x-upstream-place")
            {
                schema.insert("x-upstream-name".to_owned(), Value::String(name));
            }
        }
        with_names.insert(new, schema);
    }
    *document.schemas_mut() = with_names;
    tidy(document);
    Ok(())
}

/// The Rust name of every component.
fn new_names(document: &Document, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut names = BTreeMap::new();
    // Names that an overlay chose, then those that need no change, then the rest: each keeps the plain name if it can.
    let chosen = |schema: &Value| schema.get("x-rust-name").is_some();
    let rank =
        |name: &str, schema: &Value| if chosen(schema) { 0 } else { 1 + u8::from(rust_name(name, schema) != name) };
    let mut all: Vec<_> = document.schemas().collect();
    all.sort_by_key(|(name, schema)| (rank(name, schema), name.as_str()));
    for (name, schema) in all {
        let mut wanted = rust_name(name, schema);
        if chosen(schema) {
            if schema["x-rust-name"] != wanted.as_str() {
                problems.0.push(
                    Problem::new(STAGE, name, format!("x-rust-name {} is no type name", schema["x-rust-name"]))
                        .hint(format!("in Rust's case it is {wanted}")),
                );
            }
            if let Some(other) = taken.get(&wanted) {
                problems.0.push(
                    Problem::new(STAGE, name, format!("x-rust-name {wanted} is also the name of {other}"))
                        .hint("choose another in the overlay"),
                );
            }
        } else if RESERVED.contains(&wanted.as_str()) {
            wanted.push_str(if schema.get("properties").is_some() { "Object" } else { "Value" });
        }
        let mut free = wanted.clone();
        let mut number = 2;
        while taken.contains_key(&free) {
            free = pascal(&format!("{wanted}{number}"));
            number += 1;
        }
        taken.insert(free.clone(), name.clone());
        names.insert(name.clone(), free);
    }
    names
}

/// Two properties that become one field would not compile, and no specification can tell typify another name.
fn distinct_properties(document: &mut Document, notes: &mut Notes, problems: &mut Problems) {
    for (component, schema) in document.schemas_mut().iter_mut() {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut left_out = Vec::new();
        for name in properties.keys() {
            if let Some(other) = fields.insert(snake(name), name.clone()) {
                let problem = Problem::new(
                    STAGE,
                    format!("{component}.{name}"),
                    format!("is the same field in Rust as `{other}`"),
                )
                .hint("remove one of them in an overlay");
                if notes.lenient {
                    notes.warnings.push(format!("{problem}; left out"));
                } else {
                    problems.0.push(problem);
                }
                fields.insert(snake(name), other);
                left_out.push(name.clone());
            }
        }
        properties.retain(|name, _| !left_out.contains(name));
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !left_out.iter().any(|out| name == out.as_str()));
        }
    }
}
