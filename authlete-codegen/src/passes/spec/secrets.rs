//! Every text field says whether it is secret: `x-secret` is true, or false where an overlay's author looked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::{Root, Site, Step, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut unmarked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut covered: Vec<String> = Vec::new();
    for site in sites(document) {
        let Root::Component(component) = &site.root else { continue };
        if covered.iter().any(|above| site.pointer.starts_with(above.as_str())) || is_unknown_fields(document, &site) {
            continue;
        }
        let Some(schema) = document.0.pointer_mut(&site.pointer).filter(|schema| may_hold_text(schema)) else {
            continue;
        };
        covered.push(format!("{}/", site.pointer));
        let mark = mark(schema);
        if mark.is_none() {
            unmarked.entry(component.clone()).or_default().push(site.label());
        }
        // On the field itself, also where a list's elements were marked: one place to look.
        if let Some(map) = schema.as_object_mut() {
            map.insert("x-secret".to_owned(), Value::Bool(mark.unwrap_or(true)));
        }
    }
    let mut problems = Problems::default();
    for (component, fields) in unmarked {
        if notes.lenient {
            notes.warnings.push(format!("{component}: taken as secret: {}", fields.join(", ")));
            continue;
        }
        problems.0.extend(fields.into_iter().map(|field| {
            Problem::new("secrets", field, "nobody said whether this text is secret")
                .hint("set x-secret to true, or to false once reviewed, in an overlay")
        }));
    }
    problems.into_result(())
}

/// The values of the fields an object does not know, as `keep_unknown` writes them.
fn is_unknown_fields(document: &Document, site: &Site) -> bool {
    let owner = site.pointer.strip_suffix("/additionalProperties").and_then(|owner| document.0.pointer(owner));
    site.steps.last() == Some(&Step::Values) && owner.is_some_and(|owner| owner.get("properties").is_some())
}

/// Text, a list or map of it, and what is not described at all.
fn may_hold_text(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return true };
    let typed = ["$ref", "enum", "properties", "allOf", "oneOf", "anyOf"].iter().any(|key| map.contains_key(*key));
    if typed {
        return false;
    }
    let inner = |key: &str| map.get(key).is_none_or(may_hold_text);
    match map.get("type").and_then(Value::as_str) {
        Some("string") => true,
        Some("array") => inner("items"),
        Some("object") => inner("additionalProperties"),
        Some(_) => false,
        None if map.contains_key("items") => inner("items"),
        None => inner("additionalProperties"),
    }
}

fn mark(schema: &Value) -> Option<bool> {
    let own = schema.get("x-secret").and_then(Value::as_bool);
    own.or_else(|| ["items", "additionalProperties"].iter().filter_map(|key| schema.get(key)).find_map(mark))
}
