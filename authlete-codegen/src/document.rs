//! An OpenAPI document as JSON: addressing, references, and one way to write it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The methods that a path item may hold, in the order the standard lists them.
pub const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An OpenAPI 3.0 document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document(pub Value);

impl Document {
    /// The schemas under `components`, empty when there are none.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten()
    }

    /// The schemas under `components`, made when there are none.
    pub fn schemas_mut(&mut self) -> &mut Map<String, Value> {
        object_at(object_at(&mut self.0, "components"), "schemas").as_object_mut().expect("object_at makes an object")
    }

    /// Every operation as (path, method, operation), in document order.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, &Map<String, Value>)> {
        self.0.get("paths").and_then(Value::as_object).into_iter().flatten().flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().filter_map(move |(method, operation)| {
                (METHODS.contains(&method.as_str())).then_some((path.as_str(), method.as_str(), operation.as_object()?))
            })
        })
    }

    /// Calls `change` on every operation, with its path and method.
    pub fn for_each_operation_mut(&mut self, mut change: impl FnMut(&str, &str, &mut Map<String, Value>)) {
        for (path, item) in self.0.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                if METHODS.contains(&method.as_str())
                    && let Some(operation) = operation.as_object_mut()
                {
                    change(path, method, operation);
                }
            }
        }
    }

    /// What a local reference (`#/…`, percent- and tilde-escapes allowed) points at.
    pub fn resolve(&self, reference: &str) -> Option<&Value> {
        self.0.pointer(&pointer_of(reference)?)
    }

    /// The components that some values refer to, directly or through others.
    pub fn reachable<'a>(&'a self, from: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
        let schemas = self.0.pointer("/components/schemas");
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Value> = from.into_iter().collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    let reference = map.get("$ref").and_then(Value::as_str);
                    let name = reference.and_then(|reference| reference.strip_prefix("#/components/schemas/"));
                    if let Some(name) = name
                        && let Some(schema) = schemas.and_then(|schemas| schemas.get(name))
                        && reached.insert(name)
                    {
                        open.push(schema);
                    }
                    open.extend(map.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        reached
    }

    /// The document as JSON with sorted keys, two spaces, and a final newline: the same facts, the same bytes.
    pub fn to_canonical_string(&self) -> String {
        let mut text = serde_json::to_string_pretty(&sorted(&self.0)).expect("a JSON value always has a text");
        text.push('\n');
        text
    }
}

/// The JSON pointer in a local reference, its percent-escapes decoded; `None` for a reference to elsewhere.
pub fn pointer_of(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let decoded = percent_decode(fragment)?;
    (decoded.is_empty() || decoded.starts_with('/')).then(|| decoded.into_owned())
}

/// The unescaped tokens of a JSON pointer.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// One token, escaped for use in a JSON pointer.
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// `value[key]`, made an object when it is not one yet.
pub fn object_at<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let entry = &mut value[key];
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry
}

/// The value with the keys of every object sorted, whatever serde_json's features say about order.
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_unescaped() {
        let document = Document(json!({"paths": {"/api/{id}/x": {"get": 1, "a~b": 2}}}));
        assert_eq!(document.resolve("#/paths/~1api~1%7Bid%7D~1x/get"), Some(&json!(1)));
        assert_eq!(document.resolve("#/paths/~1api~1{id}~1x/a~0b"), Some(&json!(2)));
        assert_eq!(document.resolve("other.yaml#/x"), None);
        assert_eq!(document.resolve("#"), Some(&document.0));
    }

    #[test]
    fn writing_is_canonical() {
        let document = Document(json!({"b": {"d": 1, "c": [2, 1]}, "a": 0}));
        assert_eq!(
            document.to_canonical_string(),
            "{\n  \"a\": 0,\n  \"b\": {\n    \"c\": [\n      2,\n      1\n    ],\n    \"d\": 1\n  }\n}\n"
        );
    }
}
