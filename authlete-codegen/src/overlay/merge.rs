//! Merging an update into what an action selected, and saying what that changed.

use std::fmt;

use serde_json::Value;

use super::Version;
use crate::document::escape;

/// One place that an action changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened there.
    pub kind: ChangeKind,
    /// The JSON pointer of the place.
    pub at: String,
}

/// What happened at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A member or an element was added.
    Added,
    /// A value took another's place.
    Replaced,
    /// A member or an element was removed.
    Removed,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
        })
    }
}

/// What a merge did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The places it changed.
    pub(super) changes: Vec<Change>,
    /// The places that already were as the update wants them.
    pub(super) already: Vec<String>,
}

/// What kinds of value the standard tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Object,
    Array,
    Primitive,
}

impl Shape {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Object(_) => Self::Object,
            Value::Array(_) => Self::Array,
            _ => Self::Primitive,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Primitive => "a primitive value",
        })
    }
}

/// Why an update cannot go onto a target: every place where the kinds of value disagree.
pub(super) fn conflicts(target: &Value, update: &Value, at: &str) -> Vec<String> {
    match target {
        // An array takes anything: 1.0 appends it, 1.1 concatenates an array and appends the rest.
        Value::Array(_) => Vec::new(),
        target => inner_conflicts(target, update, at),
    }
}

fn inner_conflicts(target: &Value, update: &Value, at: &str) -> Vec<String> {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => update
            .iter()
            .filter_map(|(name, update)| Some((name, target.get(name)?, update)))
            .flat_map(|(name, target, update)| inner_conflicts(target, update, &child(at, name)))
            .collect(),
        (target, update) if Shape::of(target) == Shape::of(update) => Vec::new(),
        (target, update) => {
            vec![format!("{} cannot be merged into {} at {at}", Shape::of(update), Shape::of(target))]
        }
    }
}

/// Merges an update into a target it has no [`conflicts`] with.
pub(super) fn merge(target: &mut Value, update: &Value, at: &str, version: Version) -> Outcome {
    let mut outcome = Outcome::default();
    match target {
        // Only here do the versions differ: within an object both concatenate.
        Value::Array(items) if version == Version::V1_0 => append(items, update, at, &mut outcome),
        Value::Array(items) => match update {
            Value::Array(more) => more.iter().for_each(|item| append(items, item, at, &mut outcome)),
            other => append(items, other, at, &mut outcome),
        },
        target => inner_merge(target, update, at, &mut outcome),
    }
    outcome
}

fn inner_merge(target: &mut Value, update: &Value, at: &str, outcome: &mut Outcome) {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => {
            for (name, update) in update {
                let at = child(at, name);
                if let Some(target) = target.get_mut(name) {
                    inner_merge(target, update, &at, outcome);
                } else {
                    target.insert(name.clone(), update.clone());
                    outcome.changes.push(Change { kind: ChangeKind::Added, at });
                }
            }
        }
        (Value::Array(items), Value::Array(more)) => more.iter().for_each(|item| append(items, item, at, outcome)),
        (target, update) if target == update => outcome.already.push(at.to_owned()),
        (target, update) => {
            *target = update.clone();
            outcome.changes.push(Change { kind: ChangeKind::Replaced, at: at.to_owned() });
        }
    }
}

/// No list of an OpenAPI description holds the same thing twice, so an element that is there already is left alone.
fn append(items: &mut Vec<Value>, item: &Value, at: &str, outcome: &mut Outcome) {
    if let Some(index) = items.iter().position(|present| present == item) {
        outcome.already.push(format!("{at}/{index}"));
    } else {
        outcome.changes.push(Change { kind: ChangeKind::Added, at: format!("{at}/{}", items.len()) });
        items.push(item.clone());
    }
}

/// Whether `value` contains `part`: members by name, elements anywhere, primitives by equality.
pub(super) fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(value), Value::Object(part)) => {
            part.iter().all(|(name, part)| value.get(name).is_some_and(|value| contains(value, part)))
        }
        (Value::Array(items), Value::Array(part)) => {
            part.iter().all(|part| items.iter().any(|item| contains(item, part)))
        }
        (value, part) => value == part,
    }
}

fn child(at: &str, name: &str) -> String {
    format!("{at}/{}", escape(name))
}
