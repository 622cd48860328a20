//! Types that are read and sent back keep the fields we don't know, so that an update loses nothing.
//!
//! These are the components that both a request and a successful answer contain, and everything in them.

use serde_json::{Value, json};

use super::walk::{directions, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let (sent, read) = directions(document);
    for name in sent.intersection(&read) {
        let Some(schema) = document.schemas_mut().get_mut(name).and_then(Value::as_object_mut) else { continue };
        let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty()) else {
            continue;
        };
        if properties.contains_key("extra") {
            notes.warnings.push(format!("{name}: has a property `extra`, so unknown fields have no place"));
            continue;
        }
        if !schema.get("additionalProperties").is_some_and(Value::is_object) {
            schema.insert("additionalProperties".to_owned(), json!({}));
            notes.changes.push(format!("{name}: keeps unknown fields"));
        }
    }
    Ok(())
}
