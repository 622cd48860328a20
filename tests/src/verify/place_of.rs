//! Which type of ours a place of an upstream document has.

use authlete_codegen::Document;
use serde_json::Value;

use crate::generated::places;
use crate::round_trip::Place;
use crate::shape::Shape;

/// Every place that has a type.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Components, by their upstream names.
    pub schemas: &'static [Place],
    /// Request bodies, by method and path.
    pub requests: &'static [Place],
    /// Bodies of successful responses, by method and path.
    pub responses: &'static [Place],
}

/// Where an example belongs: in the value of a place, some steps below it.
#[derive(Debug, Clone)]
pub(super) struct Home<'a> {
    /// The place whose type is decoded.
    pub place: &'a Place,
    /// The way from its value to the example: keys and indices.
    pub steps: Vec<String>,
}

impl Home<'_> {
    /// The shape of the example's own value, when the type knows the way to it.
    pub(super) fn shape(&self) -> Option<Shape> {
        self.steps.iter().try_fold(self.place.shape, |shape, step| shape.step(step))
    }
}

impl Places {
    /// Those of the project.
    pub fn project() -> Self {
        Self { schemas: places::SCHEMAS, requests: places::REQUESTS, responses: places::RESPONSES }
    }

    pub(super) fn schema(&self, name: &str) -> Option<&'static Place> {
        self.schemas.iter().find(|place| place.at == name)
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Option<&'static Place> {
        operation(self.requests, method, path)
    }

    pub(super) fn response(&self, method: &str, path: &str) -> Option<&'static Place> {
        operation(self.responses, method, path)
    }

    /// Answers of an error status are read into one type, whatever their operation, unless the document says that they
    /// have another component, as those of the identity provider's host do.
    pub(super) fn error(&self, document: &Document, response: &Value) -> Option<&'static Place> {
        let response = match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => document.resolve(reference)?,
            None => response,
        };
        let schema = response.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
        let own = schema.and_then(|reference| reference.rsplit('/').next()).and_then(|name| self.schema(name));
        own.or_else(|| self.common_error())
    }

    fn common_error(&self) -> Option<&'static Place> {
        self.schemas.iter().find(|place| matches!(place.shape, Shape::Struct(declared) if declared.name == "ErrorBody"))
    }
}

/// Parameters have other names in other versions of the document; their places in the path are the same.
fn operation(places: &'static [Place], method: &str, path: &str) -> Option<&'static Place> {
    let wanted = format!("{} {}", method.to_uppercase(), unnamed(path));
    places.iter().find(|place| unnamed(place.at) == wanted)
}

fn unnamed(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}
