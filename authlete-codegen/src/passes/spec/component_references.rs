//! Responses, parameters, bodies and headers stand where they are used; only schemas stay shared.
//!
//! Progenitor looks references up by their last part alone and follows none into paths. Schemas in what is copied
//! here have had names since `hoist_references`.

use serde_json::{Map, Value};

use super::hoist_references::target_of;
use super::walk::{holders, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "component_references";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut problems = Problems::default();
    let mut copied = 0;
    // What is copied may hold references again: a path item its responses, a response its headers.
    for _ in 0..8 {
        let mut again = false;
        for holder in holders(document) {
            match target_of(document, &holder.pointer) {
                Ok(None) => {}
                Ok(Some(target)) => {
                    let value = document.0.pointer(&target).cloned().unwrap_or_default();
                    if let Some(place) = document.0.pointer_mut(&holder.pointer) {
                        *place = value;
                        copied += 1;
                        again = true;
                    }
                }
                Err(message) => problems.0.push(
                    Problem::new(STAGE, format!("#{}", holder.pointer), message)
                        .hint("correct the reference in an overlay"),
                ),
            }
        }
        if !again || !problems.0.is_empty() {
            break;
        }
    }
    problems.into_result(())?;
    if copied > 0 {
        notes.changes.push(format!("{copied} references to responses, parameters, bodies and headers resolved"));
    }
    drop_shared(document);
    drop_links(document, notes);
    for site in sites(document) {
        if let Some(schema) = document.0.pointer_mut(&site.pointer) {
            plain_reference(schema);
        }
    }
    Ok(())
}

/// Keeps schemas, security schemes and extensions under `components`.
fn drop_shared(document: &mut Document) {
    if let Some(components) = document.0.get_mut("components").and_then(Value::as_object_mut) {
        let kept = std::mem::take(components)
            .into_iter()
            .filter(|(key, _)| key == "schemas" || key == "securitySchemes" || key.starts_with("x-"));
        components.extend(kept);
    }
}

/// Links and callbacks say nothing that a client's code needs.
fn drop_links(document: &mut Document, notes: &mut Notes) {
    let mut callbacks = 0;
    document.for_each_operation_mut(|_, _, operation| {
        callbacks += usize::from(without(operation, "callbacks"));
        for response in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
            if let Some(response) = response.1.as_object_mut() {
                without(response, "links");
            }
        }
    });
    if callbacks > 0 {
        notes.warnings.push(format!("callbacks of {callbacks} operations are left out"));
    }
}

/// Takes a key out and keeps the others in order. Whether it was there.
fn without(map: &mut Map<String, Value>, key: &str) -> bool {
    let before = map.len();
    map.retain(|other, _| other != key);
    map.len() < before
}

/// `allOf` around one reference is that reference, with what stands beside it.
fn plain_reference(schema: &mut Value) {
    let Some([single]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else { return };
    let Some(reference) = single.get("$ref").filter(|reference| reference.is_string()).cloned() else { return };
    let plain = ["properties", "oneOf", "anyOf", "not", "enum", "required"].iter().all(|key| schema.get(key).is_none());
    if let (true, Some(map)) = (plain, schema.as_object_mut()) {
        without(map, "allOf");
        map.insert("$ref".to_owned(), reference);
    }
}
