//! What differs between two documents, in the terms of those who maintain or use the SDK.
//!
//! A change is *breaking* when a program that was right against the old document may be wrong against the new one: a
//! name it uses is gone, a call it makes is refused, an answer it gets is not what it was told. Which of these can
//! happen depends on the direction: what is only sent cannot surprise a reader, and what is only read cannot be refused.
//! A new optional field or argument is not breaking, nor is a new enum value in an answer, since the generated enums
//! are open. What no operation reaches breaks nothing, unless its name goes.

mod direction;
mod operations;
mod render;
pub mod rust;
mod schemas;

use serde_json::Value;

use crate::Document;
use direction::{Direction, Directions};

/// What a change is about, in the order of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The document as a whole: its version, servers and security.
    Document,
    /// An operation.
    Operation,
    /// A parameter of an operation.
    Parameter,
    /// The body of a request.
    Request,
    /// A response of an operation.
    Response,
    /// A named schema.
    Schema,
    /// A property of a schema, named or inline.
    Property,
    /// A value of an enum.
    EnumValue,
    /// The type, format or named schema of something.
    Type,
    /// What a value must satisfy beyond its type, and what holds when it is absent.
    Constraint,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is in the new document only.
    Added,
    /// It is in the old document only.
    Removed,
    /// It is in both, and differs.
    Changed,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// Where: `client.clientId`, or `POST /api/{serviceId}/gm response 200 client.clientId`.
    pub at: String,
    /// What happened.
    pub action: Action,
    /// What exactly, where the place alone does not say it.
    pub detail: String,
    /// Whether a program that was right may now be wrong.
    pub breaking: bool,
}

/// All the differences between two documents, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The differences.
    pub changes: Vec<Change>,
}

/// Compares two documents. Both may be of any shape: what is not as OpenAPI has it is passed over.
pub fn diff(old: &Document, new: &Document) -> Report {
    let mut comparison = Comparison {
        old: Side { document: old, directions: Directions::of(old) },
        new: Side { document: new, directions: Directions::of(new) },
        changes: Vec::new(),
        schemas: schemas::Queue::default(),
    };
    comparison.named_schemas();
    comparison.document();
    comparison.operations();
    comparison.queued_schemas();
    let mut changes = comparison.changes;
    changes.sort();
    changes.dedup();
    Report { changes }
}

/// One of the two documents.
struct Side<'a> {
    document: &'a Document,
    directions: Directions,
}

/// A value and its JSON pointer.
#[derive(Debug, Clone)]
struct Node<'a> {
    at: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key)?;
        Some(Node { at: format!("{}/{}", self.at, crate::document::escape(key)), value })
    }

    fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let at = self.at.clone();
        self.value.as_object().into_iter().flatten().map(move |(key, value)| {
            (key.as_str(), Node { at: format!("{at}/{}", crate::document::escape(key)), value })
        })
    }

    fn items(&self) -> impl Iterator<Item = Node<'a>> {
        let at = self.at.clone();
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(move |(index, value)| Node { at: format!("{at}/{index}"), value })
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// What it refers to, itself or as an `allOf` with nothing else in it.
    fn reference(&self) -> Option<&'a str> {
        self.text("$ref").or_else(|| {
            let parts = self.value.get("allOf")?.as_array()?;
            let alone = !["properties", "required", "additionalProperties", "items", "enum", "oneOf", "anyOf"]
                .iter()
                .any(|key| self.value.get(key).is_some());
            match parts.as_slice() {
                [only] if alone => only.get("$ref")?.as_str(),
                _ => None,
            }
        })
    }
}

impl<'a> Side<'a> {
    fn node(&self, pointer: &str) -> Option<Node<'a>> {
        Some(Node { at: pointer.to_owned(), value: self.document.0.pointer(pointer)? })
    }

    /// What is there once references are followed; the node itself when they lead nowhere.
    fn resolved(&self, node: &Node<'a>) -> Node<'a> {
        resolved(self.document, node)
    }

    fn direction(&self, node: &Node<'_>) -> Direction {
        self.directions.at(&node.at)
    }
}

fn resolved<'a>(document: &'a Document, node: &Node<'a>) -> Node<'a> {
    let mut current = node.clone();
    // Longer chains are circles, which importing refuses.
    for _ in 0..32 {
        let Some(target) = current.reference().and_then(crate::document::pointer_of) else { return current };
        let Some(value) = document.0.pointer(&target) else { return current };
        current = Node { at: target, value };
    }
    node.clone()
}

/// The work in progress.
struct Comparison<'a> {
    old: Side<'a>,
    new: Side<'a>,
    changes: Vec<Change>,
    schemas: schemas::Queue<'a>,
}

impl Comparison<'_> {
    fn report(&mut self, subject: Subject, action: Action, at: &str, detail: impl Into<String>, breaking: bool) {
        self.changes.push(Change { subject, at: at.to_owned(), action, detail: detail.into(), breaking });
    }
}

/// `old → new`, where `None` has a word of its own.
fn from_to(old: Option<&str>, new: Option<&str>, none: &str) -> String {
    format!("{} → {}", old.unwrap_or(none), new.unwrap_or(none))
}

/// A value in a line: text as it is, the rest as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
