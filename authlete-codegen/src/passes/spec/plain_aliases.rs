//! A component that is only another name for text, a number, a list or a map stands where it is used.
//!
//! Typify would wrap each in a type with one field. One that an overlay gives a Rust name is kept.

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::{component_of, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut left: BTreeMap<String, Value> = document
        .schemas()
        .filter(|(_, schema)| is_alias(schema))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    // Those that refer to no other alias first; what is left in the end refers to itself.
    while let Some(name) = left.iter().find(|(_, schema)| !mentions(schema, &left)).map(|(name, _)| name.clone()) {
        let Some(schema) = left.remove(&name) else { break };
        let mut uses = 0;
        for site in sites(document) {
            let Some(place) = document.0.pointer_mut(&site.pointer) else { continue };
            uses += usize::from(put(place, &name, &schema));
        }
        for other in left.values_mut() {
            put_inside(other, &name, &schema);
        }
        document.schemas_mut().retain(|other, _| *other != name);
        notes.changes.push(format!("{name}: is written out in {uses} places"));
    }
    for name in left.keys() {
        notes.warnings.push(format!("{name}: a name for something that contains itself is kept"));
    }
    Ok(())
}

fn is_alias(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return false };
    if map.contains_key("x-rust-name")
        || ["enum", "allOf", "oneOf", "anyOf", "not"].iter().any(|key| map.contains_key(*key))
    {
        return false;
    }
    match map.get("type").and_then(Value::as_str) {
        _ if map.contains_key("$ref") => true,
        Some("object") => {
            map.get("properties").is_none() && map.get("additionalProperties").is_some_and(Value::is_object)
        }
        Some(_) => true,
        None => map.contains_key("items"),
    }
}

fn mentions(schema: &Value, names: &BTreeMap<String, Value>) -> bool {
    component_of(schema).is_some_and(|name| names.contains_key(&name))
        || ["items", "additionalProperties"]
            .iter()
            .filter_map(|key| schema.get(key))
            .any(|inner| mentions(inner, names))
}

/// Writes the schema out at a reference to it; what stands beside the reference wins.
fn put(place: &mut Value, name: &str, schema: &Value) -> bool {
    if component_of(place).as_deref() != Some(name) {
        return false;
    }
    let mut written = schema.clone();
    if let (Some(written), Some(beside)) = (written.as_object_mut(), place.as_object()) {
        let own = ["x-upstream-place", "x-upstream-name"];
        written.retain(|key, _| !own.contains(&key.as_str()));
        written
            .extend(beside.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
    }
    *place = written;
    true
}

fn put_inside(schema: &mut Value, name: &str, with: &Value) {
    if !put(schema, name, with) {
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get_mut(key) {
                put_inside(inner, name, with);
            }
        }
    }
}
