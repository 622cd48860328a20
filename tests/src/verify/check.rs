//! One example through the type of its place.

use std::collections::BTreeSet;

use authlete_codegen::document::{escape, tokens};
use serde_json::{Map, Value};

use super::compare::{Comparison, Finding};
use super::place_of::Home;
use crate::round_trip::Failure;
use crate::shape::Shape;

/// Takes a value through its type. What does not decode is noted and stands back for a stand-in, so that one mistake
/// does not hide the others.
pub(super) fn check(home: &Home<'_>, example: &Value) -> Comparison {
    let mut result = Comparison::default();
    let mut skipped = BTreeSet::new();
    let (base, mut before) = wrap(home, example);
    let shape = home.place.shape;
    let after = loop {
        match (home.place.round_trip)(before.to_string().as_bytes()) {
            Ok(after) => break after,
            Err(failure) => {
                let at = match &failure {
                    Failure::Decode(error) => pointer_of(&before, error.path()),
                    Failure::Encode(_) => String::new(),
                };
                let reason = match &failure {
                    Failure::Decode(error) => format!("does not decode: {}", without_position(error.reason())),
                    Failure::Encode(_) => failure.to_string(),
                };
                // The place of a missing field is the object that lacks it; the finding is the field's.
                let missing = reason.split_once("missing field `").and_then(|(_, rest)| rest.split_once('`'));
                let field = missing.map_or_else(|| at.clone(), |(name, _)| format!("{at}/{}", escape(name)));
                let mended = mend(shape, &mut before, &field, &mut skipped);
                result.findings.push(Finding { field, what: reason });
                if !mended {
                    break Value::Null;
                }
            }
        }
    };
    if !after.is_null() || before.is_null() {
        let whole = step_to(shape, &base);
        if let (Some(shape), Some(before), Some(after)) = (whole, before.pointer(&base), after.pointer(&base)) {
            result.compare(shape, before, after, &base, &skipped);
        } else if !skipped.contains(&base) {
            let what = "lost: no such field in the type of this place".to_owned();
            result.findings.push(Finding { field: base.clone(), what });
        }
    }
    let relative = |field: &str| field.strip_prefix(&base).unwrap_or("").to_owned();
    for finding in &mut result.findings {
        finding.field = relative(&finding.field);
    }
    for (field, _) in &mut result.unlisted {
        *field = relative(field);
    }
    result
}

/// The example with as much around it as the type of its place needs, and its pointer in that.
fn wrap(home: &Home<'_>, example: &Value) -> (String, Value) {
    let base: String = home.steps.iter().map(|step| format!("/{}", escape(step))).collect();
    let mut value = example.clone();
    for depth in (0..home.steps.len()).rev() {
        let outer: String = home.steps[..depth].iter().map(|step| format!("/{}", escape(step))).collect();
        let key = &home.steps[depth];
        value = match step_to(home.place.shape, &outer) {
            Some(Shape::List(_)) => Value::Array(vec![value]),
            shape => {
                let mut object = Map::from_iter([(key.clone(), value)]);
                if let Some(Shape::Struct(declared)) = shape {
                    declared.fill(&mut object);
                }
                Value::Object(object)
            }
        };
    }
    (base, value)
}

/// The shape at a pointer.
fn step_to(shape: Shape, pointer: &str) -> Option<Shape> {
    tokens(pointer).try_fold(shape, |shape, token| shape.step(&token))
}

/// Puts a stand-in where the value does not decode; `false` when there is nothing more to try.
fn mend(shape: Shape, value: &mut Value, field: &str, skipped: &mut BTreeSet<String>) -> bool {
    // A place that failed although it was mended already stays broken, and so does the whole.
    let Some((outer, name)) = field.rsplit_once('/').filter(|_| skipped.insert(field.to_owned())) else { return false };
    let Some(shape) = step_to(shape, field) else { return false };
    match value.pointer_mut(outer) {
        Some(Value::Object(object)) => {
            object.insert(tokens(&format!("/{name}")).collect(), shape.stand_in());
        }
        Some(Value::Array(elements)) => match name.parse().ok().and_then(|index: usize| elements.get_mut(index)) {
            Some(element) => *element = shape.stand_in(),
            None => return false,
        },
        _ => return false,
    }
    true
}

/// The JSON pointer for a path such as `$.client.scopes[2]`. The keys in it are not quoted, so the value tells where
/// each of them ends.
fn pointer_of(value: &Value, path: &str) -> String {
    let (mut rest, mut value, mut pointer) = (path.strip_prefix('$').unwrap_or(path), value, String::new());
    loop {
        let next = match value {
            Value::Object(members) => {
                let rest = rest.strip_prefix('.').unwrap_or_default();
                let keys = members.iter().filter(|(key, _)| {
                    rest.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                });
                keys.max_by_key(|(key, _)| key.len()).map(|(key, value)| (key.clone(), value, key.len() + 1))
            }
            Value::Array(elements) => rest.strip_prefix('[').and_then(|rest| {
                let index = rest.split_once(']')?.0;
                Some((index.to_owned(), elements.get(index.parse::<usize>().ok()?)?, index.len() + 2))
            }),
            _ => None,
        };
        let Some((token, inner, length)) = next else { return pointer };
        pointer = format!("{pointer}/{}", escape(&token));
        rest = rest.get(length..).unwrap_or_default();
        value = inner;
    }
}

/// A reason without line and column: they are those of a text that nobody sees.
fn without_position(reason: &str) -> &str {
    reason.split_once(" at line ").map_or(reason, |(reason, _)| reason).trim_end_matches(',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_become_pointers() {
        let value = json!({"a": {"b.c": [0, {"d/e": 1}], "b": 2}});
        assert_eq!(pointer_of(&value, "$.a.b.c[1].d/e"), "/a/b.c/1/d~1e");
        assert_eq!(pointer_of(&value, "$.a.b"), "/a/b");
        assert_eq!(pointer_of(&value, "$.a.x"), "/a");
        assert_eq!(pointer_of(&value, "$"), "");
    }
}
