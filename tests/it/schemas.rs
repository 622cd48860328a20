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
