//! Every placeholder of a path is a declared, required path parameter, and every declared one has its placeholder.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::walk::tidy;
use crate::document::METHODS;
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    merge_path_level(document);
    let siblings = declared_schemas(document);
    document.for_each_operation_mut(|path, method, operation| {
        let place = format!("{} {path}", method.to_uppercase());
        let names = placeholders(path);
        let mut parameters = match operation.get("parameters") {
            Some(Value::Array(parameters)) => parameters.clone(),
            _ => Vec::new(),
        };
        parameters.retain_mut(|parameter| keep(parameter, &names, &place, notes));
        for name in &names {
            if parameters.iter().any(|parameter| is_path(parameter) && parameter["name"] == name.as_str()) {
                continue;
            }
            let schema = match siblings.get(name).map(Vec::as_slice) {
                Some([schema]) => schema.clone(),
                _ => json!({"type": "string"}),
            };
            notes.changes.push(format!("{place}: declared `{name}`"));
            parameters.push(json!({"in": "path", "name": name, "required": true, "schema": schema}));
        }
        // Those of the path stand first, as they do in a method.
        parameters.sort_by_key(|parameter| !is_path(parameter));
        let mut seen = BTreeSet::new();
        parameters.retain(|parameter| {
            let [name, place_of] = ["name", "in"].map(|key| parameter[key].as_str().unwrap_or_default().to_owned());
            let first = seen.insert((name.clone(), place_of));
            if !first {
                notes.warnings.push(format!("{place}: a second parameter `{name}` in the same place is left out"));
            }
            first
        });
        if parameters.is_empty() {
            operation.retain(|key, _| key != "parameters");
        } else {
            operation.insert("parameters".to_owned(), Value::Array(parameters));
        }
    });
    Ok(())
}

/// The names in braces, in order, each once.
fn placeholders(path: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in path.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !names.iter().any(|other| other == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

fn is_path(parameter: &Value) -> bool {
    parameter["in"] == "path"
}

/// Path-level parameters go to each operation that does not declare its own.
fn merge_path_level(document: &mut Document) {
    for (_, item) in document.0.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(item) = item.as_object_mut() else { continue };
        let shared = match item.get("parameters") {
            Some(Value::Array(shared)) => shared.clone(),
            _ => continue,
        };
        item.retain(|key, _| key != "parameters");
        for method in METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else { continue };
            let own = match operation.get("parameters") {
                Some(Value::Array(own)) => own.clone(),
                _ => Vec::new(),
            };
            let same = |a: &Value, b: &Value| a["name"] == b["name"] && a["in"] == b["in"];
            let mut all: Vec<_> =
                shared.iter().filter(|shared| !own.iter().any(|own| same(own, shared))).cloned().collect();
            all.extend(own);
            operation.insert("parameters".to_owned(), Value::Array(all));
        }
    }
}

/// The schemas that path parameters of each name are declared with, anywhere in the document.
fn declared_schemas(document: &Document) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (_, _, operation) in document.operations() {
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            if let (true, Some(name), Some(schema)) =
                (is_path(parameter), parameter["name"].as_str(), parameter.get("schema"))
            {
                let schemas = found.entry(name.to_owned()).or_default();
                if !schemas.contains(schema) {
                    schemas.push(schema.clone());
                }
            }
        }
    }
    found
}

/// Mends what progenitor refuses in a parameter; `false` where it has no place in a request.
fn keep(parameter: &mut Value, placeholders: &[String], place: &str, notes: &mut Notes) -> bool {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let Some(map) = parameter.as_object_mut() else { return false };
    match map.get("in").and_then(Value::as_str) {
        Some("path") if !placeholders.contains(&name) => {
            notes.warnings.push(format!("{place}: path parameter `{name}` is left out: the path has no {{{name}}}"));
            return false;
        }
        Some("path") if map.get("required") != Some(&Value::Bool(true)) => {
            notes.changes.push(format!("{place}: `{name}` is required, as every path parameter is"));
            map.insert("required".to_owned(), Value::Bool(true));
        }
        Some("path" | "query" | "header") => {}
        other => {
            let kind = other.unwrap_or("no");
            notes.warnings.push(format!("{place}: parameter `{name}` is left out: {kind} parameters cannot be sent"));
            return false;
        }
    }
    if map.get("style").is_some() {
        map.retain(|key, _| key != "style" && key != "explode");
        notes.warnings.push(format!("{place}: `{name}` is sent in the default style"));
    }
    if map.get("schema").is_none() {
        map.retain(|key, _| key != "content");
        map.insert("schema".to_owned(), json!({"type": "string"}));
        notes.warnings.push(format!("{place}: `{name}` is sent as text"));
    }
    true
}
