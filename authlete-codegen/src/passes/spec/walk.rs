//! Where schemas, and the things that hold them, are in a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::words::{element, join, pascal, type_name};
use crate::document::{Document, METHODS, escape, pointer_of, sorted, tokens};

/// What owns a schema, and names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// A component schema, by its name.
    Component(String),
    /// The body of a request of the operation.
    Request(String),
    /// A response of the operation, with its status.
    Response(String, String),
    /// A parameter or header of the operation.
    Parameter(String, String),
}

impl Root {
    /// The type name for the schema itself.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Component(name) => type_name(name),
            Self::Request(operation) => join(operation, "request"),
            Self::Response(_, code) if is_error(code) => "ErrorResult".to_owned(),
            Self::Response(operation, _) => join(operation, "response"),
            Self::Parameter(operation, name) => join(operation, name),
        }
    }
}

/// A step from a schema to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a property.
    Property(String),
    /// Into the elements of an array.
    Items,
    /// Into the values of a map.
    Values,
    /// Into a part of an `allOf`, which is part of the same type.
    Part,
    /// Into an alternative of a `oneOf` or `anyOf`.
    Variant(usize),
    /// Into what a `not` excludes.
    Not,
}

/// A schema and its place.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// JSON pointer to the schema.
    pub(super) pointer: String,
    /// What owns it.
    pub(super) root: Root,
    /// The way from there.
    pub(super) steps: Vec<Step>,
}

impl Site {
    /// The type name for the schema at this place.
    pub(super) fn name(&self) -> String {
        extend(self.root.name(), &self.steps)
    }

    /// The place in words: `client.clientType`, `AuthTokenRequest.parameters`.
    pub(super) fn label(&self) -> String {
        let mut label = match &self.root {
            Root::Component(name) => name.clone(),
            Root::Request(operation) => format!("{operation} request"),
            Root::Response(name, code) if name == code => format!("response {code}"),
            Root::Response(operation, code) => format!("{operation} response {code}"),
            Root::Parameter(operation, name) => format!("{operation} parameter {name}"),
        };
        for step in &self.steps {
            match step {
                Step::Property(name) => label = format!("{label}.{name}"),
                Step::Items | Step::Values => label.push_str("[]"),
                Step::Part | Step::Variant(_) | Step::Not => {}
            }
        }
        label
    }

    /// The last property on the way, if any.
    pub(super) fn property(&self) -> Option<&str> {
        self.steps
            .iter()
            .rev()
            .find_map(|step| if let Step::Property(name) = step { Some(name.as_str()) } else { None })
    }
}

/// The type name after some steps from a type of the given name.
pub(super) fn extend(name: String, steps: &[Step]) -> String {
    steps.iter().fold(name, |name, step| match step {
        Step::Property(property) => join(&name, property),
        Step::Items | Step::Values => element(&name),
        Step::Part => name,
        Step::Variant(index) => format!("{name}Variant{index}"),
        Step::Not => format!("{name}Not"),
    })
}

/// The kinds of things that hold schemas and may be references themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A path item.
    PathItem,
    /// A parameter.
    Parameter,
    /// The body of a request.
    Body,
    /// A response.
    Response,
    /// A header of a response.
    Header,
}

/// Something that holds schemas, or refers to what does.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// What it is.
    pub(super) kind: Kind,
    /// JSON pointer to it.
    pub(super) pointer: String,
    /// What its schemas belong to.
    pub(super) root: Root,
}

/// The keys of every object sorted, so that what a pass does never depends on the order they came in.
pub(super) fn tidy(document: &mut Document) {
    document.0 = sorted(&document.0);
}

/// Whether a response with this status tells of an error.
pub(super) fn is_error(code: &str) -> bool {
    code.starts_with(['4', '5']) || code == "default"
}

/// The component that a reference names, when it names a whole one.
pub(super) fn component_of(schema: &Value) -> Option<String> {
    let pointer = pointer_of(schema.get("$ref")?.as_str()?)?;
    let rest = pointer.strip_prefix("/components/schemas/")?;
    (!rest.contains('/')).then(|| tokens(&pointer).last().unwrap_or_default())
}

/// A reference to a component.
pub(super) fn reference_to(component: &str) -> Value {
    Value::String(format!("#/components/schemas/{}", escape(component)))
}

/// What an operation is called in type names.
pub(super) fn operation_name(path: &str, method: &str, operation: &Map<String, Value>) -> String {
    match operation.get("operationId").and_then(Value::as_str) {
        Some(id) => pascal(id),
        None => pascal(&format!("{path} {method}")),
    }
}

fn keys(value: Option<&Value>) -> Vec<(String, &Value)> {
    let mut entries: Vec<_> =
        value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.clone(), value)).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

/// Everything that holds schemas, in paths and in components.
pub(super) fn holders(document: &Document) -> Vec<Holder> {
    let mut found = Vec::new();
    let mut add = |kind, pointer: &str, root: Root, value: &Value| {
        if kind == Kind::Response {
            for (name, _) in keys(value.get("headers")) {
                let pointer = format!("{pointer}/headers/{}", escape(&name));
                found.push(Holder { kind: Kind::Header, pointer, root: Root::Parameter(root.name(), name) });
            }
        }
        found.push(Holder { kind, pointer: pointer.to_owned(), root });
    };
    let components = document.0.get("components");
    for (group, kind) in [
        ("headers", Kind::Header),
        ("parameters", Kind::Parameter),
        ("requestBodies", Kind::Body),
        ("responses", Kind::Response),
    ] {
        for (name, value) in keys(components.and_then(|components| components.get(group))) {
            let root = match kind {
                Kind::Body => Root::Request(name.clone()),
                Kind::Response => Root::Response(name.clone(), name.clone()),
                _ => Root::Parameter(String::new(), name.clone()),
            };
            add(kind, &format!("/components/{group}/{}", escape(&name)), root, value);
        }
    }
    for (path, item) in keys(document.0.get("paths")) {
        let here = format!("/paths/{}", escape(&path));
        add(Kind::PathItem, &here, Root::Component(path.clone()), item);
        let mut parameters = |here: &str, operation: &str, holder: &Value| {
            for (index, value) in holder.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate() {
                let name = value.get("name").and_then(Value::as_str).unwrap_or("parameter").to_owned();
                let root = Root::Parameter(operation.to_owned(), name);
                add(Kind::Parameter, &format!("{here}/parameters/{index}"), root, value);
            }
        };
        parameters(&here, &pascal(&path), item);
        for method in METHODS {
            let Some(operation) = item.get(method).and_then(Value::as_object) else { continue };
            let here = format!("{here}/{method}");
            let name = operation_name(&path, method, operation);
            parameters(&here, &name, &item[method]);
        }
        for method in METHODS {
            let Some(operation) = item.get(method).and_then(Value::as_object) else { continue };
            let here = format!("{here}/{method}");
            let name = operation_name(&path, method, operation);
            if let Some(body) = operation.get("requestBody") {
                add(Kind::Body, &format!("{here}/requestBody"), Root::Request(name.clone()), body);
            }
            for (code, value) in keys(operation.get("responses")) {
                let pointer = format!("{here}/responses/{}", escape(&code));
                add(Kind::Response, &pointer, Root::Response(name.clone(), code), value);
            }
        }
    }
    found
}

/// Every schema of the document, each before the ones inside it. References are schemas too, and not followed.
pub(super) fn sites(document: &Document) -> Vec<Site> {
    let mut found = Vec::new();
    for (name, schema) in keys(document.0.pointer("/components/schemas")) {
        let pointer = format!("/components/schemas/{}", escape(&name));
        descend(schema, &Site { pointer, root: Root::Component(name), steps: Vec::new() }, &mut found);
    }
    for holder in holders(document) {
        for (pointer, schema) in held_schemas(document, &holder.pointer) {
            descend(schema, &Site { pointer, root: holder.root.clone(), steps: Vec::new() }, &mut found);
        }
    }
    found
}

/// The components that requests contain and those that successful responses contain, with everything in them.
pub(super) fn directions(document: &Document) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut sent = BTreeSet::new();
    let mut read = BTreeSet::new();
    let mut edges: Vec<(String, String)> = Vec::new();
    for site in sites(document) {
        let Some(target) = document.0.pointer(&site.pointer).and_then(component_of) else { continue };
        match site.root {
            Root::Component(owner) => edges.push((owner, target)),
            Root::Request(_) => _ = sent.insert(target),
            Root::Response(_, code) if !is_error(&code) => _ = read.insert(target),
            Root::Response(..) | Root::Parameter(..) => {}
        }
    }
    (reach(sent, &edges), reach(read, &edges))
}

/// The components and everything they contain.
fn reach(mut found: BTreeSet<String>, edges: &[(String, String)]) -> BTreeSet<String> {
    loop {
        let more: Vec<_> = edges
            .iter()
            .filter(|(from, to)| found.contains(from) && !found.contains(to))
            .map(|(_, to)| to.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The schemas that a body, response, parameter or header holds directly, with their pointers.
pub(super) fn held_schemas<'a>(document: &'a Document, holder: &str) -> Vec<(String, &'a Value)> {
    let Some(value) = document.0.pointer(holder) else { return Vec::new() };
    let own = value.get("schema").map(|schema| (format!("{holder}/schema"), schema));
    let content = keys(value.get("content")).into_iter().filter_map(|(media, value)| {
        Some((format!("{holder}/content/{}/schema", escape(&media)), value.get("schema")?))
    });
    own.into_iter().chain(content).collect()
}

fn descend(schema: &Value, site: &Site, found: &mut Vec<Site>) {
    let inner = inside(schema);
    found.push(site.clone());
    for (path, step, schema) in inner {
        let mut steps = site.steps.clone();
        steps.push(step);
        descend(schema, &Site { pointer: format!("{}{path}", site.pointer), root: site.root.clone(), steps }, found);
    }
}

/// The schemas directly inside one, with the end of their pointer.
fn inside(schema: &Value) -> Vec<(String, Step, &Value)> {
    let mut inner = Vec::new();
    if schema.get("$ref").is_some_and(Value::is_string) {
        return inner;
    }
    for (name, value) in keys(schema.get("properties")) {
        inner.push((format!("/properties/{}", escape(&name)), Step::Property(name), value));
    }
    if let Some(items) = schema.get("items") {
        inner.push(("/items".to_owned(), Step::Items, items));
    }
    if let Some(values @ Value::Object(_)) = schema.get("additionalProperties") {
        inner.push(("/additionalProperties".to_owned(), Step::Values, values));
    }
    for (key, part) in [("allOf", true), ("oneOf", false), ("anyOf", false)] {
        for (index, value) in schema.get(key).and_then(Value::as_array).into_iter().flatten().enumerate() {
            let step = if part { Step::Part } else { Step::Variant(index) };
            inner.push((format!("/{key}/{index}"), step, value));
        }
    }
    if let Some(not) = schema.get("not") {
        inner.push(("/not".to_owned(), Step::Not, not));
    }
    inner
}
