//! What each action of each operation becomes: the variant, and the answer, against vectors written by hand.

mod logins;
mod notification;
mod outcomes;
mod sending;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use authlete_api::Reply;
use serde_json::{Value, json};

use outcomes::{OUTCOMES, Read};

use crate::project;

const JSON: &str = "{\"error\" : \"sample\", \"error_description\":\"caf\u{e9}\\n\"}\n";
const CHALLENGE: &str = "Bearer error=\"sample\", scope=\"a b\"";
const REDIRECT: &str = "https://client.example/cb?state=a%20b&code=SplxlOBeZQQYbYS6WxSbIA";
const SECRET: &str = "S3CR3T";

fn vectors() -> BTreeMap<String, BTreeMap<String, String>> {
    serde_saphyr::from_str(&project::text("tests/vectors/replies.yaml")).expect("the vectors are YAML")
}

fn description() -> Value {
    serde_json::from_str(&project::text("openapi/effective.json")).expect("the description is JSON")
}

fn resolve<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref")).and_then(Value::as_str);
    match reference.and_then(|reference| description.pointer(reference.trim_start_matches('#'))) {
        Some(target) => resolve(description, target),
        None => schema,
    }
}

/// The properties of the response of every operation that answers with an action.
fn responses(description: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for item in description["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object()) {
        for operation in item.values().filter(|operation| operation.get("operationId").is_some()) {
            let Some(schema) = operation.pointer("/responses/2XX/content/application~1json/schema") else { continue };
            let properties = &resolve(description, schema)["properties"];
            if properties.get("action").is_some() {
                let name = operation["operationId"].as_str().expect("an id is a text");
                found.insert(name.to_owned(), properties.clone());
            }
        }
    }
    found
}

/// A response that has the action and what steps need.
fn sample(properties: &Value, action: &str, content: &str) -> Value {
    let mut response = json!({"action": action, "resultCode": "A000001", "resultMessage": "[A000001] A sample."});
    let fields = [
        ("responseContent", json!(content)),
        ("ticket", json!(SECRET)),
        ("token", json!(SECRET)),
        ("logoutToken", json!(SECRET)),
        ("accessToken", json!(SECRET)),
        ("subjectToken", json!(SECRET)),
        ("assertion", json!(SECRET)),
        ("hsk", json!({"handle": SECRET})),
        ("dpopNonce", json!("nonce-1")),
        ("attestationChallenge", json!("challenge-1")),
        ("signature", json!("sig1=:AAAA:")),
        ("signatureInput", json!("sig1=(\"@status\")")),
        ("contentDigest", json!("sha-256=:BBBB:")),
        ("clientNotificationEndpoint", json!("https://client.example/notify")),
        ("clientNotificationToken", json!(SECRET)),
    ];
    for (name, value) in fields {
        if properties.get(name).is_some() {
            response[name] = value;
        }
    }
    if let Some(info) = properties.get("info") {
        let one = json!({"identifier": SECRET, "credentialOffer": content});
        response["info"] = if info["type"] == "array" { json!([one]) } else { one };
    }
    response
}

/// RFC 9449 8 and 9, and OAuth 2.0 Attestation-Based Client Authentication: where these headers are due.
const DPOP: [&str; 5] = ["auth_introspection", "auth_token", "auth_userinfo", "grant_management", "pushed_auth_req"];
const ATTESTATION: [&str; 5] =
    ["auth_revocation", "auth_token", "backchannel_authentication", "device_authorization", "pushed_auth_req"];

fn headers(reply: &Reply) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    reply.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn check(operation: &str, vector: &str, content: &str, reply: &Reply) {
    let mut parts = vector.split("; ");
    let (status, form) = parts.next().and_then(|first| first.split_once(' ')).expect("a status and a form");
    let mut expected = BTreeMap::new();
    let mut stored = false;
    for part in parts {
        match part.split_once(": ") {
            Some((name, value)) => drop(expected.insert(name.to_ascii_lowercase(), value.to_owned())),
            None if part == "may be stored" => stored = true,
            None => panic!("{part:?} is nothing a vector can say"),
        }
    }
    if !stored {
        expected.insert("cache-control".to_owned(), "no-store".to_owned());
        expected.insert("pragma".to_owned(), "no-cache".to_owned());
    }
    let (media, body) = match form {
        "json" => ("application/json", content),
        "json-utf8" => ("application/json;charset=UTF-8", content),
        "html" => ("text/html;charset=UTF-8", content),
        "script" => ("application/javascript", content),
        "jwt" => ("application/jwt", content),
        "introspection-jwt" => ("application/token-introspection+jwt", content),
        "entity" => ("application/entity-statement+jwt", content),
        "error" => ("application/json", r#"{"error":"server_error"}"#),
        "challenge" | "redirect" | "empty" => ("", ""),
        other => panic!("{other:?} is no form of an answer"),
    };
    match form {
        "challenge" => drop(expected.insert("www-authenticate".to_owned(), content.to_owned())),
        "redirect" => drop(expected.insert("location".to_owned(), content.to_owned())),
        _ => {}
    }
    if !media.is_empty() {
        expected.insert("content-type".to_owned(), media.to_owned());
    }
    if DPOP.contains(&operation) {
        expected.insert("dpop-nonce".to_owned(), "nonce-1".to_owned());
    }
    if ATTESTATION.contains(&operation) {
        expected.insert("oauth-client-attestation-challenge".to_owned(), "challenge-1".to_owned());
    }
    assert_eq!(reply.status().as_str(), status);
    assert_eq!(headers(reply), expected);
    assert_eq!(reply.body(), body.as_bytes());
}

fn content_for(vector: &str) -> &'static str {
    match vector.split("; ").next().unwrap_or_default().split_once(' ') {
        Some((_, "challenge")) => CHALLENGE,
        Some((_, "redirect")) => REDIRECT,
        _ => JSON,
    }
}

fn read(operation: &str, response: Value) -> Read {
    let (_, read) = OUTCOMES.iter().find(|(name, _)| *name == operation).expect("the operation has an outcome");
    read(response)
}

#[test]
fn every_action_of_every_operation_becomes_what_the_vectors_say() {
    let (description, vectors) = (description(), vectors());
    let responses = responses(&description);
    assert_eq!(
        responses.keys().collect::<BTreeSet<_>>(),
        vectors.keys().collect::<BTreeSet<_>>(),
        "operations of the description, and of the vectors"
    );
    for (operation, properties) in &responses {
        let actions = resolve(&description, &properties["action"])["enum"].as_array().expect("actions are listed");
        let actions: BTreeSet<_> = actions.iter().filter_map(Value::as_str).collect();
        let listed: BTreeSet<_> = vectors[operation].keys().map(String::as_str).collect();
        assert_eq!(actions, listed, "actions of {operation}, and of its vectors");
        for (action, vector) in &vectors[operation] {
            eprintln!("{operation} {action}: {vector}");
            let content = content_for(vector);
            let read = read(operation, sample(properties, action, content));
            let variant = action.replace('_', "").to_lowercase();
            let printed = read.printed.split('(').next().unwrap_or_default().to_lowercase();
            assert!(printed == variant || (vector == "500 error" && printed == "unknown"), "{printed}");
            match (read.reply, vector.as_str()) {
                (None, "step") => {}
                (None, page) if page.starts_with("page ") => {
                    let status = page.trim_start_matches("page ");
                    assert!(read.printed.contains(&format!("status: {status}")), "{}", read.printed);
                }
                (Some(reply), vector) => check(operation, vector, content, &reply),
                (None, vector) => panic!("there is no answer, and {vector:?} is due"),
            }
        }
    }
}

#[test]
fn unknown_missing_and_incomplete_actions_are_a_500_that_says_nothing() {
    let description = description();
    for (operation, properties) in responses(&description) {
        let mut missing = sample(&properties, "OK", SECRET);
        missing.as_object_mut().expect("an object").remove("action");
        for response in [sample(&properties, "BRAND_NEW", SECRET), missing] {
            let named = response.get("action").is_some();
            let read = read(&operation, response);
            assert!(read.printed.starts_with("Unknown("), "{operation}: {}", read.printed);
            let reply = read.reply.expect("an answer");
            check(&operation, "500 error", "", &reply);
            assert_eq!(reply.details().code.as_deref(), Some("A000001"));
            assert_eq!(reply.details().action.as_deref(), named.then_some("BRAND_NEW"));
            assert!(!format!("{reply:?} {reply}").contains(SECRET), "{operation}");
        }
    }
    let incomplete = read("auth_authorization", json!({"action": "INTERACTION"}));
    assert!(incomplete.printed.starts_with("Unknown("));
}

#[test]
fn values_that_cannot_be_headers_never_split_an_answer() {
    for (operation, action) in [("auth_authorization", "LOCATION"), ("auth_userinfo", "UNAUTHORIZED")] {
        for end in ["\r\nSet-Cookie: a=b", "\nX: y", "\0"] {
            let content = format!("https://client.example/{end}");
            let read = read(operation, json!({"action": action, "responseContent": content}));
            let reply = read.reply.expect("an answer");
            assert_eq!(reply.status(), 500);
            assert_eq!(reply.body(), r#"{"error":"server_error"}"#);
            assert!(reply.headers().get("set-cookie").is_none() && reply.headers().get("location").is_none());
            assert!(reply.details().reason.is_some());
        }
    }
    let read = read("auth_token", json!({"action": "OK", "responseContent": "{}", "dpopNonce": "a\r\nb"}));
    assert_eq!(read.reply.expect("an answer").status(), 500);
}

/// Replies that are made of the content of a response: a status below 400, and anything but an empty body.
fn is_made_of_content(vector: &str) -> bool {
    vector.starts_with(['2', '3']) && !vector.contains("empty")
}

#[test]
fn a_success_without_its_content_is_a_failure() {
    let (description, vectors) = (description(), vectors());
    let mut count = 0;
    for (operation, properties) in &responses(&description) {
        for (action, vector) in vectors[operation].iter().filter(|(_, vector)| is_made_of_content(vector)) {
            count += 1;
            for content in [json!(""), json!(null)] {
                let mut response = sample(properties, action, content_for(vector));
                response["responseContent"] = content.clone();
                if properties.get("info").is_some() {
                    response["info"] = json!({"identifier": SECRET, "credentialOffer": content});
                }
                let read = read(operation, response);
                let reply = read.reply.expect("an answer");
                // RFC 7009 2.2: the content of a revocation response is ignored, and it is an OK all the same.
                if operation == "auth_revocation" {
                    assert_eq!((reply.status().as_u16(), reply.body().len()), (200, 0));
                    assert!(reply.headers().get("content-type").is_none());
                    continue;
                }
                assert!(read.printed.starts_with("Unknown("), "{operation} {action}: {}", read.printed);
                check(operation, "500 error", "", &reply);
            }
        }
    }
    assert_eq!(count, 42, "successes whose content is the reply, and the one of revocation");
}

#[test]
fn an_empty_ticket_token_or_notification_is_a_missing_one() {
    for (operation, response) in [
        ("auth_authorization", json!({"action": "INTERACTION", "ticket": ""})),
        ("auth_authorization", json!({"action": "NO_INTERACTION", "ticket": ""})),
        ("auth_token", json!({"action": "PASSWORD", "ticket": ""})),
        ("auth_token", json!({"action": "TOKEN_EXCHANGE", "subjectToken": ""})),
        ("auth_token", json!({"action": "JWT_BEARER", "assertion": ""})),
        ("auth_token", json!({"action": "NATIVE_SSO", "accessToken": ""})),
        ("auth_token", json!({"action": "ID_TOKEN_REISSUABLE", "accessToken": "a", "responseContent": ""})),
        ("auth_token_create", json!({"action": "OK", "accessToken": ""})),
        ("auth_userinfo", json!({"action": "OK", "token": ""})),
        ("backchannel_authentication", json!({"action": "USER_IDENTIFICATION", "ticket": ""})),
        ("backchannel_logout_token", json!({"action": "OK", "logoutToken": ""})),
        ("vci_batch_parse", json!({"action": "OK", "info": []})),
        (
            "backchannel_authentication_complete",
            json!({"action": "NOTIFICATION", "clientNotificationEndpoint": "https://c", "clientNotificationToken": "t"}),
        ),
    ] {
        let read = read(operation, response.clone());
        assert!(read.printed.starts_with("Unknown("), "{response}: {}", read.printed);
        assert_eq!(read.reply.expect("an answer").status(), 500, "{response}");
    }
}

// RFC 9110 15.5.2
#[test]
fn a_401_has_a_challenge_even_when_there_is_none() {
    let (description, vectors) = (description(), vectors());
    let mut count = 0;
    for (operation, properties) in &responses(&description) {
        for (action, _) in vectors[operation].iter().filter(|(_, vector)| vector.as_str() == "401 challenge") {
            for content in [json!(""), json!(null)] {
                let mut response = sample(properties, action, CHALLENGE);
                response["responseContent"] = content;
                check(operation, "401 challenge", "Bearer", &read(operation, response).reply.expect("an answer"));
                count += 1;
            }
        }
    }
    assert_eq!(count, 2 * 9);
}

// RFC 3986 2, RFC 9110 10.2.2
#[test]
fn a_location_is_in_ascii_and_otherwise_as_authlete_gave_it() {
    let (description, vectors) = (description(), vectors());
    let mut count = 0;
    for (operation, properties) in &responses(&description) {
        for (action, _) in vectors[operation].iter().filter(|(_, vector)| vector.as_str() == "302 redirect") {
            let location = |content: &str| {
                let reply = read(operation, sample(properties, action, content)).reply.expect("an answer");
                let header = reply.headers().get("location");
                (reply.status().as_u16(), header.map(|value| value.to_str().expect("it is in ASCII").to_owned()))
            };
            let encoded = "https://client.example/%C3%A9?state=%C3%A9%E2%82%AC&x=a%20b+c#f=%25";
            let given = "https://client.example/\u{e9}?state=\u{e9}\u{20ac}&x=a%20b+c#f=%25";
            assert_eq!(location(given), (302, Some(encoded.to_owned())), "{operation} {action}");
            assert_eq!(location(encoded), (302, Some(encoded.to_owned())), "{operation} {action}");
            assert_eq!(location("https://client.example/\r\nSet-Cookie: a=b"), (500, None), "{operation} {action}");
            count += 1;
        }
    }
    assert_eq!(count, 3);
}

#[test]
fn no_outcome_prints_a_secret() {
    let description = description();
    for (operation, properties) in responses(&description) {
        let actions = resolve(&description, &properties["action"])["enum"].as_array().expect("actions are listed");
        for action in actions {
            let mut response = json!({"action": action});
            for (name, property) in properties.as_object().expect("properties are an object") {
                if property["x-secret"] == json!(true) && resolve(&description, property)["type"] == json!("string") {
                    response[name] = json!(SECRET);
                }
            }
            let read = read(&operation, response);
            assert!(!read.printed.contains(SECRET), "{operation} {action}: {}", read.printed);
            let reply = read.reply.map(|reply| format!("{reply:?} {reply} {:?}", reply.details())).unwrap_or_default();
            assert!(!reply.contains(SECRET), "{operation} {action}: {reply}");
        }
    }
}

#[test]
fn a_reply_is_a_response_in_every_form() {
    let reply = || read("auth_token", json!({"action": "OK", "responseContent": JSON})).reply.expect("an answer");
    let bytes: http::Response<bytes::Bytes> = reply().into();
    let text: http::Response<String> = reply().into();
    let list: http::Response<Vec<u8>> = reply().into();
    assert_eq!(bytes.body(), JSON);
    assert_eq!(text.body(), JSON);
    assert_eq!(list.body(), JSON.as_bytes());
    assert_eq!(bytes.headers(), text.headers());
    let axum = axum_core::response::IntoResponse::into_response(reply());
    assert_eq!((axum.status(), axum.headers()), (bytes.status(), bytes.headers()));
}
