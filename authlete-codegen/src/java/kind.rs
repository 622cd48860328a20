//! What a value is, as far as the description and Java can be compared.

use std::fmt;

use serde_json::Value;

use super::library::Library;
use crate::Document;

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of the values of an enumeration.
    Enum(Values),
    /// An object of a component, or of a class.
    Object(String),
    /// A list.
    List(Box<Kind>),
    /// A map, or an object of no form.
    Map,
    /// Something that is none of these.
    Other(String),
}

/// The values of an enumeration. Two are one kind, whatever they hold: values are compared one by one.
#[derive(Debug, Clone)]
pub(super) struct Values {
    /// The component, or the name in Java; none when it is written inline.
    pub(super) name: Option<String>,
    pub(super) values: Vec<String>,
}

impl PartialEq for Values {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Values {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Flag => f.write_str("boolean"),
            Self::Enum(_) => f.write_str("enum"),
            Self::Object(name) => write!(f, "object {name}"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Map => f.write_str("map"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl Kind {
    /// What a schema of the description says.
    pub(super) fn of_schema(document: &Document, schema: &Value) -> Self {
        let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref")).and_then(Value::as_str);
        if let Some(reference) = reference {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let Some(target) = document.resolve(reference) else { return Self::Other(reference.to_owned()) };
            return match values(target) {
                Some(values) => Self::Enum(Values { name: Some(name.to_owned()), values }),
                None if target.get("properties").is_some() || target.get("allOf").is_some() => {
                    Self::Object(name.to_owned())
                }
                None => Self::of_schema(document, target),
            };
        }
        if let Some(values) = values(schema) {
            return Self::Enum(Values { name: None, values });
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("integer" | "number") => Self::Number,
            Some("boolean") => Self::Flag,
            Some("array") => Self::List(Box::new(Self::of_schema(document, &schema["items"]))),
            Some("object") if schema.get("properties").is_none() => Self::Map,
            other => Self::Other(other.unwrap_or("anything").to_owned()),
        }
    }

    /// What a type of a field of a class means.
    pub(super) fn of_java(library: &Library, class: &str, ty: &str) -> Self {
        let ty = ty.trim();
        let inner = |prefix: &str| ty.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
        if let Some(element) =
            ty.strip_suffix("[]").or_else(|| ["List<", "Set<", "Collection<"].iter().find_map(|p| inner(p)))
        {
            return Self::List(Box::new(Self::of_java(library, class, element)));
        }
        match ty {
            "String" | "URI" | "URL" => Self::Text,
            "int" | "long" | "short" | "Integer" | "Long" | "Short" => Self::Number,
            "boolean" | "Boolean" => Self::Flag,
            _ if ty.starts_with("Map<") => Self::Map,
            _ => match library.enumeration(class, ty) {
                Some((name, values)) => Self::Enum(Values { name: Some(name), values: values.to_vec() }),
                None if library.types.contains_key(ty) => Self::Object(ty.to_owned()),
                None => Self::Other(ty.to_owned()),
            },
        }
    }
}

/// The values of an enumeration of strings.
pub(super) fn values(schema: &Value) -> Option<Vec<String>> {
    let values = schema.get("enum")?.as_array()?;
    Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
