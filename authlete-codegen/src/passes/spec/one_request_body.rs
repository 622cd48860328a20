//! One media type per request: JSON where an operation accepts it, with the others kept under `x-media-types`.

use serde_json::{Map, Value, json};

use super::walk::tidy;
use crate::passes::Notes;
use crate::{Document, Problems};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    document.for_each_operation_mut(|path, method, operation| {
        let place = format!("{} {path}", method.to_uppercase());
        let Some(body) = operation.get_mut("requestBody").and_then(Value::as_object_mut) else { return };
        let content = body.get("content").and_then(Value::as_object).cloned().unwrap_or_default();
        let Some((kind, media)) = choose(&content) else {
            operation.retain(|key, _| key != "requestBody");
            notes.changes.push(format!("{place}: a request body without content is none"));
            return;
        };
        let mut schema = content[&media].get("schema").cloned().unwrap_or_else(|| json!({}));
        match kind {
            JSON | FORM => {}
            "text/plain" => schema = json!({"type": "string"}),
            _ => schema = json!({"type": "string", "format": "binary"}),
        }
        // What goes into the header, where the form of the body does not say it.
        if media != kind && kind != JSON && !media.contains('*') {
            body.insert("x-media-type".to_owned(), json!(media));
        }
        let others: Vec<_> = content.keys().filter(|key| key.as_str() != kind).cloned().collect();
        if !others.is_empty() {
            notes.changes.push(format!("{place}: {kind} chosen; also accepted: {}", others.join(", ")));
            let all: Vec<_> = content.keys().cloned().collect();
            body.insert("x-media-types".to_owned(), json!(all));
        }
        body.insert("content".to_owned(), json!({kind: {"schema": schema}}));
        if ["get", "head", "delete"].contains(&method) {
            notes.warnings.push(format!("{place}: has a request body, and it is sent"));
        }
        if body.get("required") != Some(&Value::Bool(true)) {
            body.insert("required".to_owned(), Value::Bool(true));
            body.insert("x-optional".to_owned(), Value::Bool(true));
        }
    });
    Ok(())
}

/// The media type to send, as progenitor knows it, and the key it has in the document.
fn choose(content: &Map<String, Value>) -> Option<(&'static str, String)> {
    let plain = |key: &str| key.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let find = |wanted: &dyn Fn(&str) -> bool| {
        let mut keys: Vec<_> = content.keys().filter(|key| wanted(&plain(key))).collect();
        keys.sort();
        keys.first().map(|&key| key.clone())
    };
    find(&|key| key == JSON)
        .map(|key| (JSON, key))
        .or_else(|| find(&is_json).map(|key| (JSON, key)))
        .or_else(|| find(&|key| key == FORM).map(|key| (FORM, key)))
        .or_else(|| find(&is_text).map(|key| ("text/plain", key)))
        .or_else(|| find(&|key| !key.starts_with("multipart/")).map(|key| ("application/octet-stream", key)))
}

/// Whether a media type is one of strings: text, and the compact forms of JOSE.
fn is_text(media: &str) -> bool {
    media.starts_with("text/") || ["application/jose", "application/jwt"].contains(&media) || media.ends_with("+jwt")
}

/// Whether a media type carries JSON, or anything: Authlete answers and takes JSON unless it says otherwise.
pub(super) fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case(JSON) || media == "*/*" || media == "application/*" || media.ends_with("+json")
}
