//! What the description says of answers. Every answer that a test gets is held against it.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Statuses that come before an operation is reached, or are the emulator's own. The description has them for few
/// operations or none; their bodies are those of errors.
const UNDOCUMENTED: &[u16] = &[401, 404, 405, 413, 501];

/// Asserts that the description allows this response: its status for the operation, its media type, and its body with no
/// member that the description does not have.
pub(crate) fn assert_allowed(method: &str, path: &str, status: u16, media_type: Option<&str>, body: &str) {
    let place = format!("{method} {path}, status {status}");
    let Some(answer) = answer(method, path, status) else {
        assert!(UNDOCUMENTED.contains(&status), "{place} is not in the description: {body}");
        return assert_fits(&json!({"$ref": "#/components/schemas/result"}), &parsed(body, &place), &place);
    };
    let contents = answer["content"].as_object();
    let Some((expected, content)) = contents.and_then(|contents| contents.iter().next()) else {
        assert_eq!(body, "", "{place} has no body in the description");
        return;
    };
    let media_type = media_type.and_then(|value| value.split(';').next());
    assert_eq!(media_type, Some(expected.as_str()), "{place}");
    if expected == "application/json" {
        assert_fits(&content["schema"], &parsed(body, &place), &place);
    }
}

fn parsed(body: &str, place: &str) -> Value {
    let value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{place} is not JSON, {error}: {body}"));
    without_nulls(value)
}

/// `null` is absence, also where the emulator was asked to write it.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(elements) => elements.into_iter().filter(|one| !one.is_null()).map(without_nulls).collect(),
        other => other,
    }
}

fn assert_fits(schema: &Value, body: &Value, place: &str) {
    static VALIDATORS: Mutex<BTreeMap<String, &'static Validator>> = Mutex::new(BTreeMap::new());
    let validator = *VALIDATORS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(schema.to_string())
        .or_insert_with(|| Box::leak(Box::new(validator(schema))));
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("at \"{}\": {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{place} does not fit the description\n{}\n{body}", errors.join("\n"));
}

fn validator(schema: &Value) -> Validator {
    let mut whole = schema.clone();
    whole["components"] = description()["components"].clone();
    closed(&mut whole);
    for settings in ["service", "client"] {
        // They keep what the description does not know, so that a newer setting survives.
        whole["components"]["schemas"][settings]["additionalProperties"] = json!(true);
    }
    // Schemas of OpenAPI 3.0 are nearest to this draft. Formats of strings are hints, and not checked.
    let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(false);
    options.build(&whole).expect("the description's schemas can be used")
}

/// Objects whose members are listed have no others, so that a member with a wrong name is found.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(closed);
        }
        Value::Array(elements) => elements.iter_mut().for_each(closed),
        _ => {}
    }
}

/// What the description says of this status of an operation.
fn answer(method: &str, path: &str, status: u16) -> Option<&'static Value> {
    let description = description();
    let mut paths: Vec<(&String, &Value)> = description["paths"].as_object()?.iter().collect();
    // A path without parameters goes before one with them that fits too.
    paths.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, item) = paths
        .into_iter()
        .find(|(template, item)| fits(template, path) && item.get(method.to_ascii_lowercase()).is_some())?;
    let answer = item[method.to_ascii_lowercase()]["responses"].get(status.to_string())?;
    match answer["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => description.pointer(pointer),
        None => Some(answer),
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(part, given)| part.starts_with('{') || *part == given)
}

fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/corrected.json");
        let text = std::fs::read_to_string(path).expect("the description is in the project");
        serde_json::from_str(&text).expect("the description is JSON")
    })
}

#[test]
fn an_answer_that_the_description_does_not_allow_is_found() {
    let path = "/api/1/auth/token";
    let found = |status, media_type, body: &'static str| {
        std::panic::catch_unwind(|| assert_allowed("POST", path, status, Some(media_type), body)).is_err()
    };
    let json = "application/json";
    assert!(!found(200, json, r#"{"action": "OK", "accessTokenDuration": 1, "subject": null}"#));
    assert!(!found(404, json, r#"{"resultCode": "A001208"}"#));
    assert!(found(200, json, r#"{"action": "FINE"}"#), "a value that the enumeration does not have");
    assert!(found(200, json, r#"{"acessToken": "a"}"#), "a member that the schema does not have");
    assert!(found(200, json, r#"{"accessTokenDuration": "1"}"#), "a value of another type");
    assert!(found(200, "text/plain", r#"{"action": "OK"}"#), "another media type");
    assert!(found(204, json, ""), "a status that the operation does not have");
    assert!(found(404, json, r#"{"error": "not found"}"#), "an error of another form");
}
