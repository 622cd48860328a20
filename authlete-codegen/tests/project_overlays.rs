//! The project's own overlays, applied to the project's own description.

// clippy.toml lets tests unwrap, and does not count their helpers. Tests read the files that the generator is given.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod committed;

use std::collections::{BTreeMap, BTreeSet};

use authlete_codegen::Document;
use authlete_codegen::overlay::{Applied, Overlays};
use serde_json::Value;

fn applied() -> Applied {
    let files = committed::overlays();
    let overlays = Overlays::parse(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let overlays = overlays.unwrap_or_else(|problems| panic!("{problems}"));
    let document = serde_json::from_slice(&committed::read("authlete.json")).unwrap();
    overlays.apply(&Document(document), false).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Calls `see` with every property of every schema, its name and where it is.
fn properties<'v>(value: &'v Value, at: &str, see: &mut impl FnMut(&str, &'v str, &'v Value)) {
    match value {
        Value::Object(members) => {
            // A property may itself be called "properties"; its own members are then no properties.
            let inside_properties = at.ends_with("/properties");
            if let Some(Value::Object(found)) = members.get("properties").filter(|_| !inside_properties) {
                found.iter().for_each(|(name, property)| see(&format!("{at}/properties/{name}"), name, property));
            }
            members.iter().for_each(|(name, member)| properties(member, &format!("{at}/{name}"), see));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, at, see)),
        _ => {}
    }
}

/// A text, a list of texts, or something whose form the description leaves open.
fn is_text(schema: &Value) -> bool {
    let has = |name: &str| schema.get(name).is_some();
    if ["$ref", "enum", "allOf", "oneOf", "anyOf"].iter().any(|name| has(name)) {
        return false;
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => true,
        Some("array") => schema.get("items").is_none_or(is_text),
        Some("object") | None => !has("properties"),
        Some(_) => false,
    }
}

/// The mechanical name of a component.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[test]
fn every_action_applies_strictly_and_wholly() {
    let applied = applied();
    let warnings: Vec<_> = applied.report.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    assert!(applied.report.files.iter().all(|file| !file.actions.is_empty()));
}

#[test]
fn every_action_says_why() {
    for file in applied().report.files {
        for action in file.actions {
            assert!(action.description.is_some_and(|why| !why.is_empty()), "{} action {}", file.file, action.number);
        }
    }
}

#[test]
fn every_text_and_nothing_else_is_marked_secret_or_public() {
    let applied = applied();
    let (mut unmarked, mut misplaced) = (Vec::new(), Vec::new());
    properties(&applied.shaped.0, "", &mut |at, _, schema| match (
        is_text(schema),
        schema.get("x-secret").map(Value::is_boolean),
    ) {
        (true, Some(true)) | (false, None) => {}
        (true, _) => unmarked.push(at.to_owned()),
        (false, Some(_)) => misplaced.push(at.to_owned()),
    });
    assert_eq!((unmarked, misplaced), (Vec::new(), Vec::new()));
}

#[test]
fn every_number_that_tells_a_time_has_a_unit() {
    let applied = applied();
    let units: BTreeSet<_> =
        ["seconds", "milliseconds", "nanoseconds", "epoch-seconds", "epoch-milliseconds"].into_iter().collect();
    let endings = ["At", "Time", "Age", "Expiry", "ExpiresIn", "TTL"];
    let parts = ["duration", "interval", "skew", "window", "expires"];
    properties(&applied.shaped.0, "", &mut |at, name, schema| {
        let number = schema.get("type").and_then(Value::as_str) == Some("integer");
        let telling = endings.iter().any(|ending| name.ends_with(ending))
            || parts.iter().any(|part| name.to_lowercase().contains(part));
        match schema.get("x-unit").and_then(Value::as_str) {
            Some(unit) => assert!(number && units.contains(unit), "{at}: {unit}"),
            None => assert!(!(number && telling), "{at} has no unit"),
        }
    });
}

#[test]
fn names_for_rust_are_names_and_distinct() {
    let applied = applied();
    let mut types = BTreeSet::new();
    for (name, schema) in applied.shaped.schemas() {
        let rust = schema.get("x-rust-name").and_then(Value::as_str).map_or_else(|| pascal(name), str::to_owned);
        assert!(
            rust.starts_with(|c: char| c.is_ascii_uppercase()) && rust.chars().all(char::is_alphanumeric),
            "{rust}"
        );
        assert!(!["Client", "Result", "Option", "String", "Vec", "Box"].contains(&rust.as_str()), "{name}");
        assert!(types.insert(rust.clone()), "{rust} twice");
    }
    properties(&applied.shaped.0, "", &mut |at, _, schema| {
        for schema in [Some(schema), schema.get("items")].into_iter().flatten() {
            if let Some(shared) = schema.get("x-enum-name").and_then(Value::as_str) {
                assert!(schema.get("enum").is_some(), "{at}");
                assert!(!types.contains(shared), "{shared} is a component too");
            }
        }
    });
    let mut methods = BTreeSet::new();
    for (path, method, operation) in applied.shaped.operations() {
        if let Some(rust) = operation.get("x-rust-name").and_then(Value::as_str) {
            assert!(rust.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{method} {path}");
            assert!(methods.insert(rust.to_owned()), "{rust} twice");
        }
    }
    assert!(!methods.is_empty());
}

#[test]
fn types_of_the_crate_are_for_texts() {
    let applied = applied();
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    properties(&applied.shaped.0, "", &mut |at, name, schema| {
        for schema in [Some(schema), schema.get("items")].into_iter().flatten() {
            if let Some(rust) = schema.get("x-rust-type") {
                assert_eq!(schema.get("type"), Some(&Value::from("string")), "{at}");
                fields.entry(rust.as_str().unwrap().to_owned()).or_default().insert(name.to_owned());
            }
        }
    });
    // What the document describes as JSON, in the words of its prose.
    let json = [
        "additionalClaims",
        "claims",
        "claimsForTx",
        "credentialOffer",
        "credentialPayload",
        "credentialsSupported",
        "customMetadata",
        "idTokenClaims",
        "idtHeaderParams",
        "json",
        "jwks",
        "jwtAtClaims",
        "otherFields",
        "predefinedTransformedClaims",
        "requestContext",
        "transformedClaims",
        "userInfoClaims",
        "verifiedClaimsForTx",
    ];
    let marked = &fields["JsonString"];
    assert!(json.iter().all(|name| marked.contains(*name)), "{marked:?}");
    // Beside whole contents, which are forwarded, and the names of claims.
    assert!(!marked.contains("responseContent") && !marked.contains("requestedClaimsForTx"));
    assert_eq!(fields["Ticket"], BTreeSet::from(["ticket".to_owned()]));
}

#[test]
fn corrections_leave_no_mark_of_a_shape() {
    let text = applied().corrected.to_canonical_string();
    for mark in ["x-rust-name", "x-rust-type", "x-secret", "x-unit", "x-enum-name"] {
        assert!(!text.contains(mark), "{mark}");
    }
}

#[test]
fn example_mistakes_have_their_three_parts() {
    let text = String::from_utf8(committed::read("example-mistakes.yaml")).unwrap();
    let mistakes: Vec<BTreeMap<String, serde_json::Value>> = serde_saphyr::from_str(&text).unwrap();
    for mistake in &mistakes {
        let is_earlier = mistake.get("earlier").is_some_and(|earlier| earlier == true);
        assert_eq!(mistake.keys().filter(|key| *key != "earlier").collect::<Vec<_>>(), ["at", "field", "why"]);
        let is_pointer = |part: &str| mistake[part].as_str().is_some_and(|pointer| pointer.starts_with('/'));
        // Of an earlier document a whole example may be wrong.
        assert!(is_pointer("at") && (is_pointer("field") || is_earlier), "{mistake:?}");
    }
}
