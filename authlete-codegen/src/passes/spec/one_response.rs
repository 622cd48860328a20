//! One success and one error per operation, without losing meaning.
//!
//! Progenitor has no type for several answers and stops at them. Success becomes `2XX`: with content that may be
//! missing it is nullable, so a method returns an `Option`. Errors become `default`, with the one error component.
//! The statuses the document lists stay under `x-responses`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::one_request_body::is_json;
use super::walk::{component_of, is_error, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let common = common_error(document);
    let sizes: BTreeMap<String, usize> =
        document.schemas().map(|(name, schema)| (name.clone(), size(schema, &BTreeMap::new()))).collect();
    document.for_each_operation_mut(|path, method, operation| {
        let place = format!("{} {path}", method.to_uppercase());
        let Some(Value::Object(old)) = operation.get("responses").cloned() else {
            notes.warnings.push(format!("{place}: declares no response"));
            operation.insert("responses".to_owned(), responses(json!({}), common.as_ref()));
            return;
        };
        if operation.contains_key("x-responses") {
            return;
        }
        let success = success(&old, &sizes, &place, notes);
        let own = most_frequent(error_schemas(&old));
        operation.insert("responses".to_owned(), responses(success, own.or_else(|| common.clone()).as_ref()));
        let statuses: Vec<Value> = old
            .keys()
            .filter(|code| !code.starts_with("x-"))
            .map(|code| code.parse::<u16>().map_or_else(|_| json!(code), |code| json!(code)))
            .collect();
        operation.insert("x-responses".to_owned(), Value::Array(statuses));
    });
    if common.is_none() {
        notes.warnings.push("no operation says what an error's body is".to_owned());
    }
    Ok(())
}

fn responses(content: Value, error: Option<&Value>) -> Value {
    let mut success = json!({"description": "Success."});
    if content.as_object().is_some_and(|content| !content.is_empty()) {
        success["content"] = content;
    }
    let mut failure = json!({"description": "Error."});
    if let Some(schema) = error {
        failure["content"] = json!({"application/json": {"schema": schema}});
    }
    json!({"2XX": success, "default": failure})
}

/// The JSON schema of a response; `Some(None)` when it has other content.
fn content_of(response: &Value) -> Option<Option<Value>> {
    let content = response.get("content")?.as_object().filter(|content| !content.is_empty())?;
    let exact = content.iter().find(|(media, _)| media.as_str() == "application/json");
    let json = exact.or_else(|| content.iter().find(|(media, _)| is_json(media)));
    Some(json.map(|(_, media)| media.get("schema").cloned().unwrap_or_else(|| json!({}))))
}

/// The `content` for success.
fn success(old: &Map<String, Value>, sizes: &BTreeMap<String, usize>, place: &str, notes: &mut Notes) -> Value {
    let mut codes: Vec<_> = old.iter().filter(|(code, _)| code.starts_with('2')).collect();
    if codes.is_empty() {
        codes = old.iter().filter(|(code, _)| *code == "default").collect();
    }
    codes.sort_by(|a, b| a.0.cmp(b.0));
    let listed: Vec<_> = codes.iter().map(|(code, _)| code.as_str()).collect();
    let mut schemas: Vec<Value> = Vec::new();
    let mut may_be_empty = false;
    let mut raw = None;
    for (code, response) in &codes {
        match content_of(response) {
            None => may_be_empty = true,
            Some(Some(schema)) => {
                // 204 promises an empty body; where content is declared all the same, either may come.
                may_be_empty |= code.as_str() == "204";
                if !schemas.contains(&schema) {
                    schemas.push(schema);
                }
            }
            Some(None) => raw = raw.or_else(|| response.get("content").cloned()),
        }
    }
    // The first of the most telling, so that the lowest status wins among equals.
    let best = schemas.iter().rev().max_by_key(|schema| size(schema, sizes)).cloned();
    if schemas.len() > 1 {
        notes.warnings.push(format!("{place}: {} differ; the most telling schema is kept", listed.join(" and ")));
    }
    match (best, raw) {
        (Some(mut schema), raw) => {
            if raw.is_some() {
                notes.warnings.push(format!("{place}: also answers with other content than JSON"));
            }
            if may_be_empty && let Some(schema) = schema.as_object_mut() {
                schema.insert("nullable".to_owned(), Value::Bool(true));
                notes.changes.push(format!("{place}: {}: the answer may be empty", listed.join(" and ")));
            } else if codes.len() > 1 {
                notes.changes.push(format!("{place}: {} are one success", listed.join(" and ")));
            }
            json!({"application/json": {"schema": schema}})
        }
        (None, Some(raw)) => {
            notes.warnings.push(format!("{place}: answers with other content than JSON, given to the caller as it is"));
            raw
        }
        (None, None) => json!({}),
    }
}

/// How much a schema says: its properties, those of parts and references included.
fn size(schema: &Value, components: &BTreeMap<String, usize>) -> usize {
    let own = schema.get("properties").and_then(Value::as_object).map_or(0, Map::len);
    let parts: usize =
        schema.get("allOf").and_then(Value::as_array).into_iter().flatten().map(|part| size(part, components)).sum();
    let referred = component_of(schema).and_then(|name| components.get(&name).copied()).unwrap_or_default();
    own + parts + referred
}

fn error_schemas(responses: &Map<String, Value>) -> Vec<Value> {
    let has_success = responses.keys().any(|code| code.starts_with('2'));
    responses
        .iter()
        .filter(|(code, _)| is_error(code) && (has_success || *code != "default"))
        .filter_map(|(_, response)| content_of(response).flatten())
        .filter(|schema| schema.as_object().is_some_and(|schema| !schema.is_empty()))
        .collect()
}

/// What the errors of the document have most often.
fn common_error(document: &Document) -> Option<Value> {
    let all = document.operations().filter_map(|(_, _, operation)| operation.get("responses")?.as_object());
    most_frequent(all.flat_map(error_schemas))
}

/// The most frequent value, the first in text order among equals.
fn most_frequent(values: impl IntoIterator<Item = Value>) -> Option<Value> {
    let mut counts: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    for value in values {
        counts.entry(value.to_string()).or_insert((0, value)).0 += 1;
    }
    counts.into_values().rev().max_by_key(|(count, _)| *count).map(|(_, value)| value)
}
