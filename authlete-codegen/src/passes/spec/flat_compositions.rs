//! A component composed with `allOf` becomes one object with all properties, so that passes and readers see them.
//!
//! Typify merges the parts the same way, but after every pass has run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::walk::{component_of, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let all: BTreeMap<String, Value> =
        document.schemas().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    for (name, schema) in &all {
        if schema.get("allOf").is_none() {
            continue;
        }
        match flat(schema, &all, &mut BTreeSet::from([name.clone()])) {
            Some((properties, required)) => {
                let mut object = schema.as_object().cloned().unwrap_or_default();
                object.retain(|key, _| key != "allOf");
                object.insert("type".to_owned(), json!("object"));
                object.insert("properties".to_owned(), Value::Object(properties));
                if !required.is_empty() {
                    object.insert("required".to_owned(), json!(required));
                }
                document.schemas_mut().insert(name.clone(), Value::Object(object));
                notes.changes.push(format!("{name}: its parts are one object"));
            }
            None => notes.warnings.push(format!("{name}: an allOf of something else than objects is left as it is")),
        }
    }
    Ok(())
}

type Object = (Map<String, Value>, BTreeSet<String>);

/// The properties of an object and all its parts, and which are required; `None` where a part is no object.
fn flat(schema: &Value, all: &BTreeMap<String, Value>, open: &mut BTreeSet<String>) -> Option<Object> {
    if let Some(name) = component_of(schema) {
        if !open.insert(name.clone()) {
            return None;
        }
        let object = flat(all.get(&name)?, all, open);
        open.remove(&name);
        return object;
    }
    let map = schema.as_object()?;
    let object = map.get("type").is_none_or(|kind| kind == "object");
    let other = ["oneOf", "anyOf", "not", "enum", "items"].iter().any(|key| map.contains_key(*key));
    if !object || other {
        return None;
    }
    let mut properties = Map::new();
    let mut required = BTreeSet::new();
    for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let (more, needed) = flat(part, all, open)?;
        properties.extend(more);
        required.extend(needed);
    }
    properties.extend(map.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    let names = map.get("required").and_then(Value::as_array).into_iter().flatten();
    required.extend(names.filter_map(Value::as_str).map(str::to_owned));
    Some((properties, required))
}
