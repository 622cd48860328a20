//! A text that an overlay gives a type of the crate's own (`x-rust-type`) refers to a component of that name, which
//! stands for the type.
//!
//! On a parameter the mark stays where it is: the layer for users reads it there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::walk::{Root, reference_to, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "rust_types";
const MARK: &str = "x-rust-type";

/// What is known of a type from the places that have it.
#[derive(Default)]
struct Use {
    places: usize,
    /// Whether one of the places is secret; `None` when no place says.
    secret: Option<bool>,
}

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut problems = Problems::default();
    let mut uses: BTreeMap<String, Use> = BTreeMap::new();
    let own = document.schemas().filter(|(_, schema)| schema.get(MARK).is_none());
    let taken: BTreeSet<String> = own.map(|(name, _)| name.clone()).collect();
    for site in sites(document) {
        if matches!(site.root, Root::Parameter(..)) || site.steps.is_empty() {
            continue;
        }
        let Some(schema) = document.0.pointer_mut(&site.pointer) else { continue };
        let Some(name) = schema.get(MARK).and_then(Value::as_str).map(str::to_owned) else { continue };
        if let Err(message) = fits(&name, schema, &taken) {
            if let Some(schema) = schema.as_object_mut() {
                schema.retain(|key, _| key != MARK);
            }
            complain(&site.label(), &message, notes, &mut problems);
            continue;
        }
        let known = uses.entry(name.clone()).or_default();
        known.places += 1;
        if let Some(secret) = schema.get("x-secret").and_then(Value::as_bool) {
            known.secret = Some(secret || known.secret.unwrap_or_default());
        }
        refer(schema, &name);
    }
    for (name, Use { places, secret }) in uses {
        let mut component = json!({"type": "string", MARK: &name});
        if let Some(secret) = secret {
            component["x-secret"] = Value::Bool(secret);
        }
        document.schemas_mut().entry(name.clone()).or_insert(component);
        notes.changes.push(format!("{name}: the type of {places} fields"));
    }
    problems.into_result(())
}

/// Whether the schema can have the type.
fn fits(name: &str, schema: &Value, taken: &BTreeSet<String>) -> Result<(), String> {
    if syn::parse_str::<syn::Ident>(name).is_err() {
        return Err(format!("{name:?} is no name of a type"));
    }
    if taken.contains(name) {
        return Err(format!("a component is called {name} too"));
    }
    let text = schema.get("type").and_then(Value::as_str) == Some("string") && schema.get("enum").is_none();
    if text { Ok(()) } else { Err(format!("{name} is for texts, and this is none")) }
}

/// What stands in the way of another document is tolerated there.
fn complain(at: &str, message: &str, notes: &mut Notes, problems: &mut Problems) {
    if notes.lenient {
        notes.warnings.push(format!("{at}: {message}"));
    } else {
        problems.0.push(Problem::new(STAGE, at, message).hint("mend its x-rust-type in openapi/overlays"));
    }
}

fn refer(schema: &mut Value, name: &str) {
    let mut reference = json!({"$ref": reference_to(name)});
    for (key, value) in schema.as_object().into_iter().flatten() {
        if !["type", "format", MARK].contains(&key.as_str()) {
            reference[key] = value.clone();
        }
    }
    *schema = reference;
}
