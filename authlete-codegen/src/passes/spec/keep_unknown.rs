//! Types that are read and sent back keep the fields we don't know, so that an update loses nothing.
//!
//! These are the components that both a request and a successful answer contain, and everything in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::walk::{Root, component_of, is_error, sites, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut sent = BTreeSet::new();
    let mut read = BTreeSet::new();
    let mut edges: Vec<(String, String)> = Vec::new();
    for site in sites(document) {
        let Some(target) = document.0.pointer(&site.pointer).and_then(component_of) else { continue };
        match site.root {
            Root::Component(owner) => edges.push((owner, target)),
            Root::Request(_) => _ = sent.insert(target),
            Root::Response(_, code) if !is_error(&code) => _ = read.insert(target),
            Root::Response(..) | Root::Parameter(..) => {}
        }
    }
    let (sent, read) = (reach(sent, &edges), reach(read, &edges));
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

/// The components and everything they contain.
fn reach(mut found: BTreeSet<String>, edges: &[(String, String)]) -> BTreeSet<String> {
    loop {
        let more: Vec<_> = edges
            .iter()
            .filter(|(from, to)| found.contains(from) && !found.contains(to))
            .map(|(_, to)| to.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}
