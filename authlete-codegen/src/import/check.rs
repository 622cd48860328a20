//! What must hold before a document is worth importing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::STAGE;
use crate::{Document, Problem, Problems};

const SUPPORTED: &str = "OpenAPI 3.0.x is supported; convert the document, or take upstream's 3.0 one";

/// That the document is OpenAPI 3.0, as far as its top level shows.
pub(super) fn openapi(document: &Document) -> Result<(), Problem> {
    let problem = |at: &str, message: String| Err(Problem::new(STAGE, at, message).hint(SUPPORTED));
    let Some(root) = document.0.as_object() else {
        return problem("", "the top level is not a mapping, so this is not an OpenAPI document".to_owned());
    };
    match (root.get("openapi"), root.get("swagger")) {
        (Some(Value::String(version)), _) if version == "3.0" || version.starts_with("3.0.") => {}
        (Some(Value::String(version)), _) => {
            return problem("/openapi", format!("this is OpenAPI {version}, which is not supported"));
        }
        (Some(_), _) => return problem("/openapi", "the version is not text such as `\"3.0.3\"`".to_owned()),
        (None, Some(Value::String(version))) => {
            return problem("/swagger", format!("this is Swagger {version}, which is not supported"));
        }
        (None, Some(_)) => return problem("/swagger", "this is Swagger, which is not supported".to_owned()),
        (None, None) => return problem("", "there is no `openapi` key, so this is not an OpenAPI document".to_owned()),
    }
    match root.get("paths") {
        Some(Value::Object(_)) => Ok(()),
        Some(_) => problem("/paths", "this is not a mapping".to_owned()),
        None => problem("", "there is no `paths` key".to_owned()),
    }
}

/// That no two operations share an id.
pub(super) fn operation_ids(document: &Document) -> Problems {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, method, operation) in document.operations() {
        if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
            places.entry(id).or_default().push(format!("{} {path}", method.to_uppercase()));
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    Problems(
        shared
            .map(|(id, places)| {
                Problem::new(STAGE, places.join(" and "), format!("these operations share the id `{id}`"))
                    .hint("give each its own in the document before it is imported")
            })
            .collect(),
    )
}

/// That each reference, given as (place, target), leads to something in the document.
pub(super) fn references(document: &Document, references: &[(String, String)]) -> Problems {
    let mut problems = Vec::new();
    for (place, target) in references {
        if !target.starts_with('#') {
            let message = format!("the reference `{target}` leads out of the document");
            problems.push(Problem::new(STAGE, place, message).hint("bundle the files into one document first"));
        } else if let Err(why) = follow(document, target) {
            let message = format!("the reference `{target}` {why}");
            problems.push(Problem::new(STAGE, place, message).hint("mend either end in the document, then import it"));
        }
    }
    Problems(problems)
}

/// Follows a reference through others, to the end.
fn follow(document: &Document, target: &str) -> Result<(), &'static str> {
    let mut seen = BTreeSet::new();
    let mut target = target;
    loop {
        if !seen.insert(target) {
            return Err("leads back to itself");
        }
        match document.resolve(target) {
            Some(Value::Object(object)) => match object.get("$ref").and_then(Value::as_str) {
                Some(next) => target = next,
                None => return Ok(()),
            },
            Some(_) => return Err("leads to something that is not an object"),
            None if seen.len() > 1 => return Err("leads to a reference that leads nowhere"),
            None => return Err("leads nowhere"),
        }
    }
}
