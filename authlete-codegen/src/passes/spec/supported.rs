//! Refuses what no later stage could represent, with a message about the document: references to things of another
//! kind, compositions that contain themselves, and bodies in several parts.
//!
//! Later stages, progenitor's own among them, follow references without looking where they have been. This runs first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::walk::{Kind, component_of, holders, sites, tidy};
use crate::document::pointer_of;
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "supported";

/// Runs the pass, which changes nothing.
pub(super) fn run(document: &mut Document, _: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut problems = Problems::default();
    references(document, &mut problems);
    compositions(document, &mut problems);
    bodies(document, &mut problems);
    problems.into_result(())
}

/// Every reference leads to something of the kind that is wanted where it stands.
fn references(document: &Document, problems: &mut Problems) {
    let schemas: BTreeSet<String> = sites(document).into_iter().map(|site| site.pointer).collect();
    let held = holders(document);
    let kinds: BTreeMap<&str, Kind> = held.iter().map(|holder| (holder.pointer.as_str(), holder.kind)).collect();
    for at in &schemas {
        if let Some((reference, target)) = target(document, at)
            && !schemas.contains(&target)
        {
            let message = format!("a schema is wanted here, and {reference} is not one");
            problems.0.push(Problem::new(STAGE, format!("#{at}"), message).hint("correct the reference in an overlay"));
        }
    }
    for holder in &held {
        if let Some((reference, target)) = target(document, &holder.pointer)
            && let Some(found) = kinds.get(target.as_str())
            && *found != holder.kind
        {
            let message = format!("{reference} leads to something of another kind");
            let problem = Problem::new(STAGE, format!("#{}", holder.pointer), message);
            problems.0.push(problem.hint("correct the reference in an overlay"));
        }
    }
}

/// The reference at a place, and the pointer that it resolves to; nothing where it leads nowhere, which
/// `hoist_references` reports.
fn target(document: &Document, at: &str) -> Option<(String, String)> {
    let reference = document.0.pointer(at)?.get("$ref")?.as_str()?;
    let target = pointer_of(reference)?;
    document.0.pointer(&target)?;
    Some((reference.to_owned(), target))
}

/// No `allOf` contains itself.
fn compositions(document: &Document, problems: &mut Problems) {
    let parts: BTreeMap<&str, BTreeSet<String>> =
        document.schemas().map(|(name, schema)| (name.as_str(), composed_of(schema))).collect();
    let mut sound = BTreeSet::new();
    for name in parts.keys() {
        if let Some(way) = circle(name, &parts, &mut sound) {
            let first = way.iter().min().cloned().unwrap_or_default();
            // Each circle once, at the first of its names.
            if first != **name {
                continue;
            }
            let at = format!("#/components/schemas/{name}");
            let message = format!("its allOf leads back to itself: {} → {name}", way.join(" → "));
            problems.0.push(Problem::new(STAGE, at, message).hint("take one of the references out by an overlay"));
        }
    }
}

/// The components that are parts of a schema, or that the schema only stands for.
fn composed_of(schema: &Value) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if let Some(name) = schema.get("$ref").and_then(|_| component_of(schema)) {
            found.insert(name);
        }
        open.extend(schema.get("allOf").and_then(Value::as_array).into_iter().flatten());
    }
    found
}

/// The way from a component back to itself, when there is one. What is known to lead into no circle is `sound`.
fn circle(start: &str, parts: &BTreeMap<&str, BTreeSet<String>>, sound: &mut BTreeSet<String>) -> Option<Vec<String>> {
    // Each entry is a component on the way, with the parts of it that are still to be looked at.
    let mut way: Vec<(String, Vec<String>)> = Vec::new();
    let of = |name: &str| parts.get(name).map(|parts| parts.iter().cloned().collect()).unwrap_or_default();
    way.push((start.to_owned(), of(start)));
    let mut seen = BTreeSet::from([start.to_owned()]);
    let mut leads_round = false;
    while let Some((_, open)) = way.last_mut() {
        match open.pop() {
            Some(next) if next == start => return Some(way.into_iter().map(|(name, _)| name).collect()),
            Some(next) if sound.contains(&next) => {}
            Some(next) if seen.insert(next.clone()) => {
                let parts = of(&next);
                way.push((next, parts));
            }
            // A circle that does not contain the start is found from one of its own.
            Some(_) => leads_round = true,
            None => _ = way.pop(),
        }
    }
    if !leads_round {
        sound.extend(seen);
    }
    None
}

/// No body has several parts: what is in them has no type.
fn bodies(document: &Document, problems: &mut Problems) {
    for (path, method, operation) in document.operations() {
        let body = operation.get("requestBody");
        let target = body.and_then(|body| body.get("$ref")).and_then(Value::as_str);
        let body = target.and_then(|target| document.resolve(target)).or(body);
        let content = body.and_then(|body| body.get("content")).and_then(Value::as_object);
        let mut media = content.into_iter().flatten().map(|(media, _)| media.to_ascii_lowercase()).peekable();
        if let Some(first) = media.peek().cloned()
            && media.all(|media| media.starts_with("multipart/"))
        {
            let at = format!("{} {path}", method.to_uppercase());
            let message = format!("the body is sent as {first}, and bodies in several parts are not supported");
            problems.0.push(Problem::new(STAGE, at, message).hint("take the operation out by an overlay"));
        }
    }
}
