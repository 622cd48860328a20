//! Text stays text and numbers stay numbers: what upstream promises about values must not fail a response.
//!
//! Typify turns formats, lengths, patterns and bounds into types that refuse other values, defaults into code that
//! makes absent and default the same, and closed objects into ones that refuse new fields. All are dropped, and so is what
//! a value must not be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::walk::{sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

const DROPPED: [&str; 18] = [
    "not",
    "title",
    "default",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "discriminator",
    "xml",
];

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut raw_bodies = Vec::new();
    document.for_each_operation_mut(|path, method, operation| {
        let content = operation.get("requestBody").and_then(|body| body.get("content"));
        if content.and_then(|content| content.get("application/octet-stream")).is_some() {
            raw_bodies.push(format!("/paths/{}/{method}/requestBody/", crate::document::escape(path)));
        }
    });
    for site in sites(document) {
        // Progenitor recognises a raw body by its format.
        if raw_bodies.iter().any(|body| site.pointer.starts_with(body)) {
            continue;
        }
        let Some(map) = document.0.pointer_mut(&site.pointer).and_then(Value::as_object_mut) else { continue };
        let mut count = |what: String| *counts.entry(what).or_default() += 1;
        for key in DROPPED {
            if map.contains_key(key) {
                map.retain(|other, _| other != key);
                count(format!("{key} dropped"));
            }
        }
        if map.get("additionalProperties").is_some_and(Value::is_boolean) {
            map.retain(|key, _| key != "additionalProperties");
            count("additionalProperties: true or false dropped".to_owned());
        }
        let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let format = map.get("format").and_then(Value::as_str).map(str::to_owned);
        let wanted = match (kind.as_str(), format.as_deref()) {
            ("integer", Some(format @ ("int32" | "int64"))) => Some(format),
            ("integer", _) => Some("int64"),
            ("number", Some(format @ ("float" | "double"))) => Some(format),
            _ => None,
        };
        if wanted != format.as_deref() {
            count(format!(
                "{kind} {} read as {}",
                format.as_deref().unwrap_or("without format"),
                wanted.unwrap_or("text")
            ));
            match wanted {
                Some(wanted) => map.insert("format".to_owned(), json!(wanted)),
                None => map.remove("format"),
            };
        }
        drop_unknown_required(map, &mut count);
    }
    notes.changes.extend(counts.into_iter().map(|(what, count)| format!("{what}: {count}")));
    Ok(())
}

/// A required property that is not described would become an untyped field.
fn drop_unknown_required(map: &mut serde_json::Map<String, Value>, count: &mut impl FnMut(String)) {
    let known: Vec<String> =
        map.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let composed = ["allOf", "oneOf", "anyOf"].iter().any(|key| map.contains_key(*key));
    if let (false, Some(required)) = (composed, map.get_mut("required").and_then(Value::as_array_mut)) {
        let before = required.len();
        required.retain(|name| known.iter().any(|known| name == known.as_str()));
        if required.len() < before {
            count("required without a property dropped".to_owned());
        }
        if required.is_empty() {
            map.retain(|key, _| key != "required");
        }
    }
}
