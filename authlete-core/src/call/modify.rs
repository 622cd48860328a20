//! Reading, changing and writing back in one step.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// What became of a `modify`: the value as Authlete has it now, and what was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Modified<T> {
    value: T,
    changed: Vec<String>,
}

impl<T> Modified<T> {
    #[doc(hidden)]
    pub fn new(value: T, changed: Vec<String>) -> Self {
        Self { value, changed }
    }

    /// The paths of the fields that were changed (`clientName`, `extension.requestableScopes`), by their names in JSON. A
    /// list that differs is one path. Empty when nothing was changed, and therefore nothing sent.
    pub fn changed(&self) -> &[String] {
        &self.changed
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Modified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value that is being changed.
pub struct Modification<T> {
    before: Value,
    value: T,
}

impl<T: fmt::Debug> fmt::Debug for Modification<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was read is kept as JSON, which hides nothing.
        f.debug_struct("Modification").field("value", &self.value).finish_non_exhaustive()
    }
}

impl<T: Serialize> Modification<T> {
    /// Starts from what was read.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub fn of(value: T) -> Result<Self, Error> {
        Ok(Self { before: json(&value)?, value })
    }

    /// The value, to change it.
    pub fn value(&mut self) -> &mut T {
        &mut self.value
    }

    /// The paths of what differs from what was read.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub fn changed(&self) -> Result<Vec<String>, Error> {
        let mut changed = Vec::new();
        compare(&self.before, &json(&self.value)?, String::new(), &mut changed);
        changed.sort();
        Ok(changed)
    }

    /// The value, where nothing was changed.
    pub fn unchanged(self) -> Modified<T> {
        Modified::new(self.value, Vec::new())
    }
}

fn json<T: Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value)
        .map_err(|error| Error::configuration(format!("the value cannot be written as JSON: {error}")))
}

fn compare(before: &Value, after: &Value, path: String, changed: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let value = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                compare(&value(before), &value(after), path, changed);
            }
        }
        _ if before == after => {}
        _ => changed.push(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_named() {
        let mut modification = Modification::of(json!({"a": 1, "b": {"c": [1, 2], "d": true}, "e": null})).unwrap();
        assert!(modification.changed().unwrap().is_empty());
        *modification.value() = json!({"a": 2, "b": {"c": [2, 1], "d": true}, "f": {"g": 1}});
        assert_eq!(modification.changed().unwrap(), ["a", "b.c", "f"]);
    }
}
