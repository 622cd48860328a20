//! The classes and enumerations of the Java library, as a file of JSON lists them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Problem;

/// What the library has.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Library {
    /// Which library, for the report.
    #[serde(default)]
    pub source: String,
    /// Its version, for the report.
    #[serde(default)]
    pub version: String,
    /// Classes by simple name.
    pub types: BTreeMap<String, Class>,
    /// Values of enumerations by simple name; those of a nested one by `Class.Name`.
    pub enums: BTreeMap<String, Vec<String>>,
}

/// A class.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Class {
    /// Its superclass.
    pub extends: Option<String>,
    /// Its fields by name.
    #[serde(default)]
    pub fields: BTreeMap<String, Field>,
}

/// A field.
#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    /// Its type, as it is written in Java.
    #[serde(rename = "type")]
    pub ty: String,
    /// The version of the library that brought it.
    pub since: Option<String>,
    /// The version of the server that brought it.
    pub authlete: Option<String>,
}

impl Library {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not JSON of this form.
    pub fn parse(content: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(content).map_err(|error| Problem::new("java", "", error.to_string()))
    }

    /// The fields of a class, those of its superclasses included, with the class that declares each.
    pub(super) fn fields<'l>(&'l self, class: &'l str) -> BTreeMap<&'l str, (&'l str, &'l Field)> {
        let mut fields = BTreeMap::new();
        let mut next = Some(class);
        // A class that extends itself, through others, ends the walk as soon as nothing is new.
        let mut left = self.types.len();
        while let Some((holder, class)) = next.and_then(|name| Some((name, self.types.get(name)?))).filter(|_| left > 0)
        {
            for (name, field) in &class.fields {
                fields.entry(name.as_str()).or_insert((holder, field));
            }
            next = class.extends.as_deref();
            left -= 1;
        }
        fields
    }

    /// The enumeration that a class means by a simple name: a nested one goes first.
    pub(super) fn enumeration(&self, class: &str, name: &str) -> Option<(String, &[String])> {
        let nested = format!("{class}.{name}");
        [nested.as_str(), name].into_iter().find_map(|name| Some((name.to_owned(), self.enums.get(name)?.as_slice())))
    }
}
