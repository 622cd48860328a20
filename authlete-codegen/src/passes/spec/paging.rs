//! Operations that answer page by page say how, `x-paging`: `range` where the caller counts (`start` and `end` in the
//! query), or where each page holds a cursor for the next one, the parameter that takes it and the members of the answer
//! that hold it and the elements.

use serde_json::{Map, Value, json};

use super::walk::{component_of, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// The query parameters of a range.
const RANGE: [&str; 2] = ["start", "end"];
/// The query parameter of a cursor, and the member of the answer that holds the next one.
const CURSOR: [&str; 2] = ["cursor", "nextCursor"];
/// The query parameter for the size of a page.
const LIMIT: &str = "limit";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let schemas: Map<String, Value> = document.schemas().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    document.for_each_operation_mut(|path, method, operation| {
        let at = format!("{} {path}", method.to_uppercase());
        let takes = |name: &str, ty: &str| {
            let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
            parameters.any(|parameter| {
                parameter["in"] == "query"
                    && parameter["name"] == name
                    && parameter["schema"]["type"] == ty
                    && parameter["required"] != true
            })
        };
        let paging = if RANGE.iter().all(|name| takes(name, "integer")) {
            json!("range")
        } else if takes(CURSOR[0], "string") {
            match cursor(operation, &schemas) {
                Ok(items) if takes(LIMIT, "integer") => {
                    json!({"cursor": CURSOR[0], "next": CURSOR[1], "items": items, "limit": LIMIT})
                }
                Ok(items) => json!({"cursor": CURSOR[0], "next": CURSOR[1], "items": items}),
                Err(why) => {
                    notes.warnings.push(format!("{at}: takes a cursor, and {why}"));
                    return;
                }
            }
        } else {
            return;
        };
        let kind = if paging.is_string() { "a range" } else { "a cursor" };
        notes.changes.push(format!("{at}: {kind}"));
        operation.insert("x-paging".to_owned(), paging);
    });
    Ok(())
}

/// The member of an answer that holds the elements of a page, where another holds the next cursor.
fn cursor(operation: &Map<String, Value>, schemas: &Map<String, Value>) -> Result<String, &'static str> {
    let success = operation.get("responses").and_then(|responses| responses.get("2XX"));
    let schema = success.and_then(|success| success.pointer("/content/application~1json/schema"));
    let schema = schema.map(|schema| component_of(schema).and_then(|name| schemas.get(&name)).unwrap_or(schema));
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    let properties = properties.ok_or("its answer is no object")?;
    if properties.get(CURSOR[1]).is_none_or(|next| next["type"] != "string") {
        return Err("its answer has no cursor for the next page");
    }
    let mut lists = properties.iter().filter(|(_, property)| property["type"] == "array").map(|(name, _)| name);
    match (lists.next(), lists.next()) {
        (Some(items), None) => Ok(items.clone()),
        _ => Err("its answer has not exactly one list"),
    }
}
