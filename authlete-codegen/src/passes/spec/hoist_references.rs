//! A reference that points inside something becomes a reference to a named component, which both places share.
//!
//! The name comes from the place pointed at: its owner and property, so it is the same whatever the order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::names::{Names, claim_for, same};
use super::walk::{Kind, Site, holders, reference_to, sites, tidy};
use super::words::pascal;
use crate::document::{escape, pointer_of, tokens};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "hoist_references";
const SCHEMAS: &str = "/components/schemas/";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let sites = sites(document);
    let mut problems = Problems::default();
    // The places with a reference, and what each finally points at.
    let mut references: Vec<(String, String)> = Vec::new();
    let mut targets: BTreeMap<String, String> = BTreeMap::new();
    for site in &sites {
        match target_of(document, &site.pointer) {
            Ok(None) => {}
            Ok(Some(target)) => references.push((site.pointer.clone(), target)),
            Err(message) => problems.0.push(unresolved(&site.pointer, message)),
        }
    }
    for (_, target) in &references {
        if !is_component(target) {
            targets.insert(target.clone(), String::new());
        }
    }
    // A response or body that is shared is copied later; its schemas must not be.
    for holder in holders(document).iter().filter(|holder| holder.kind != Kind::PathItem) {
        match target_of(document, &holder.pointer) {
            Ok(None) => {}
            Ok(Some(target)) => {
                for site in sites.iter().filter(|site| site.steps.is_empty() && is_held_by(&site.pointer, &target)) {
                    if document
                        .0
                        .pointer(&site.pointer)
                        .is_some_and(|schema| schema.get("$ref").is_none() && deserves_name(schema))
                    {
                        targets.insert(site.pointer.clone(), String::new());
                    }
                }
            }
            Err(message) => problems.0.push(unresolved(&holder.pointer, message)),
        }
    }
    problems.into_result(())?;

    let mut names = Names::of(document);
    let mut made: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (pointer, name) in &mut targets {
        let wanted = wanted_name(&sites, pointer);
        let schema = document.0.pointer(pointer).cloned().unwrap_or_default();
        let known = made.entry(wanted.clone()).or_default();
        *name = match known.iter().find(|(_, other)| same(other, &schema)) {
            Some((name, _)) => name.clone(),
            None => claim_for(&mut names, document, &wanted, &schema),
        };
        if !known.iter().any(|(other, _)| other == name) {
            known.push((name.clone(), schema));
        }
    }

    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, target) in &references {
        let component = match targets.get(target) {
            Some(name) => {
                *uses.entry(name.as_str()).or_default() += 1;
                name.clone()
            }
            None => tokens(target).last().unwrap_or_default(),
        };
        if let Some(schema) = document.0.pointer_mut(place) {
            schema["$ref"] = reference_to(&component);
        }
    }
    // The innermost first: what is around them then moves with the reference already inside.
    let mut moves: Vec<_> = targets.iter().collect();
    moves.sort_by_key(|(pointer, _)| std::cmp::Reverse(pointer.matches('/').count()));
    for (pointer, name) in moves {
        let Some(place) = document.0.pointer_mut(pointer) else { continue };
        let mut schema = std::mem::replace(place, json!({"$ref": reference_to(name)}));
        // What is said of the schema is said of the place that it had, too.
        if let Some(words) = schema.get("description") {
            place["description"] = words.clone();
        }
        if let (Some(map), Some(site)) = (schema.as_object_mut(), sites.iter().find(|site| site.pointer == *pointer)) {
            map.insert("x-upstream-place".to_owned(), json!([site.label()]));
        }
        document.schemas_mut().entry(name.clone()).or_insert(schema);
        let uses = uses.get(name.as_str()).copied().unwrap_or_default();
        notes.changes.push(format!("{name}: was #{pointer} ({uses} references)"));
    }
    Ok(())
}

fn unresolved(place: &str, message: String) -> Problem {
    Problem::new(STAGE, format!("#{place}"), message).hint("correct the reference in an overlay")
}

/// Whether the pointer is to a whole component schema.
fn is_component(pointer: &str) -> bool {
    pointer.strip_prefix(SCHEMAS).is_some_and(|rest| !rest.contains('/'))
}

fn is_held_by(schema: &str, holder: &str) -> bool {
    schema.strip_prefix(holder).is_some_and(|rest| rest.starts_with("/content/") || rest == "/schema")
}

/// Whether a copy of the schema would be a type of its own.
fn deserves_name(schema: &Value) -> bool {
    let nested = schema.get("items").is_some_and(deserves_name);
    nested || ["properties", "allOf", "oneOf", "anyOf", "enum"].iter().any(|key| schema.get(key).is_some())
}

fn wanted_name(sites: &[Site], pointer: &str) -> String {
    match sites.iter().find(|site| site.pointer == pointer) {
        Some(site) => site.name(),
        None => pascal(&tokens(pointer).last().unwrap_or_default()),
    }
}

/// What the reference at a place finally points at; `None` when there is no reference.
pub(super) fn target_of(document: &Document, place: &str) -> Result<Option<String>, String> {
    let Some(reference) = document.0.pointer(place).and_then(|value| value.get("$ref")).and_then(Value::as_str) else {
        return Ok(None);
    };
    let pointer = pointer_of(reference).ok_or_else(|| format!("`{reference}` does not point into this document"))?;
    follow(document, &pointer).map(Some).map_err(|why| format!("`{reference}` {why}"))
}

/// The place a pointer leads to, references on the way and at its end followed.
fn follow(document: &Document, pointer: &str) -> Result<String, &'static str> {
    let mut left: Vec<String> = tokens(pointer).collect();
    left.reverse();
    let mut here = String::new();
    for _ in 0..10_000 {
        let value = document.0.pointer(&here).ok_or("points at nothing")?;
        let inner = value.get("$ref").and_then(Value::as_str);
        match (inner, left.pop()) {
            (None, None) => return Ok(here),
            (Some(_), None) if is_component(&here) => return Ok(here),
            (None, Some(token)) => here = format!("{here}/{}", escape(&token)),
            (Some(reference), token) => {
                left.extend(token);
                let pointer = pointer_of(reference).ok_or("leads outside this document")?;
                let mut ahead: Vec<String> = tokens(&pointer).collect();
                ahead.reverse();
                left.extend(ahead);
                here = String::new();
            }
        }
    }
    Err("leads back to itself")
}
