//! JSON schemas of the types, when the feature for them is on.
#![cfg(feature = "schemars")]

use authlete_api::types::AuthorizationResponse;

#[test]
fn a_schema_has_the_wire_names_and_open_enumerations() {
    let schema = serde_json::to_value(schemars::schema_for!(AuthorizationResponse)).unwrap();
    assert_eq!(schema["title"], "AuthorizationResponse");
    assert_eq!(schema["properties"]["acrEssential"]["type"][0], "boolean");
    let action = &schema["$defs"]["AuthorizationResponseAction"];
    assert_eq!((&action["type"], action["enum"].is_null()), (&serde_json::json!("string"), true));
    assert!(action["examples"].as_array().is_some_and(|values| values.contains(&"INTERACTION".into())), "{action}");
}

#[test]
fn a_schema_explains_types_and_fields_in_the_words_of_the_documentation() {
    let schema = serde_json::to_value(schemars::schema_for!(AuthorizationResponse)).unwrap();
    let words = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/docs/authorization.yaml")).unwrap();
    let words: serde_json::Value = serde_saphyr::from_slice(&words).unwrap();
    let words = &words["components"]["authorization_response"];
    // A doc comment in a schema is one string, whatever its lines.
    let plain =
        |text: &serde_json::Value| text.as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let begins = |found: &serde_json::Value, said: &serde_json::Value| {
        let (found, said) = (plain(found).unwrap(), plain(said).unwrap());
        assert!(found.starts_with(&said), "{found}\n  should begin: {said}");
    };
    begins(&schema["description"], &words["doc"]);
    begins(&schema["properties"]["acrEssential"]["description"], &words["fields"]["acrEssential"]);
    begins(&schema["properties"]["ticket"]["description"], &words["fields"]["ticket"]);
    let properties = schema["properties"].as_object().unwrap();
    let unexplained: Vec<_> =
        properties.iter().filter(|(_, property)| plain(&property["description"]).is_none()).collect();
    assert!(unexplained.is_empty() && properties.len() > 30, "{unexplained:?}");
}

#[test]
fn json_in_a_string_is_a_string_of_that_media_type() {
    let schema = serde_json::to_value(schemars::schema_for!(AuthorizationResponse)).unwrap();
    let payload = &schema["properties"]["requestObjectPayload"];
    assert_eq!(
        (&payload["type"][0], &payload["contentMediaType"]),
        (&"string".into(), &"application/json".into()),
        "{payload}"
    );
    assert!(schema["$defs"].get("JsonString").is_none());
}
