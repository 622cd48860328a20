//! What `verify-examples` says of documents made for it.

use authlete_codegen::Document;
use authlete_tests::round_trip::{Place, round_trip};
use authlete_tests::shape::{Field, Shape, Struct};
use authlete_tests::verify::{Count, Kind, Mistake, Places, Report, parse_mistakes, verify};
use serde_json::{Value, json};

/// A document with one component.
fn component(name: &str, schema: &Value) -> Document {
    Document(json!({ "openapi": "3.0.3", "paths": {}, "components": { "schemas": { name: schema } } }))
}

/// A document with one operation.
fn operation(path: &str, operation: &Value) -> Document {
    Document(json!({ "openapi": "3.0.3", "paths": { path: { "post": operation } } }))
}

fn run(document: &Document) -> Report {
    verify(document, true, &[], &Places::project())
}

fn mistake(at: &str, field: &str) -> Mistake {
    Mistake { at: at.to_owned(), field: field.to_owned(), why: "a reason".to_owned(), earlier: false }
}

#[test]
fn a_clean_example_is_compared_field_by_field() {
    let example = json!({
        "name": "openid",
        "defaultEntry": false,
        "attributes": [null, {"key": "k", "value": 1}],
        "description": null,
    });
    let report = run(&component("scope", &json!({ "example": example })));
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.counts[&Kind::Component], Count { found: 1, checked: 1, skipped: 0 });
    // Four fields, two elements, two fields in the one that is no null.
    assert_eq!(report.fields, 8);
    // The null field, the null element, and the number in place of a text.
    assert_eq!(report.lenient, 3);
}

#[test]
fn a_field_that_the_type_does_not_keep_is_lost() {
    let report = run(&component("access_token", &json!({ "example": {"subject": "john", "mood": "fine"} })));
    assert_eq!(
        report.problems,
        ["/components/schemas/access_token/example: /mood: lost: is no field of `AccessToken`, and absent afterwards"]
    );
}

#[test]
fn a_field_among_the_unknown_ones_is_lost() {
    let example = json!({"scopes": [{"name": "a", "colour": {"of": "it"}}], "n/w": null});
    let report = run(&component("service", &json!({ "example": {"supportedScopes": example["scopes"], "n/w": null} })));
    let at = "/components/schemas/service/example";
    assert_eq!(
        report.problems,
        [
            format!("{at}: /n~1w: lost: lands among the fields that `Service` does not know"),
            format!("{at}: /supportedScopes/0/colour: lost: lands among the fields that `Scope` does not know"),
        ]
    );
}

#[test]
fn one_wrong_type_does_not_hide_what_else_is_wrong() {
    let example = json!({"defaultEntry": "yes", "attributes": ["a", {"key": {}}], "colour": 1, "name": "x"});
    let report = run(&component("scope", &json!({ "example": example })));
    let at = "/components/schemas/scope/example";
    assert_eq!(
        sorted(&report.problems),
        [
            format!("{at}: /attributes/0: does not decode: expected an object"),
            format!("{at}: /attributes/1/key: does not decode: expected a string"),
            format!("{at}: /colour: lost: lands among the fields that `Scope` does not know"),
            format!("{at}: /defaultEntry: does not decode: expected a boolean"),
        ]
    );
}

#[test]
fn a_missing_field_is_named() {
    let report = run(&component("authorization_fail_request", &json!({ "example": {"description": "x"} })));
    let at = "/components/schemas/authorization_fail_request/example";
    assert_eq!(
        sorted(&report.problems),
        [
            format!("{at}: /reason: does not decode: missing field `reason`"),
            format!("{at}: /ticket: does not decode: missing field `ticket`"),
        ]
    );
}

/// A type that writes something else than it read.
#[derive(serde::Deserialize, serde::Serialize)]
struct Loud {
    #[serde(serialize_with = "upper")]
    word: String,
    #[serde(default)]
    count: i64,
    #[serde(skip_serializing)]
    #[allow(dead_code)]
    quiet: Option<bool>,
}

fn upper<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.to_uppercase())
}

static LOUD: Struct = Struct {
    name: "Loud",
    keeps_unknown: false,
    fields: &[
        Field::required("word", Shape::Text),
        Field::optional("count", Shape::Integer),
        Field::optional("quiet", Shape::Boolean),
    ],
};
static LOUD_PLACES: &[Place] = &[Place { at: "loud", round_trip: round_trip::<Loud>, shape: Shape::Struct(&LOUD) }];

#[test]
fn changed_values_are_told() {
    let places = Places { schemas: LOUD_PLACES, requests: &[], responses: &[] };
    let document = component("loud", &json!({ "example": {"word": "hello", "quiet": true} }));
    let at = "/components/schemas/loud/example";
    assert_eq!(
        sorted(&verify(&document, true, &[], &places).problems),
        [
            format!("{at}: /count: changed: it appears, as a number"),
            format!("{at}: /quiet: lost: is absent afterwards"),
            format!("{at}: /word: changed: \"hello\" before, \"HELLO\" afterwards"),
        ]
    );
}

#[test]
fn an_entry_explains_its_field_and_what_is_below() {
    let document = component("scope", &json!({ "example": {"attributes": [1, 2], "attributesNot": 1} }));
    let at = "/components/schemas/scope/example";
    let report = verify(&document, true, &[mistake(at, "/attributes")], &Places::project());
    assert_eq!(report.explained, 2);
    assert_eq!(
        report.problems,
        [format!("{at}: /attributesNot: lost: lands among the fields that `Scope` does not know")]
    );
}

#[test]
fn a_stale_entry_is_a_problem_for_the_committed_document_only() {
    let document = component("scope", &json!({ "example": {"name": "a"} }));
    let stale = [mistake("/components/schemas/scope/example", "/name")];
    let what = "/components/schemas/scope/example: /name: listed as a mistake, but nothing is wrong there";
    let committed = verify(&document, true, &stale, &Places::project());
    assert_eq!(committed.problems, [format!("{what}; remove the entry")]);
    let other = verify(&document, false, &stale, &Places::project());
    assert!(other.is_clean());
    assert_eq!(other.notes, [what]);
}

#[test]
fn parts_of_a_schema_are_checked_in_its_context() {
    let schema = json!({
        "properties": {
            "name": {"type": "string", "example": "openid"},
            "defaultEntry": {"type": "boolean", "example": "often"},
            "example": {"type": "string", "example": "a property that has a keyword's name"},
            "attributes": {"items": {"properties": {"key": {"example": []}}}, "example": []},
            "descriptions": {"items": {"$ref": "#/components/schemas/tagged_value"}, "examples": [[{"tag": "de"}]]},
        },
    });
    let report = run(&component("scope", &schema));
    assert_eq!(report.counts[&Kind::Property], Count { found: 6, checked: 6, skipped: 0 });
    let at = "/components/schemas/scope/properties";
    assert_eq!(
        sorted(&report.problems),
        [
            format!("{at}/attributes/items/properties/key/example: the whole: does not decode: expected a string"),
            format!("{at}/defaultEntry/example: the whole: does not decode: expected a boolean"),
            format!("{at}/example/example: the whole: lost: no such field in the type of this place"),
        ]
    );
}

#[test]
fn bodies_have_the_type_of_their_operation_and_status() {
    let document = Document(json!({
        "openapi": "3.0.3",
        "paths": { "/api/{id}/auth/authorization": { "post": {
            "requestBody": { "content": {
                "application/json": { "example": "{\"parameters\": \"a=b\", \"more\": 1}" },
                "application/x-www-form-urlencoded": { "example": "parameters=a%3Db" },
            } },
            "responses": {
                "200": { "content": { "application/json": { "examples": {
                    "one": { "value": {"action": "INTERACTION"} },
                    "two": { "value": {"action": "DANCE"} },
                    "far": { "externalValue": "https://example.com/" },
                } } } },
                "400": { "$ref": "#/components/responses/400" },
                "500": { "content": { "text/html": { "example": "<html>" } } },
            },
        } } },
        "components": { "responses": {
            "400": { "content": { "application/json": { "example": {"resultCode": 1, "action": "X"} } } },
            "418": { "content": { "application/json": { "example": {} } } },
        } },
    }));
    let report = run(&document);
    let body = "/paths/~1api~1{id}~1auth~1authorization/post";
    assert_eq!(
        sorted(&report.problems),
        [
            "/components/responses/400/content/application~1json/example: /action: lost: is no field of `ErrorBody`, and \
             absent afterwards"
                .to_owned(),
            format!(
                "{body}/requestBody/content/application~1json/example: /more: lost: is no field of \
                 `AuthorizationRequest`, and absent afterwards"
            ),
        ]
    );
    assert_eq!(
        report.notes,
        [
            format!("{body}/requestBody/content/application~1json/example: the JSON is written as text"),
            format!(
                "{body}/responses/200/content/application~1json/examples/two/value: /action: \"DANCE\" is not listed, \
                 and kept as an unknown value"
            ),
        ]
    );
    assert_eq!(
        sorted(&report.skipped),
        [
            "/components/responses/418/content/application~1json/example: no operation uses this component".to_owned(),
            format!(
                "{body}/requestBody/content/application~1x-www-form-urlencoded/example: it is a text, and that is not \
                 JSON"
            ),
            format!("{body}/responses/200/content/application~1json/examples/far: the example is outside the document"),
            format!("{body}/responses/500/content/text~1html/example: the media type is text/html"),
        ]
    );
    assert_eq!(report.counts[&Kind::Request], Count { found: 2, checked: 1, skipped: 1 });
    assert_eq!(report.counts[&Kind::Response], Count { found: 3, checked: 2, skipped: 1 });
    assert_eq!(report.counts[&Kind::Error], Count { found: 3, checked: 1, skipped: 2 });
}

#[test]
fn nothing_goes_by_unseen() {
    let mut document = operation(
        "/api/new/thing",
        &json!({
            "parameters": [{ "name": "q", "example": "a" }],
            "requestBody": { "content": { "application/json": { "example": {"a": 1} } } },
            "responses": { "200": { "headers": { "X": { "schema": { "example": "b" } } } } },
        }),
    );
    document.0["components"] = json!({ "schemas": { "brand_new": { "properties": { "a": { "example": 1 } } } } });
    let report = run(&document);
    let at = "/paths/~1api~1new~1thing/post";
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(
        report.skipped,
        [
            "/components/schemas/brand_new/properties/a/example: no type for the component brand_new".to_owned(),
            format!(
                "{at}/requestBody/content/application~1json/example: no type for the request body of POST \
                 /api/new/thing"
            ),
            format!("{at}/parameters/0/example: a parameter, which is sent as text in the URL"),
            format!("{at}/responses/200/headers/X/schema/example: at a place that holds no value of the API"),
        ]
    );
}

#[test]
fn an_entry_needs_a_reason() {
    assert!(parse_mistakes("- {at: /a, field: /b, why: ' '}").is_err());
    assert!(parse_mistakes("- {at: /a, field: /b}").is_err());
    assert!(parse_mistakes("- {at: /a, field: /b, why: c, more: d}").is_err());
    let project = parse_mistakes(include_str!("../../openapi/example-mistakes.yaml")).expect("the project's own list");
    assert!(!project.is_empty());
}

fn sorted(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}
