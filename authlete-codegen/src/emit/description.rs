//! The effective description, read once into what the emitting modules ask for.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::{Map, Value};

use crate::{Document, Problem, Problems};

/// What is emitted: operations, structs and other types, open enumerations.
#[derive(Debug, Default)]
pub struct Description {
    /// Operations by method name.
    pub operations: BTreeMap<String, Operation>,
    /// Components that are objects, by type name.
    pub structs: BTreeMap<String, StructType>,
    /// Components that are enumerations of texts, by type name.
    pub enums: BTreeMap<String, EnumType>,
    /// Components that stand for a type that the crate has written by hand, by its name.
    pub texts: BTreeSet<String>,
    /// Every other component (aliases, lists, unions), by type name, with whether its text is a secret.
    pub others: BTreeMap<String, bool>,
    /// The module of each component: its operations' tag when they share one, `common` otherwise.
    pub modules: BTreeMap<String, String>,
    /// What each group of the layer for users is for.
    pub groups: BTreeMap<String, String>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The upstream id.
    pub id: String,
    /// The method's name in Rust.
    pub name: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The first tag.
    pub tag: String,
    /// The parameters beside those in the path, in the order in which they are declared, by their names in Rust.
    pub parameters: Vec<String>,
    /// The types of the crate that parameters have on the layer for users, by the parameters' names in Rust.
    pub types: BTreeMap<String, String>,
    /// Its place on the layer for users, where it has one.
    pub layer: Option<Layer>,
}

/// Where an operation stands on the layer for users.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The accessor it stands under.
    pub group: String,
    /// Its method there.
    pub method: String,
    /// What it is for.
    pub doc: String,
    /// When it may be repeated: `safe`, `idempotent` or `not-idempotent`.
    pub retry: String,
    /// Whether its answer is kept: `service`, `client`, `clears` or `none`.
    pub cache: String,
    /// Whether it may end access tokens, or change what introspection says of them.
    pub ends_tokens: bool,
}

impl Layer {
    fn read(operation: &Map<String, Value>) -> Option<Self> {
        let given = |key| text(operation, key).map(str::to_owned);
        Some(Self {
            group: given("x-group")?,
            method: given("x-method")?,
            doc: given("x-doc")?,
            retry: given("x-idempotency")?,
            cache: given("x-cache").unwrap_or_else(|| "none".to_owned()),
            ends_tokens: operation.get("x-ends-tokens") == Some(&Value::Bool(true)),
        })
    }
}

impl Operation {
    /// The module that its method goes into.
    pub fn module(&self) -> String {
        module_name(&self.tag)
    }
}

/// A component that is an object.
#[derive(Debug, Clone, Default)]
pub struct StructType {
    /// Its properties by wire name.
    pub fields: BTreeMap<String, Field>,
    /// Its name in the upstream document.
    pub upstream: String,
}

/// A property.
#[derive(Debug, Clone)]
pub struct Field {
    /// Whether it must be there.
    pub required: bool,
    /// Whether its value is a secret.
    pub secret: bool,
}

/// An enumeration of texts.
#[derive(Debug, Clone)]
pub struct EnumType {
    /// Its doc text.
    pub doc: String,
    /// The values, in the description's order.
    pub values: Vec<String>,
    /// Its name in the upstream document, when it has one there.
    pub upstream: Option<String>,
}

impl Description {
    /// Reads the effective document.
    ///
    /// # Errors
    /// When an operation has no id, or another's.
    pub fn read(document: &Document) -> Result<Self, Problems> {
        let mut description = Self::default();
        let mut problems = Problems::default();
        for (path, method, operation) in document.operations() {
            let Some(name) = text(operation, "operationId") else {
                problems.0.push(Problem::new(
                    "emit",
                    format!("{} {path}", method.to_uppercase()),
                    "the operation has no operationId",
                ));
                continue;
            };
            let id = text(operation, "x-operation-id").unwrap_or(name);
            let name = method_name(name);
            let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).unwrap_or("Other");
            let known = description.operations.insert(
                name.clone(),
                Operation {
                    id: id.to_owned(),
                    name: name.clone(),
                    method: method.to_uppercase(),
                    path: path.to_owned(),
                    tag: tag.to_owned(),
                    parameters: parameters(operation),
                    types: types(operation),
                    layer: Layer::read(operation),
                },
            );
            if let Some(known) = known {
                let at = format!("{} {path}", method.to_uppercase());
                let message = format!("{} {} has the operationId {name} too", known.method, known.path);
                problems.0.push(Problem::new("emit", at, message));
            }
        }
        for (name, schema) in document.schemas() {
            description.read_schema(name, schema);
        }
        description.assign_modules(document);
        for (name, doc) in document.0.get("x-groups").and_then(Value::as_object).into_iter().flatten() {
            description.groups.insert(name.clone(), doc.as_str().unwrap_or_default().to_owned());
        }
        problems.into_result(description)
    }

    fn read_schema(&mut self, name: &str, schema: &Value) {
        let Some(object) = schema.as_object() else { return };
        if object.contains_key("x-rust-type") {
            self.texts.insert(name.to_owned());
        } else if let Some(values) = text_enum(object) {
            let doc = text(object, "description").unwrap_or(name).to_owned();
            let upstream = text(object, "x-upstream-name").map(str::to_owned);
            self.enums.insert(name.to_owned(), EnumType { doc, values, upstream });
        } else if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            let required: BTreeSet<_> = object
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let fields = properties
                .iter()
                .map(|(wire, property)| {
                    let field = Field { required: required.contains(wire.as_str()), secret: is_secret(property) };
                    (wire.clone(), field)
                })
                .collect();
            let upstream = text(object, "x-upstream-name").unwrap_or(name).to_owned();
            self.structs.insert(name.to_owned(), StructType { fields, upstream });
        } else {
            self.others.insert(name.to_owned(), is_secret(schema));
        }
    }

    /// A type that only one tag's operations reach lives with them.
    fn assign_modules(&mut self, document: &Document) {
        let mut tags: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (_, _, operation) in document.operations() {
            let module = text(operation, "operationId").map(method_name).and_then(|name| self.operations.get(&name));
            let module = module.map(Operation::module);
            for name in document.reachable(operation.values()) {
                tags.entry(name).or_default().extend(module.clone());
            }
        }
        for (name, _) in document.schemas() {
            let module = match tags.get(name.as_str()).map(BTreeSet::len) {
                Some(1) => tags[name.as_str()].first().cloned().unwrap_or_default(),
                _ => "common".to_owned(),
            };
            self.modules.insert(name.clone(), module);
        }
    }
}

/// An operation's id as progenitor names the method: a keyword gets an underscore.
fn method_name(id: &str) -> String {
    if syn::parse_str::<syn::Ident>(id).is_ok() { id.to_owned() } else { format!("{id}_") }
}

fn parameters(operation: &Map<String, Value>) -> Vec<String> {
    let declared = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let beside_path = declared.filter(|parameter| parameter.get("in").and_then(Value::as_str) != Some("path"));
    beside_path.filter_map(|parameter| parameter.get("name")?.as_str().map(ToSnakeCase::to_snake_case)).collect()
}

fn types(operation: &Map<String, Value>) -> BTreeMap<String, String> {
    let declared = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let typed = declared.filter_map(|parameter| {
        let name = parameter.get("name")?.as_str()?.to_snake_case();
        Some((name, parameter.get("x-rust-type")?.as_str()?.to_owned()))
    });
    typed.collect()
}

/// A tag as a module's name: `Token Endpoint` as `token_endpoint`.
pub(super) fn module_name(tag: &str) -> String {
    let mut name = String::new();
    for word in tag.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(&word.to_ascii_lowercase());
    }
    // The names of modules that stand beside those of the tags: ours, and progenitor's own.
    let taken = ["common", "defaults", "enums", "error"].contains(&name.as_str());
    if taken || syn::parse_str::<syn::Ident>(&name).is_err() {
        name.insert_str(0, "tag_");
    }
    name
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// The values, when the schema is an enumeration of texts.
fn text_enum(schema: &Map<String, Value>) -> Option<Vec<String>> {
    let values = schema.get("enum")?.as_array()?;
    values.iter().filter(|value| !value.is_null()).map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A list or map is as secret as its elements, a choice as the most secret of its parts.
fn is_secret(schema: &Value) -> bool {
    let inner = |key: &str| schema.get(key).is_some_and(is_secret);
    let parts = |key: &str| schema.get(key).and_then(Value::as_array).is_some_and(|parts| parts.iter().any(is_secret));
    schema.get("x-secret") == Some(&Value::Bool(true))
        || inner("items")
        || inner("additionalProperties")
        || parts("oneOf")
        || parts("anyOf")
        || parts("allOf")
}
