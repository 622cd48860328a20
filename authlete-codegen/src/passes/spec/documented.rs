//! Every generated item has a doc line made from facts: method and path, wire name, unit, secret or not, required or not.
//!
//! Runs last: it also wraps references that something stands beside in `allOf`, the form that keeps both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::walk::{Root, component_of, is_error, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let uses = uses(document);
    let methods = operations(document);
    let mut fields = 0;
    for (name, schema) in document.schemas_mut().iter_mut() {
        let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (wire, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            let is_required = required.iter().any(|required| required == wire.as_str());
            describe(property, field_text(wire, property, is_required));
            fields += 1;
        }
        let text = component_text(name, schema, uses.get(name), &methods);
        describe(schema, text);
    }
    document.for_each_operation_mut(document_operation);
    for site in sites(document) {
        if let Some(schema) = document.0.pointer_mut(&site.pointer) {
            wrap_reference(schema);
        }
    }
    notes.changes.push(format!("{} components and {fields} fields described", document.schemas().count()));
    Ok(())
}

/// Code in a doc comment.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n', '\r'], " "))
}

/// Adds the facts to what an overlay may have written.
fn describe(schema: &mut Value, text: String) {
    if let Some(schema) = schema.as_object_mut() {
        let text = match schema.get("description").and_then(Value::as_str) {
            Some(prose) if prose.contains(&text) => prose.to_owned(),
            Some(prose) if !prose.trim().is_empty() => format!("{prose}\n\n{text}"),
            _ => text,
        };
        schema.insert("description".to_owned(), Value::String(text));
    }
}

fn is_true(schema: &Value, key: &str) -> bool {
    schema.get(key) == Some(&Value::Bool(true))
}

fn field_text(wire: &str, schema: &Value, required: bool) -> String {
    let mut text = format!("{}, {}", code(wire), if required { "required" } else { "optional" });
    if let Some(unit) = schema.get("x-unit").and_then(Value::as_str) {
        text.push_str(&format!(", {}", unit_text(unit)));
    }
    for (key, word) in
        [("x-secret", "secret"), ("readOnly", "read-only"), ("writeOnly", "write-only"), ("deprecated", "deprecated")]
    {
        if is_true(schema, key) {
            text.push_str(", ");
            text.push_str(word);
        }
    }
    text.push('.');
    text
}

/// Where the components are the body of an operation: the words for it, with the operations' ids.
fn uses(document: &Document) -> BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>> {
    let mut uses: BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>> = BTreeMap::new();
    for site in sites(document) {
        let word = match &site.root {
            Root::Request(_) => "Request of",
            Root::Response(_, status) if is_error(status) => "Error of",
            Root::Response(..) => "Response of",
            Root::Component(_) | Root::Parameter(..) => continue,
        };
        if let Some(name) = document.0.pointer(&site.pointer).and_then(component_of) {
            let operation = site.pointer.split("/requestBody").next().unwrap_or_default();
            let operation = operation.split("/responses/").next().unwrap_or_default();
            uses.entry(name).or_default().entry(word).or_default().insert(operation.to_owned());
        }
    }
    uses
}

/// The method names, by JSON pointer to the operation.
fn operations(document: &Document) -> BTreeMap<String, String> {
    document
        .operations()
        .map(|(path, method, operation)| {
            let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
            (format!("/paths/{}/{method}", crate::document::escape(path)), id)
        })
        .collect()
}

fn component_text(
    name: &str,
    schema: &Value,
    uses: Option<&BTreeMap<&'static str, BTreeSet<String>>>,
    methods: &BTreeMap<String, String>,
) -> String {
    let places = schema.get("x-upstream-place").and_then(Value::as_array);
    let places: Vec<_> = places.into_iter().flatten().filter_map(Value::as_str).map(code).collect();
    let mut text = match schema.get("x-upstream-name").and_then(Value::as_str) {
        _ if !places.is_empty() => format!("Written inline upstream, at {}.", shortened(&places)),
        Some(upstream) => format!("Upstream: {}.", code(upstream)),
        None => format!("Upstream: {}.", code(name)),
    };
    for (word, operations) in uses.into_iter().flatten() {
        let names: Vec<_> =
            operations.iter().filter_map(|operation| methods.get(operation)).map(|id| code(id)).collect();
        if !names.is_empty() {
            text.push_str(&format!("\n\n{word} {}.", shortened(&names)));
        }
    }
    text
}

/// A list of names, cut where it says no more.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

fn document_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let place = code(&format!("{} {path}", method.to_uppercase()));
    let mut facts = Vec::new();
    if let Some(id) = operation.get("x-operation-id").and_then(Value::as_str) {
        facts.push(format!("Upstream: {}.", code(id)));
    }
    let tags = operation.get("tags").and_then(Value::as_array);
    let tags: Vec<_> = tags.into_iter().flatten().filter_map(Value::as_str).map(code).collect();
    if !tags.is_empty() {
        facts.push(format!("Tag: {}.", tags.join(", ")));
    }
    if let Some(since) = operation.get("x-since").and_then(Value::as_str) {
        facts.push(format!("Since Authlete {since}."));
    }
    if operation.get("deprecated") == Some(&Value::Bool(true)) {
        facts.push("Deprecated upstream.".to_owned());
    }
    operation.entry("summary").or_insert(Value::String(place));
    if let Some(doc) = operation.get("x-doc").and_then(Value::as_str).filter(|doc| !doc.is_empty()) {
        let doc = match operation.get("description").and_then(Value::as_str) {
            Some(prose) if !prose.trim().is_empty() => format!("{doc}\n\n{prose}"),
            _ => doc.to_owned(),
        };
        operation.insert("description".to_owned(), Value::String(doc));
    }
    let mut described = Value::Object(std::mem::take(operation));
    if !facts.is_empty() {
        describe(&mut described, facts.join(" "));
    }
    if let Value::Object(described) = described {
        *operation = described;
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let place = parameter["in"].as_str().unwrap_or_default().to_owned();
        let need = if is_true(parameter, "required") { "required" } else { "optional" };
        describe(parameter, format!("{}, in the {place}, {need}.", code(&name)));
    }
}

/// What stands beside a reference is ignored by the standard; around it, it counts.
fn wrap_reference(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if map.len() < 2 {
        return;
    }
    if let Some(reference) = map.get("$ref").filter(|reference| reference.is_string()).cloned() {
        map.retain(|key, _| !["$ref", "type", "format"].contains(&key.as_str()));
        if map.is_empty() {
            map.insert("$ref".to_owned(), reference);
        } else {
            map.insert("allOf".to_owned(), json!([{"$ref": reference}]));
        }
    }
}

/// A unit in words: a moment says what it is counted from.
fn unit_text(unit: &str) -> String {
    let unit = unit.replace(['`', '[', ']', '<', '>', '\n'], " ");
    match unit.strip_prefix("epoch-") {
        Some(unit) => format!("a time in {unit} since 1970-01-01T00:00:00Z"),
        None => format!("in {unit}"),
    }
}
