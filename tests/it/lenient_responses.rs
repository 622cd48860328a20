//! No response is lost over a member that is `null` or missing, or over a flag or number that is a string.

use authlete_api::types::{
    AuthorizationResponse, ClientLockFlagUpdateRequest, UserInfoResponse, VciBatchParseResponse,
};
use authlete_tests::generated::places::RESPONSES;
use authlete_tests::shape::Shape;
use serde_json::{Map, Value, json};

use crate::server::{Server, full, json as answer};

/// Types that contain themselves end here.
const DEPTH: usize = 6;

/// A value with every member that the type knows.
fn sample(shape: Shape, depth: usize) -> Option<Value> {
    Some(match shape {
        Shape::Struct(_) if depth == 0 => return None,
        Shape::Struct(declared) => {
            let members = declared.fields.iter();
            let members = members.filter_map(|field| Some((field.name.to_owned(), sample(field.shape, depth - 1)?)));
            Value::Object(members.collect())
        }
        Shape::List(element) => Value::Array(sample(*element, depth).into_iter().collect()),
        Shape::Map(value) => json!({ "key": sample(*value, depth)? }),
        Shape::Text => json!("404"),
        Shape::Enum(known) => json!(known.first()?),
        Shape::Integer => json!(7),
        Shape::Number => json!(1.5),
        Shape::Boolean => json!(true),
        Shape::Untyped => json!({ "any": [null, "1", true] }),
    })
}

/// The value after a change of every object with members of its own that is this deep, and of every value with its shape.
fn changed(
    value: Value,
    shape: Shape,
    depth: usize,
    object: &impl Fn(Map<String, Value>, usize) -> Map<String, Value>,
    scalar: &impl Fn(Value, Shape) -> Value,
) -> Value {
    match (value, shape) {
        (Value::Object(members), Shape::Struct(declared)) => {
            let inner = members.into_iter().map(|(name, value)| {
                let shape = declared.field(&name).unwrap().shape;
                (name, changed(value, shape, depth + 1, object, scalar))
            });
            Value::Object(object(inner.collect(), depth))
        }
        (Value::Array(elements), Shape::List(element)) => {
            elements.into_iter().map(|value| changed(value, *element, depth, object, scalar)).collect()
        }
        (Value::Object(members), Shape::Map(value)) => {
            members.into_iter().map(|(name, inner)| (name, changed(inner, *value, depth, object, scalar))).collect()
        }
        (value, shape) => scalar(value, shape),
    }
}

fn same(members: Map<String, Value>, _: usize) -> Map<String, Value> {
    members
}

#[test]
fn a_member_that_is_null_or_missing_does_not_cost_the_response() {
    let mut deepest = 0;
    for place in RESPONSES {
        let whole = sample(place.shape, DEPTH).unwrap();
        assert_eq!((place.round_trip)(whole.to_string().as_bytes()), Ok(whole.clone()), "{}", place.at);
        for depth in 0..DEPTH {
            let without = |members, at| if at == depth { Map::new() } else { members };
            let absent = changed(whole.clone(), place.shape, 0, &without, &|value, _| value);
            if absent == whole {
                break;
            }
            deepest = deepest.max(depth);
            let nulled = |members: Map<_, _>, at| {
                if at == depth { members.into_iter().map(|(name, _)| (name, Value::Null)).collect() } else { members }
            };
            let null = changed(whole.clone(), place.shape, 0, &nulled, &|value, _| value);
            assert_ne!(null, absent);
            for body in [null, absent.clone()] {
                assert_eq!((place.round_trip)(body.to_string().as_bytes()), Ok(absent.clone()), "{}: {body}", place.at);
            }
        }
    }
    assert!(deepest >= 3, "samples are {deepest} levels deep");
}

#[test]
fn flags_numbers_and_strings_stand_in_for_one_another() {
    type StandIn = fn(&Value, Shape) -> Option<Value>;
    let stand_ins: [(&str, StandIn); 4] = [
        ("flag", |value, shape| matches!(shape, Shape::Boolean).then(|| json!(value.to_string()))),
        ("FLAG", |value, shape| matches!(shape, Shape::Boolean).then(|| json!(value.to_string().to_uppercase()))),
        ("number", |value, shape| matches!(shape, Shape::Integer | Shape::Number).then(|| json!(value.to_string()))),
        ("string", |_, shape| matches!(shape, Shape::Text).then(|| json!(404))),
    ];
    for (name, stand_in) in stand_ins {
        let mut places = 0;
        for place in RESPONSES {
            let whole = sample(place.shape, DEPTH).unwrap();
            let scalar = |value: Value, shape| stand_in(&value, shape).unwrap_or(value);
            let body = changed(whole.clone(), place.shape, 0, &same, &scalar);
            places += usize::from(body != whole);
            assert_eq!((place.round_trip)(body.to_string().as_bytes()), Ok(whole), "{name}: {}", place.at);
        }
        assert!(places > 10, "{name} stood in at {places} places");
    }
}

/// What is found for an element is sent at the same place of another list, so that a place must not get lost.
#[test]
fn a_null_keeps_its_place_where_places_mean_something() {
    let claims = [vec!["birthdate".to_owned()], vec![], vec!["nationalities".to_owned(), "title".to_owned()]];
    for list in [
        r#"[["birthdate"],null,["nationalities","title"]]"#,
        r#"[{"array":["birthdate"]},null,{"array":["nationalities","title"]}]"#,
        r#"[{"array":["birthdate"]},{"array":null},["nationalities","title"]]"#,
    ] {
        let body = format!(r#"{{"requestedVerifiedClaimsForTx":{list},"ticket":"t"}}"#);
        let response: AuthorizationResponse = authlete_api::decode(body.as_bytes()).unwrap();
        assert_eq!(response.requested_verified_claims_for_tx.as_deref(), Some(claims.as_slice()), "{body}");
        assert_eq!(response.ticket, Some("t".into()));
        let response: UserInfoResponse = authlete_api::decode(body.as_bytes()).unwrap();
        assert_eq!(response.requested_verified_claims_for_tx.as_deref(), Some(claims.as_slice()), "{body}");
        // It is written as the description has it.
        let written = serde_json::to_value(&response).unwrap();
        assert_eq!(written["requestedVerifiedClaimsForTx"], json!(claims));
    }
    let body = br#"{"info":[null,{"identifier":"second"},null]}"#;
    let batch: VciBatchParseResponse = authlete_api::decode(body).unwrap();
    let identifiers: Vec<_> = batch.info.iter().flatten().map(|info| info.identifier.is_some()).collect();
    assert_eq!(identifiers, [false, true, false]);
}

/// What was done must not read as a failure because its confirmation is short.
#[tokio::test]
async fn a_lock_that_was_set_is_no_failure() {
    let nothing = full("204 No Content", &[], "");
    let short = ["", "null", "{}", r#"{"resultCode":null}"#, r#"{"resultMessage":"done"}"#];
    let answers = short.iter().map(|body| answer("200 OK", body)).chain([nothing]).collect();
    let server = Server::start(answers);
    let client = server.client();
    for _ in 0..=short.len() {
        let response = client.clients().update_lock_flag(2, ClientLockFlagUpdateRequest::new(true)).await.unwrap();
        assert_eq!(response.result_code, None);
    }
    // What is not what the description says remains an error.
    let server = Server::once(answer("200 OK", "<p>Welcome</p>"));
    server.client().clients().update_lock_flag(2, ClientLockFlagUpdateRequest::new(true)).await.unwrap_err();
}
