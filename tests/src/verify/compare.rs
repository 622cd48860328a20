//! An example before and after it went through its type.

use std::collections::BTreeSet;

use authlete_codegen::document::escape;
use serde_json::Value;

use crate::shape::{Shape, Struct};

/// What is wrong with a field of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// JSON pointer within the example.
    pub field: String,
    /// What became of it.
    pub what: String,
}

/// What comparing yields.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Fields lost or changed.
    pub findings: Vec<Finding>,
    /// Values that no variant of their enumeration stands for, with their place: kept, and worth knowing.
    pub unlisted: Vec<(String, String)>,
    /// How many fields were compared, those of inner objects and the elements of lists included.
    pub fields: usize,
    /// How many of them came out in another form that reading defines as equal.
    pub lenient: usize,
}

impl Comparison {
    /// Compares two values, all but what lies at `skipped`. `at` is the place of both.
    pub(super) fn compare(
        &mut self,
        shape: Shape,
        before: &Value,
        after: &Value,
        at: &str,
        skipped: &BTreeSet<String>,
    ) {
        if skipped.contains(at) {
            return;
        }
        match (shape, before, after) {
            (Shape::Struct(declared), Value::Object(_), Value::Object(_)) => {
                self.objects(declared, before, after, at, skipped);
            }
            (Shape::Map(inner), Value::Object(members), Value::Object(found)) => {
                for (key, value) in members {
                    let at = format!("{at}/{}", escape(key));
                    self.fields += 1;
                    match found.get(key) {
                        Some(found) => self.compare(*inner, value, found, &at, skipped),
                        None => self.lost(at, "is absent afterwards"),
                    }
                }
            }
            (Shape::List(inner), Value::Array(elements), Value::Array(found)) => {
                self.lists(*inner, elements, found, at, skipped);
            }
            _ => self.plain(shape, before, after, at),
        }
    }

    fn objects(&mut self, declared: &Struct, before: &Value, after: &Value, at: &str, skipped: &BTreeSet<String>) {
        let (Some(members), Some(found)) = (before.as_object(), after.as_object()) else { return };
        for (key, value) in members {
            let at = format!("{at}/{}", escape(key));
            if skipped.contains(&at) {
                continue;
            }
            self.fields += 1;
            match (declared.field(key), found.get(key)) {
                (None, Some(_)) => {
                    self.lost(at, &format!("lands among the fields that `{}` does not know", declared.name));
                }
                (None, None) => self.lost(at, &format!("is no field of `{}`, and absent afterwards", declared.name)),
                (Some(_), None | Some(Value::Null)) if value.is_null() => self.lenient += 1,
                (Some(_), None) => self.lost(at, "is absent afterwards"),
                (Some(field), Some(found)) => self.compare(field.shape, value, found, &at, skipped),
            }
        }
        for (key, value) in found.iter().filter(|(key, _)| !members.contains_key(*key)) {
            let field = format!("{at}/{}", escape(key));
            if !skipped.contains(&field) {
                self.findings.push(Finding { field, what: format!("changed: it appears, as {}", kind(value)) });
            }
        }
    }

    fn lists(&mut self, inner: Shape, before: &[Value], after: &[Value], at: &str, skipped: &BTreeSet<String>) {
        // A `null` is skipped when reading; the places of the others are those of the example.
        let elements: Vec<_> = before.iter().enumerate().filter(|(_, element)| !element.is_null()).collect();
        self.lenient += before.len() - elements.len();
        self.fields += before.len();
        if elements.len() != after.len() {
            let what = format!("changed: {} elements before, {} afterwards", elements.len(), after.len());
            self.findings.push(Finding { field: at.to_owned(), what });
            return;
        }
        for ((index, element), found) in elements.into_iter().zip(after) {
            self.compare(inner, element, found, &format!("{at}/{index}"), skipped);
        }
    }

    fn plain(&mut self, shape: Shape, before: &Value, after: &Value, at: &str) {
        if let (Shape::Enum(known), Value::String(text)) = (shape, before)
            && !known.contains(&text.as_str())
        {
            self.unlisted.push((at.to_owned(), text.clone()));
        }
        if before == after {
            return;
        }
        let equal = match (shape, before, after) {
            (Shape::Integer | Shape::Number, Value::String(before), after) => before == &after.to_string(),
            (Shape::Number, Value::Number(before), Value::Number(after)) => before.as_f64() == after.as_f64(),
            (Shape::Text | Shape::Enum(_), Value::Number(before), Value::String(after)) => &before.to_string() == after,
            _ => false,
        };
        if equal {
            self.lenient += 1;
        } else {
            // Examples are upstream's, and public.
            let what = format!("changed: {} before, {} afterwards", shown(before), shown(after));
            self.findings.push(Finding { field: at.to_owned(), what });
        }
    }

    fn lost(&mut self, field: String, what: &str) {
        self.findings.push(Finding { field, what: format!("lost: {what}") });
    }
}

/// A value, cut where it gets long.
fn shown(value: &Value) -> String {
    const LENGTH: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The kind of a value, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
