//! Writes the words into a description, and notes what has none and what they do not fit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Entry, FOLDER, Words};
use crate::document::{METHODS, object_at};
use crate::{Document, Problem};

/// Where words of an enumeration's values are kept in a description.
const VALUES: &str = "x-value-docs";

impl Words {
    /// Describes the components, by their names in the document.
    pub fn describe_components(&self, document: &mut Document, problems: &mut Vec<Problem>) {
        let known: BTreeSet<String> = document.schemas().map(|(name, _)| name.clone()).collect();
        for name in self.components.keys().filter(|name| !known.contains(*name)) {
            problems.push(too_much(name, "the description has no component of this name"));
        }
        for (name, schema) in document.schemas_mut().iter_mut() {
            self.describe(name, schema, self.components.get(name), problems);
        }
    }

    /// Describes the groups and operations, with their parameters and what of them is written inline. `names` are the
    /// operations' names by path and method.
    pub fn describe_operations(
        &self,
        document: &mut Document,
        names: &BTreeMap<(String, String), String>,
        problems: &mut Vec<Problem>,
    ) {
        let known: BTreeSet<&String> = names.values().collect();
        for name in self.operations.keys().filter(|name| !known.contains(name)) {
            problems.push(too_much(name, "there is no operation of this name"));
        }
        self.describe_groups(document, problems);
        let mut actions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let shared = document.0.pointer("/components/parameters").cloned().unwrap_or_default();
        let paths = document.0.get_mut("paths").and_then(Value::as_object_mut);
        for (path, item) in paths.into_iter().flatten() {
            let common = item.get("parameters").cloned();
            for method in METHODS {
                let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else { continue };
                let Some(name) = names.get(&(path.clone(), method.to_owned())) else { continue };
                let words = self.operations.get(name);
                match words.and_then(|words| words.doc.as_ref()) {
                    Some(entry) => {
                        if let Some(text) = self.said(name, entry, problems) {
                            operation.insert("x-doc".to_owned(), Value::String(text));
                        }
                    }
                    None => problems.push(missing(name)),
                }
                if let Some(words) = words.filter(|words| !words.aliases.is_empty()) {
                    operation.insert("x-aliases".to_owned(), json!(words.aliases));
                }
                let parameters = words.map(|words| &words.parameters);
                self.describe_parameters(name, operation, common.as_ref(), &shared, parameters, problems);
                for (key, entry) in [
                    ("requestBody", words.and_then(|words| words.body.as_ref())),
                    ("responses", words.and_then(|words| words.response.as_ref())),
                ] {
                    if let Some(schema) = operation.get_mut(key).and_then(|part| inline_schema(key, part)) {
                        self.describe(&format!("{name} {key}"), schema, entry, problems);
                    } else if entry.is_some() {
                        problems.push(too_much(&format!("{name}.{key}"), "nothing is written inline there"));
                    }
                }
                if let Some(response) = response_component(operation) {
                    actions.entry(response).or_default().push(name);
                }
            }
        }
        for (component, operations) in actions {
            self.describe_actions(document, &component, &operations);
        }
    }

    fn describe_groups(&self, document: &mut Document, problems: &mut Vec<Problem>) {
        if document.0.get("x-groups").is_none() {
            return;
        }
        let groups = object_at(&mut document.0, "x-groups");
        for (name, entry) in &self.groups {
            if groups.get(name).is_none() {
                problems.push(too_much(name, "there is no group of this name"));
            } else if let Some(text) = self.said(name, entry, problems) {
                groups[name] = Value::String(text);
            }
        }
        for name in groups.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !self.groups.contains_key(name) {
                problems.push(missing(&format!("group {name}")));
            }
        }
    }

    /// Describes the regions: the servers that have a short name.
    pub fn describe_regions(&self, document: &mut Document, problems: &mut Vec<Problem>) {
        let mut seen = BTreeSet::new();
        let servers = document.0.get_mut("servers").and_then(Value::as_array_mut);
        for server in servers.into_iter().flatten() {
            let Some(name) = server.get("x-region").and_then(Value::as_str).map(str::to_owned) else { continue };
            let at = format!("region {name}");
            match self.regions.get(&name) {
                Some(entry) => {
                    if let Some(text) = self.said(&at, entry, problems) {
                        server["x-doc"] = Value::String(text);
                    }
                }
                None => problems.push(missing(&at)),
            }
            seen.insert(name);
        }
        for name in self.regions.keys().filter(|name| !seen.contains(*name)) {
            problems.push(too_much(&format!("region {name}"), "there is no region of this name"));
        }
    }

    fn describe_parameters(
        &self,
        operation: &str,
        declared: &mut Map<String, Value>,
        common: Option<&Value>,
        shared: &Value,
        words: Option<&BTreeMap<String, Entry>>,
        problems: &mut Vec<Problem>,
    ) {
        let target = |parameter: &Value| -> Option<Value> {
            let name = parameter.get("$ref")?.as_str()?.strip_prefix("#/components/parameters/")?;
            shared.get(name).cloned()
        };
        // What all operations of a path share is written out, so that each can say its own.
        let mut parameters: Vec<Value> =
            declared.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        let named = |parameter: &Value| {
            let parameter = target(parameter).unwrap_or_else(|| parameter.clone());
            (parameter["name"].clone(), parameter["in"].clone())
        };
        let own: Vec<_> = parameters.iter().map(named).collect();
        let inherited = common.and_then(Value::as_array).into_iter().flatten();
        parameters.splice(0..0, inherited.filter(|parameter| !own.contains(&named(parameter))).cloned());
        let mut seen = BTreeSet::new();
        for parameter in &mut parameters {
            if let Some(target) = target(parameter) {
                *parameter = target;
            }
            let Some(wire) = parameter.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            seen.insert(wire.clone());
            let at = format!("{operation} parameter {wire}");
            match words.and_then(|words| words.get(&wire)) {
                Some(entry) => {
                    if let Some(text) = self.said(&at, entry, problems) {
                        parameter["description"] = Value::String(text);
                    }
                }
                None => problems.push(missing(&at)),
            }
        }
        for wire in words.into_iter().flat_map(BTreeMap::keys).filter(|wire| !seen.contains(*wire)) {
            problems.push(too_much(&format!("{operation} parameter {wire}"), "the operation has no such parameter"));
        }
        if !parameters.is_empty() {
            declared.insert("parameters".to_owned(), Value::Array(parameters));
        }
    }

    /// The values of a response's action are explained by the operations that have it.
    fn describe_actions(&self, document: &mut Document, component: &str, operations: &[&str]) {
        let Some(schema) = document.schemas_mut().get_mut(component) else { return };
        let Some(action) = schema.pointer_mut("/properties/action").filter(|action| action.get("enum").is_some())
        else {
            return;
        };
        let mut docs = Map::new();
        for value in action["enum"].as_array().cloned().unwrap_or_default() {
            let Some(value) = value.as_str() else { continue };
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            for operation in operations {
                let text = self.action(operation, value).and_then(|entry| self.text(entry));
                match (text.clone(), said.iter_mut().find(|(known, _)| Some(known) == text.as_ref())) {
                    (_, Some((_, names))) => names.push(operation),
                    (Some(text), None) => said.push((text, vec![operation])),
                    (None, None) => {}
                }
            }
            let text = match said.as_slice() {
                [] => continue,
                [(text, _)] => text.clone(),
                several => {
                    let parts = several.iter().map(|(text, names)| format!("Of {}: {text}", names.join(", ")));
                    parts.collect::<Vec<_>>().join("\n\n")
                }
            };
            docs.insert(value.to_owned(), Value::String(text));
        }
        if !docs.is_empty() {
            action[VALUES] = Value::Object(docs);
        }
    }

    /// Describes a schema and everything within it.
    fn describe(&self, at: &str, schema: &mut Value, entry: Option<&Entry>, problems: &mut Vec<Problem>) {
        match entry.map(|entry| self.said(at, entry, problems)) {
            Some(Some(text)) => {
                if let Some(schema) = schema.as_object_mut() {
                    schema.insert("description".to_owned(), Value::String(text));
                }
            }
            Some(None) => {}
            None => problems.push(missing(at)),
        }
        let nothing = Entry::default();
        let entry = entry.unwrap_or(&nothing);
        let action = at.ends_with(".action");
        if let Some(listed) = with_key(schema, "enum").filter(|_| !action) {
            self.describe_values(at, listed, &entry.values, problems);
        } else if let Some(value) = entry.values.keys().next().filter(|_| !action) {
            problems.push(too_much(&format!("{at}={value}"), "it has no values"));
        }
        let mut seen = BTreeSet::new();
        self.describe_properties(at, schema, entry, &mut seen, problems);
        for field in entry.fields.keys().filter(|field| !seen.contains(*field)) {
            problems.push(too_much(&format!("{at}.{field}"), "there is no such field"));
        }
    }

    fn describe_properties(
        &self,
        at: &str,
        schema: &mut Value,
        entry: &Entry,
        seen: &mut BTreeSet<String>,
        problems: &mut Vec<Problem>,
    ) {
        for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            self.describe_properties(at, part, entry, seen, problems);
        }
        let holder = if schema.get("properties").is_some() { Some(schema) } else { schema.get_mut("items") };
        let properties = holder.and_then(|holder| holder.get_mut("properties")).and_then(Value::as_object_mut);
        for (wire, property) in properties.into_iter().flatten() {
            seen.insert(wire.clone());
            self.describe(&format!("{at}.{wire}"), property, entry.fields.get(wire), problems);
        }
    }

    fn describe_values(
        &self,
        at: &str,
        schema: &mut Value,
        words: &BTreeMap<String, Entry>,
        problems: &mut Vec<Problem>,
    ) {
        let values: Vec<String> = schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect();
        let mut docs = Map::new();
        for value in &values {
            let at = format!("{at}={value}");
            match words.get(value) {
                Some(entry) => {
                    if let Some(text) = self.said(&at, entry, problems) {
                        docs.insert(value.clone(), Value::String(text));
                    }
                }
                None => problems.push(missing(&at)),
            }
        }
        for value in words.keys().filter(|value| !values.contains(value)) {
            problems.push(too_much(&format!("{at}={value}"), "there is no such value"));
        }
        if !docs.is_empty() {
            schema[VALUES] = Value::Object(docs);
        }
    }

    /// What an entry says; it is a problem where that is nothing.
    fn said(&self, at: &str, entry: &Entry, problems: &mut Vec<Problem>) -> Option<String> {
        if let Some(name) = entry.shared.as_ref().filter(|name| !self.shared.contains_key(*name)) {
            problems.push(too_much(at, &format!("there are no shared words called {name}")));
            return None;
        }
        let text = self.text(entry).filter(|text| !text.is_empty());
        if text.is_none() {
            problems.push(missing(at));
        }
        text
    }
}

/// What stands beside a reference is ignored by the standard; around it, it counts. For the document that others read.
pub fn wrap_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let described = map.len() > 1 && map.contains_key("description");
            if let Some(reference) = map.get("$ref").filter(|_| described).cloned() {
                map.retain(|key, _| key != "$ref");
                map.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            } else {
                map.values_mut().for_each(wrap_references);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(wrap_references),
        _ => {}
    }
}

/// The schema itself or the elements of the list that it is, where they have a key.
fn with_key<'a>(schema: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    if schema.get(key).is_some() {
        return Some(schema);
    }
    schema.get_mut("items").filter(|items| items.get(key).is_some())
}

/// The object that a request or a successful response writes inline.
fn inline_schema<'a>(key: &str, part: &'a mut Value) -> Option<&'a mut Value> {
    let content = if key == "requestBody" {
        part.get_mut("content")
    } else {
        let responses = part.as_object_mut()?.iter_mut();
        responses.filter(|(status, _)| status.starts_with('2')).find_map(|(_, response)| response.get_mut("content"))
    };
    let media = content?.as_object_mut()?.iter_mut().find(|(media, _)| media.contains("json"))?.1;
    media.get_mut("schema").filter(|schema| schema.get("properties").is_some() || is_composed(schema))
}

/// Whether a schema puts several parts together, which makes a type of its own of it.
fn is_composed(schema: &Value) -> bool {
    schema.get("allOf").and_then(Value::as_array).is_some_and(|parts| parts.len() > 1)
}

/// The component that a successful response is.
fn response_component(operation: &Map<String, Value>) -> Option<String> {
    let responses = operation.get("responses")?.as_object()?;
    let schema = responses.iter().filter(|(status, _)| status.starts_with('2')).find_map(|(_, response)| {
        let content = response.get("content")?.as_object()?;
        content.iter().find(|(media, _)| media.contains("json"))?.1.get("schema")
    })?;
    let schema = schema.get("allOf").and_then(|parts| parts.get(0)).unwrap_or(schema);
    Some(schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")?.to_owned())
}

fn missing(at: &str) -> Problem {
    Problem::new(FOLDER, at, "has no words")
        .hint("say in openapi/docs what it is, when it is present, its unit and default")
}

fn too_much(at: &str, message: &str) -> Problem {
    Problem::new(FOLDER, at, message).hint("rename the entry in openapi/docs, or delete it")
}
