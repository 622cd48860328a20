//! Every operation gets a distinct Rust method name; the id it had is kept under `x-operation-id`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::walk::tidy;
use super::words::{snake, words};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

/// Words that are no method names, and the client's own methods.
const TAKEN: [&str; 60] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "new",
    "new_with_client",
    "api_version",
    "baseurl",
    "client",
    "inner",
    "exec",
    "pre",
    "post",
];

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, operation) in document.operations() {
        if let Some(id) = id_of(operation) {
            *uses.entry(id.to_owned()).or_default() += 1;
        }
    }

    // Names that an overlay chose come first: nothing else may take them.
    let mut taken: BTreeSet<String> = TAKEN.iter().map(|&word| word.to_owned()).collect();
    let mut problems = Problems::default();
    for (path, method, operation) in document.operations() {
        if let Some(name) = operation.get("x-rust-name").and_then(Value::as_str)
            && (snake(name) != name || !taken.insert(name.to_owned()))
        {
            problems.0.push(
                Problem::new(
                    "operation_ids",
                    at(path, method),
                    format!("`{name}` is no free method name in snake case"),
                )
                .hint("choose another x-rust-name in the overlay"),
            );
        }
    }

    let mut names: BTreeMap<(String, String), String> = BTreeMap::new();
    for (path, method, operation) in document.operations() {
        let shared = id_of(operation).is_some_and(|id| uses[id] > 1);
        let name = match (operation.get("x-rust-name").and_then(Value::as_str), id_of(operation)) {
            (Some(name), _) => name.to_owned(),
            (None, Some(id)) if !shared => free(&method_name(id, method), method, &mut taken),
            (None, id) => {
                let name = free(&place_name(path, method), method, &mut taken);
                notes.changes.push(match id {
                    None => format!("{}: had no operationId, is now `{name}`", at(path, method)),
                    Some(id) => format!("{}: shared its operationId `{id}`, is now `{name}`", at(path, method)),
                });
                name
            }
        };
        names.insert((path.to_owned(), method.to_owned()), name);
    }

    document.for_each_operation_mut(|path, method, operation| {
        let Some(name) = names.get(&(path.to_owned(), method.to_owned())) else { return };
        // Null where there was none, so that a name of ours is never taken for upstream's.
        let id = operation.get("operationId").filter(|id| id.is_string()).cloned().unwrap_or(Value::Null);
        operation.entry("x-operation-id").or_insert(id);
        operation.insert("operationId".to_owned(), Value::String(name.clone()));
    });
    problems.into_result(())
}

fn id_of(operation: &Map<String, Value>) -> Option<&str> {
    operation.get("operationId").and_then(Value::as_str).filter(|id| !words(id).is_empty())
}

fn at(path: &str, method: &str) -> String {
    format!("{} {path}", method.to_uppercase())
}

/// An id in Rust's case, without the `_api` that upstream ends its ids with, before the method if there is one.
fn method_name(id: &str, method: &str) -> String {
    let name = snake(id);
    let with_method = name.strip_suffix(&format!("_api_{method}")).filter(|short| !short.is_empty());
    match (with_method, name.strip_suffix("_api")) {
        (Some(short), _) => format!("{short}_{method}"),
        (None, Some(short)) if !short.is_empty() => short.to_owned(),
        _ => name,
    }
}

/// A name from the fixed parts of the path, then the placeholders after them, then the method.
fn place_name(path: &str, method: &str) -> String {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != "api").collect();
    let fixed = parts.iter().filter(|part| !part.contains('{'));
    let mut name: Vec<String> = fixed.flat_map(|part| words(part)).collect();
    if name.is_empty() {
        name = parts.iter().flat_map(|part| words(part)).collect();
    }
    if name.last().is_none_or(|last| last != method) {
        name.push(method.to_owned());
    }
    snake(&name.join("_"))
}

fn free(wanted: &str, method: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    if taken.contains(&name) && !wanted.ends_with(&format!("_{method}")) {
        name = format!("{wanted}_{method}");
    }
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}
