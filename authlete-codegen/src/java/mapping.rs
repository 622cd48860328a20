//! The mapping file: which class each component has, and which differences are known.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::FILE;
use crate::Problem;

/// The mapping file as it is written; its head in `openapi/java-shapes.yaml` explains every key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The class or enumeration of a component, where their names do not agree.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// The class of a schema that is written inline, by its place.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    /// Components that have some of the fields of their class only, by intent.
    #[serde(default)]
    pub parts: Vec<Group>,
    /// Fields of classes, as `Class.field`, that are not on the wire.
    #[serde(default)]
    pub not_on_wire: Vec<Group>,
    /// Fields whose enumeration the library's file does not hold, so that values are not compared.
    #[serde(default)]
    pub other_enum: Vec<Group>,
    /// Components without a class.
    #[serde(default)]
    pub no_class: Vec<Group>,
    /// Classes without a component.
    #[serde(default)]
    pub no_component: Vec<Group>,
    /// Differences that stay.
    #[serde(default)]
    pub differences: Vec<Known>,
}

/// Names that share a reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The names.
    pub names: Vec<String>,
    /// The reason.
    pub why: String,
}

impl Group {
    /// Whether one of some groups has the name.
    pub(super) fn any(groups: &[Self], name: &str) -> bool {
        groups.iter().any(|group| group.names.iter().any(|known| known == name))
    }
}

/// Differences that stay, for one reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The places: `component.field`, and of values `component.field.VALUE`.
    pub at: Vec<String>,
    /// What differs.
    pub differs: Differs,
    /// Of types, which two.
    #[serde(rename = "as")]
    pub types: Option<String>,
    /// The reason.
    pub why: String,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differs {
    /// The class has a field that the component lacks.
    Missing,
    /// The component has a field that the class lacks.
    Unknown,
    /// The field has another type.
    Type,
    /// The enumeration of the library has a value that the description lacks.
    MissingValue,
    /// The description has a value that the library lacks.
    UnknownValue,
}

impl Mapping {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not YAML, or has keys or values that the file does not have.
    pub fn parse(content: &[u8]) -> Result<Self, Problem> {
        serde_saphyr::from_slice(content).map_err(|error| {
            let at = error.location().map(|at| format!("line {}, column {}", at.line(), at.column()));
            let text = error.without_snippet().to_string();
            let message = text.lines().next().unwrap_or_default();
            Problem::new(FILE, at.unwrap_or_default(), message.split(" at line ").next().unwrap_or_default())
        })
    }
}
