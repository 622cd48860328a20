//! Every example of an upstream document, with its place.

use std::collections::BTreeSet;

use authlete_codegen::Document;
use authlete_codegen::document::{escape, pointer_of};
use serde_json::Value;

use super::place_of::{Home, Places};
use crate::round_trip::Place;

/// What an example is an example of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A component as a whole.
    Component,
    /// A property, or another part of a schema.
    Property,
    /// A request body.
    Request,
    /// The body of a successful response.
    Response,
    /// The body of an error response.
    Error,
    /// Something that is no JSON value of the API: a parameter, a header.
    Other,
}

/// An example.
#[derive(Debug)]
pub(super) struct Example<'a> {
    /// Its JSON pointer in the document.
    pub at: String,
    /// What it is an example of.
    pub kind: Kind,
    /// The example itself.
    pub value: &'a Value,
    /// Where it belongs, or why it cannot be checked.
    pub home: Result<Home<'static>, Skip>,
}

/// Why an example is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// It is no JSON of the API.
    NotJson(String),
    /// The project has no type for its place.
    NoType(String),
}

/// Collects every example.
pub(super) fn collect<'a>(document: &'a Document, places: &Places) -> Vec<Example<'a>> {
    let mut collector = Collector { document, found: Vec::new(), seen: BTreeSet::new() };
    for (name, schema) in document.schemas() {
        let home = places.schema(name).ok_or_else(|| Skip::NoType(format!("no type for the component {name}")));
        collector.schema(
            &format!("/components/schemas/{}", escape(name)),
            schema,
            &Context::whole(Kind::Component, home),
        );
    }
    for (path, method, operation) in document.operations() {
        let at = format!("/paths/{}/{method}", escape(path));
        if let Some(body) = operation.get("requestBody") {
            let home = places.request(method, path).ok_or_else(|| no_type("request body", method, path));
            collector.body(&format!("{at}/requestBody"), body, Kind::Request, &home);
        }
        for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            let (kind, home) = if status.starts_with('2') {
                let home = places.response(method, path);
                (Kind::Response, home.ok_or_else(|| no_type("response", method, path)))
            } else {
                (Kind::Error, places.error(document, response).ok_or_else(|| no_type("error response", method, path)))
            };
            collector.body(&format!("{at}/responses/{}", escape(status)), response, kind, &home);
        }
    }
    for (section, kind) in [("responses", Kind::Error), ("requestBodies", Kind::Request)] {
        let at = format!("/components/{section}");
        for (name, body) in document.0.pointer(&at).and_then(Value::as_object).into_iter().flatten() {
            let at = format!("{at}/{}", escape(name));
            // Those that an operation refers to are here by now, in the operation's context.
            if !collector.seen.iter().any(|(seen, _)| seen.starts_with(&format!("{at}/"))) {
                let unused = Err(Skip::NoType("no operation uses this component".to_owned()));
                collector.body(&at, body, kind, &unused);
            }
        }
    }
    collector.rest("", &document.0, false);
    collector.found
}

/// Where the keys of an OpenAPI document are names.
const MAPS_OF_NAMES: [&str; 10] = [
    "callbacks",
    "content",
    "headers",
    "links",
    "parameters",
    "paths",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
];

fn no_type(what: &str, method: &str, path: &str) -> Skip {
    Skip::NoType(format!("no type for the {what} of {} {path}", method.to_uppercase()))
}

type Target = Result<&'static Place, Skip>;

/// Where the walk through a schema is.
#[derive(Clone)]
struct Context {
    kind: Kind,
    place: Target,
    steps: Vec<String>,
}

impl Context {
    fn whole(kind: Kind, place: Target) -> Self {
        Self { kind, place, steps: Vec::new() }
    }

    fn below(&self, step: &str) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step.to_owned());
        Self { kind: Kind::Property, place: self.place.clone(), steps }
    }

    fn home(&self) -> Result<Home<'static>, Skip> {
        self.place.clone().map(|place| Home { place, steps: self.steps.clone() })
    }
}

struct Collector<'a> {
    document: &'a Document,
    found: Vec<Example<'a>>,
    /// Pointers of examples, each with the place it was seen for: a component can be used in several.
    seen: BTreeSet<(String, &'static str)>,
}

impl<'a> Collector<'a> {
    fn schema(&mut self, at: &str, schema: &'a Value, context: &Context) {
        self.examples(at, schema, context);
        // What a reference leads to is a component, and visited as one.
        let Some(object) = schema.as_object().filter(|object| !object.contains_key("$ref")) else { return };
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.schema(&format!("{at}/properties/{}", escape(name)), property, &context.below(name));
        }
        if let Some(items) = object.get("items") {
            self.schema(&format!("{at}/items"), items, &context.below("0"));
        }
        if let Some(members) = object.get("additionalProperties").filter(|members| members.is_object()) {
            self.schema(&format!("{at}/additionalProperties"), members, &context.below("key"));
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for (index, part) in object.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate() {
                self.schema(&format!("{at}/{keyword}/{index}"), part, context);
            }
        }
    }

    /// A request body or a response.
    fn body(&mut self, at: &str, body: &'a Value, kind: Kind, place: &Target) {
        let (at, body) = self.resolve(at.to_owned(), body);
        for (name, media) in body.get("content").and_then(Value::as_object).into_iter().flatten() {
            let at = format!("{at}/content/{}", escape(name));
            // A form has the same fields; an example of one may be written as an object.
            let place = if name.contains("json") || name.contains("form-urlencoded") {
                place.clone()
            } else {
                Err(Skip::NotJson(format!("the media type is {name}")))
            };
            let context = Context::whole(kind, place);
            self.examples(&at, media, &context);
            if let Some(schema) = media.get("schema") {
                self.schema(&format!("{at}/schema"), schema, &context);
            }
        }
    }

    /// `example` and `examples` of a schema or a media type.
    fn examples(&mut self, at: &str, holder: &'a Value, context: &Context) {
        if let Some(value) = holder.get("example") {
            self.add(format!("{at}/example"), value, context);
        }
        match holder.get("examples") {
            Some(Value::Array(examples)) => {
                for (index, value) in examples.iter().enumerate() {
                    self.add(format!("{at}/examples/{index}"), value, context);
                }
            }
            Some(Value::Object(examples)) => {
                for (name, example) in examples {
                    let (at, example) = self.resolve(format!("{at}/examples/{}", escape(name)), example);
                    match example.get("value") {
                        Some(value) => self.add(format!("{at}/value"), value, context),
                        None => self.skip(at, example, context.kind, "the example is outside the document"),
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, at: String, value: &'a Value, context: &Context) {
        let place = context.place.as_ref().map_or("", |place| place.at);
        // Error bodies are read into the same type everywhere, so a shared one counts once.
        if self.seen.insert((at.clone(), place)) {
            self.found.push(Example { at, kind: context.kind, value, home: context.home() });
        }
    }

    fn skip(&mut self, at: String, value: &'a Value, kind: Kind, why: &str) {
        if self.seen.insert((at.clone(), "")) {
            self.found.push(Example { at, kind, value, home: Err(Skip::NotJson(why.to_owned())) });
        }
    }

    fn resolve(&self, at: String, value: &'a Value) -> (String, &'a Value) {
        let target = value.get("$ref").and_then(Value::as_str).and_then(pointer_of);
        match target.and_then(|pointer| Some((pointer.clone(), self.document.0.pointer(&pointer)?))) {
            Some(found) => found,
            None => (at, value),
        }
    }

    /// Examples at places that hold no value of the API: nothing may go by unseen. In a map of names (`properties`) a
    /// key is a name, not a keyword.
    fn rest(&mut self, at: &str, value: &'a Value, names: bool) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let at = format!("{at}/{}", escape(key));
                    if !names && matches!(key.as_str(), "example" | "examples") {
                        let below = format!("{at}/");
                        if !self.seen.iter().any(|(seen, _)| *seen == at || seen.starts_with(&below)) {
                            let why = if at.contains("/parameters/") {
                                "a parameter, which is sent as text in the URL"
                            } else {
                                "at a place that holds no value of the API"
                            };
                            self.skip(at, member, Kind::Other, why);
                        }
                    } else if names || !(matches!(key.as_str(), "default" | "enum" | "const") || key.starts_with("x-"))
                    {
                        self.rest(&at, member, !names && MAPS_OF_NAMES.contains(&key.as_str()));
                    }
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.rest(&format!("{at}/{index}"), element, false);
                }
            }
            _ => {}
        }
    }
}
