//! Values for every type, made from the description that the code was generated from.

use std::path::Path;

use serde_json::{Map, Value, json};

/// The committed description, as progenitor got it.
pub(crate) struct Description(pub(crate) Value);

/// What a text of a sample begins with, when it is one.
pub(crate) const SECRET: &str = "s3cret!";
/// What a text of a sample begins with, when it may be seen.
pub(crate) const PUBLIC: &str = "public!";

impl Description {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/effective.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// The components that are objects, by name.
    pub(crate) fn structs(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let schemas = self.0["components"]["schemas"].as_object().into_iter().flatten();
        schemas
            .filter(|(_, schema)| schema.get("properties").is_some())
            .filter_map(|(name, schema)| Some((name.as_str(), schema.as_object()?)))
    }

    /// A value with every field of a component, those it does not know too when it keeps them; `depth` levels deep.
    pub(crate) fn sample(&self, name: &str, depth: usize) -> Value {
        let schema = &self.0["components"]["schemas"][name];
        let mut value = Map::new();
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)));
            if let Some(inner) = self.value(property, &format!("{name}.{field}"), false, depth, is_required) {
                value.insert(field.clone(), inner);
            }
        }
        if schema.get("additionalProperties").is_some() {
            let unknown = format!("{SECRET}{name}.unknown");
            value.insert("aFieldOfTomorrow".to_owned(), json!([null, { "text": unknown, "number": 1.5 }, []]));
        }
        Value::Object(value)
    }

    fn value(&self, schema: &Value, label: &str, secret: bool, depth: usize, required: bool) -> Option<Value> {
        let secret = secret || schema["x-secret"] == json!(true);
        let reference = schema.get("$ref").or_else(|| schema["allOf"][0].get("$ref")).and_then(Value::as_str);
        if let Some(name) = reference.and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            let target = &self.0["components"]["schemas"][name];
            if let Some(values) = target["enum"].as_array() {
                return values.first().cloned();
            }
            if target["type"] == json!("string") {
                return self.value(target, label, secret, depth, required);
            }
            return (depth > 0 || required).then(|| self.sample(name, depth.saturating_sub(1)));
        }
        let text = || json!(format!("{}{label}", if secret { SECRET } else { PUBLIC }));
        Some(match schema["type"].as_str() {
            Some("integer" | "number") => json!(7),
            Some("boolean") => json!(true),
            Some("array") => {
                Value::Array(self.value(&schema["items"], label, secret, depth, false).into_iter().collect())
            }
            Some("object") => json!({ "key": text() }),
            _ => text(),
        })
    }
}
