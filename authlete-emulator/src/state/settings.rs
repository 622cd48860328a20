//! The stored form of a service or a client: the object as it was given, so that nothing in it is lost.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A JSON object, read by member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Settings(pub(crate) Map<String, Value>);

impl Settings {
    /// A boolean; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A whole number; absent is 0.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// A string that is not empty.
    pub(crate) fn string(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The strings of a list; none where the list is absent.
    pub(crate) fn strings(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The objects of a list; none where the list is absent.
    pub(crate) fn objects(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }

    /// Whether a list has this string.
    pub(crate) fn has(&self, list: &str, text: &str) -> bool {
        self.strings(list).any(|element| element == text)
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Gives a member a value if it has none.
    pub(crate) fn default(&mut self, name: &str, value: Value) {
        if self.0.get(name).is_none_or(Value::is_null) {
            self.set(name, value);
        }
    }

    /// A copy of the named members, `null` for those that are absent.
    pub(crate) fn only(&self, names: &[&str]) -> Value {
        names.iter().map(|name| ((*name).to_owned(), self.0.get(*name).cloned().unwrap_or(Value::Null))).collect()
    }

    /// The whole object.
    pub(crate) fn to_value(&self) -> Value {
        json!(self.0)
    }
}
