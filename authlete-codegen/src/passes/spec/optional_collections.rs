//! Every property that may be absent becomes an `Option`, lists and maps included.
//!
//! Typify gives an optional list a default instead, and would not send an empty one: clearing a list would be lost.

use std::collections::BTreeSet;

use serde_json::Value;

use super::walk::{component_of, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    nullable_where_used(document, notes);
    let mut count = 0;
    for (_, schema) in document.schemas_mut().iter_mut() {
        let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            if !required.iter().any(|required| required == name.as_str())
                && is_collection(property)
                && let Some(property) = property.as_object_mut()
            {
                property.insert("nullable".to_owned(), Value::Bool(true));
                count += 1;
            }
        }
    }
    notes.changes.push(format!("{count} optional lists and maps keep absent and empty apart"));
    Ok(())
}

fn is_collection(schema: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => true,
        Some("object") => schema.get("properties").is_none(),
        _ => schema.get("items").is_some() || schema.get("additionalProperties").is_some(),
    }
}

/// A component that is nullable itself would be a wrapper around an `Option`; its uses are nullable instead.
fn nullable_where_used(document: &mut Document, notes: &mut Notes) {
    let mut nullable = BTreeSet::new();
    for (name, schema) in document.schemas_mut().iter_mut() {
        if let Some(map) = schema.as_object_mut()
            && map.get("nullable").is_some()
        {
            if map.get("nullable") == Some(&Value::Bool(true)) {
                nullable.insert(name.clone());
                notes.changes.push(format!("{name}: nullable where it is used"));
            }
            map.retain(|key, _| key != "nullable");
        }
    }
    for site in sites(document) {
        let Some(schema) = document.0.pointer_mut(&site.pointer) else { continue };
        if component_of(schema).is_some_and(|name| nullable.contains(&name)) {
            schema["nullable"] = Value::Bool(true);
        }
    }
}
