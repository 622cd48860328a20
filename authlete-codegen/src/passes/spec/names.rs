//! The Rust names that a document's components have or will have, and free ones beside them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::words::{pascal, type_name};
use crate::Document;

/// The Rust name of a component: what an overlay says, or its own in Rust's case.
pub(super) fn rust_name(component: &str, schema: &Value) -> String {
    schema.get("x-rust-name").and_then(Value::as_str).map_or_else(|| type_name(component), pascal)
}

/// Names in use, by Rust name.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Those of the document's components.
    pub(super) fn of(document: &Document) -> Self {
        let mut names = BTreeMap::new();
        for (component, schema) in document.schemas() {
            // The plain name is taken too, or a second type would get it while upstream's has another.
            names.insert(type_name(component), component.clone());
            names.insert(rust_name(component, schema), component.clone());
        }
        Self(names)
    }

    /// The component that has this Rust name.
    pub(super) fn component(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes the wanted name, or the first free one made from it with a number from 2 on.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while self.0.contains_key(&name) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        self.0.insert(name.clone(), name.clone());
        name
    }
}

/// Takes the wanted name for a schema. A component that has the name and is the same schema is shared.
pub(super) fn claim_for(names: &mut Names, document: &Document, wanted: &str, schema: &Value) -> String {
    let schemas = document.0.pointer("/components/schemas");
    let equal = |component: &&str| schemas.and_then(|all| all.get(*component)).is_some_and(|other| same(other, schema));
    match names.component(wanted).filter(equal) {
        Some(component) => component.to_owned(),
        None => names.claim(wanted),
    }
}

/// What is said about the place of a schema, not about its type.
pub(super) const OF_PLACE: [&str; 4] = ["nullable", "readOnly", "writeOnly", "deprecated"];

/// What is said of a schema for people.
pub(super) const WORDS: [&str; 2] = ["description", "x-value-docs"];

/// Whether two schemas are the same type.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    let bare = |schema: &Value| {
        let mut schema = schema.clone();
        if let Some(map) = schema.as_object_mut() {
            map.retain(|key, _| key != "x-upstream-place" && !OF_PLACE.contains(&key.as_str()));
        }
        without_words(&mut schema);
        schema
    };
    bare(a) == bare(b)
}

/// Takes out what is said of a schema and of those within it; a property may have any name.
fn without_words(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    map.retain(|key, _| !WORDS.contains(&key.as_str()));
    for (key, value) in map {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(without_words),
            ("items" | "additionalProperties" | "not", inner) => without_words(inner),
            ("allOf" | "oneOf" | "anyOf", Value::Array(parts)) => parts.iter_mut().for_each(without_words),
            _ => {}
        }
    }
}
