//! Every object written inline becomes a named component, so that later passes see components only.
//!
//! A request body is `<Operation>Request`, an answer `<Operation>Response`, an object in a property
//! `<Owner><Property>`, an element of a list its singular.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::names::{Names, OF_PLACE, claim_for, same};
use super::walk::{Root, Site, Step, extend, reference_to, sites, tidy};
use super::words::pascal;
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut names = Names::of(document);
    // Inline schemas by pointer, with the name of the component each becomes; owners come before what they own.
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut made: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    let mut order: Vec<(String, String, String)> = Vec::new();
    let all = sites(document);
    for site in &all {
        let Some(schema) = document.0.pointer(&site.pointer) else { continue };
        if !needs_name(site, schema) {
            continue;
        }
        let chosen = schema.get("x-rust-name").and_then(Value::as_str).map(pascal);
        let wanted = chosen.unwrap_or_else(|| wanted_name(site, &named, &all));
        let known = made.entry(wanted.clone()).or_default();
        let name = match known.iter().find(|(_, other)| same(other, schema)) {
            Some((name, _)) => name.clone(),
            None => claim_for(&mut names, document, &wanted, schema),
        };
        known.push((name.clone(), schema.clone()));
        named.insert(site.pointer.clone(), name.clone());
        order.push((site.pointer.clone(), name, site.label()));
    }
    // The innermost first: what is around them moves with the reference already inside.
    for (pointer, name, label) in order.into_iter().rev() {
        let Some(place) = document.0.pointer_mut(&pointer) else { continue };
        let mut schema = std::mem::take(place);
        let mut reference = json!({"$ref": reference_to(&name)});
        // Facts about the property, not about the type.
        for key in OF_PLACE {
            if let Some(value) = schema.get(key).cloned() {
                reference[key] = value;
                if let Some(schema) = schema.as_object_mut() {
                    schema.retain(|other, _| other != key);
                }
            }
        }
        // What is said of the object is said of the property too.
        if let Some(words) = schema.get("description") {
            reference["description"] = words.clone();
        }
        *place = reference;
        if !document.schemas_mut().contains_key(&name) {
            schema["x-upstream-place"] = json!([label]);
            notes.changes.push(format!("{name}: was inline at {label}"));
            document.schemas_mut().insert(name, schema);
        }
    }
    notes.changes.sort();
    Ok(())
}

fn needs_name(site: &Site, schema: &Value) -> bool {
    let own = site.steps.is_empty() && matches!(site.root, Root::Component(_));
    let part = site.steps.last() == Some(&Step::Part);
    let parts = |key: &str| schema.get(key).and_then(Value::as_array).is_some_and(|parts| !parts.is_empty());
    let properties = schema.get("properties").and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    !own && !part && schema.get("$ref").is_none() && (properties || parts("allOf") || parts("oneOf") || parts("anyOf"))
}

/// The name from the nearest owner that has one by now.
fn wanted_name(site: &Site, named: &BTreeMap<String, String>, all: &[Site]) -> String {
    let owner = all
        .iter()
        .filter(|other| other.root == site.root && other.steps.len() < site.steps.len())
        .filter(|other| site.pointer.starts_with(&format!("{}/", other.pointer)))
        .filter_map(|other| named.get(&other.pointer).map(|name| (other.steps.len(), name)))
        .max_by_key(|(depth, _)| *depth);
    match owner {
        Some((depth, name)) => extend(name.clone(), &site.steps[depth..]),
        None => site.name(),
    }
}
