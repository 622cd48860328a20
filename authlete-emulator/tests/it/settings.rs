//! Holds `settings.toml`, the table of what the emulator does with each member, against the emulator and its tests.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::omission;
use crate::world::World;

/// The rows of a class of an object, as member and note.
fn rows(object: &str, class: &str) -> Vec<(&'static str, &'static str)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in include_str!("../../settings.toml").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((member, note)) = line.split_once(" = ")
            && !line.starts_with('#')
            && (section == format!("{object}.{class}")
                || (object.is_empty() && section.ends_with(&format!(".{class}"))))
        {
            found.push((member, note.trim_matches('"')));
        }
    }
    found
}

/// The tests below a folder, by their paths without the ending.
fn read(folder: &std::path::Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("the tests") {
        let path = entry.expect("a file").path();
        let name = format!("{prefix}{}", path.file_stem().expect("a name").to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(name, std::fs::read_to_string(&path).expect("a test"));
        }
    }
}

#[test]
fn the_tests_of_acting_members_exist() {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it").as_ref(), "", &mut files);
    let acting = rows("", "acts");
    assert!(acting.len() > 300, "the table is read");
    for (member, test) in acting {
        let (file, function) = test.split_once("::").unwrap_or_else(|| panic!("{member}: {test} is not a test"));
        let source = files.get(file).unwrap_or_else(|| panic!("{member}: there is no file {file}"));
        let at = source.find(&format!("fn {function}(")).unwrap_or_else(|| panic!("{member}: there is no {test}"));
        let before = source[..at].trim_end().trim_end_matches("async").trim_end();
        assert!(
            before.ends_with(']') && source[..at].lines().rev().take(4).any(|line| line.contains("test")),
            "{test} is no test"
        );
    }
}

/// Every test of the table fails when what the tests send lacks the member that it is to show. It runs each of them once, as
/// a process of its own, and so is not for every day.
#[test]
#[ignore = "half a minute: cargo test -p authlete-emulator --test it -- --ignored acting_members_are_missed"]
fn acting_members_are_missed_by_their_tests() {
    let program = std::env::current_exe().expect("this program");
    let objects =
        include_str!("../../settings.toml").lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(".acts]"));
    let mut rows_of_all: Vec<(String, &str)> = Vec::new();
    for object in objects {
        rows_of_all.extend(rows(object, "acts").into_iter().map(|(member, test)| (format!("{object}.{member}"), test)));
    }
    let rows = rows_of_all;
    let next = AtomicUsize::new(0);
    let unnoticed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((member, test)) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = test.replace('/', "::");
                    let mut command = Command::new(&program);
                    command.args(["--exact", &name]).env(omission::OMIT, member);
                    if command.output().expect("it runs").status.success() {
                        unnoticed.lock().expect("the list").push(format!("{member} {test}"));
                    }
                }
            });
        }
    });
    let mut unnoticed = unnoticed.into_inner().expect("the list");
    unnoticed.sort();
    assert!(unnoticed.is_empty(), "{} of {}:\n{}", unnoticed.len(), rows.len(), unnoticed.join("\n"));
}

/// A value that the description lets a member have, and that says more than its absence.
fn value(object: &str, member: &str) -> Value {
    let description: Value =
        serde_json::from_str(include_str!("../../../openapi/effective.json")).expect("the description is JSON");
    let schemas = &description["components"]["schemas"];
    example(schemas, &schemas[object]["properties"][member], 0)
}

fn example(schemas: &Value, schema: &Value, depth: usize) -> Value {
    let inner = &schema["allOf"][0];
    for candidate in [schema, inner] {
        if let Some(name) = candidate["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            return example(schemas, &schemas[name], depth + 1);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(7),
        Some("array") => json!([example(schemas, &schema["items"], depth + 1)]),
        Some("string") => json!("https://value.example.com/x"),
        _ if schema["properties"].is_object() && depth < 6 => {
            let members = schema["properties"].as_object().into_iter().flatten().take(2);
            members.map(|(name, schema)| (name.clone(), example(schemas, schema, depth + 1))).collect()
        }
        _ => json!("https://value.example.com/x"),
    }
}

#[tokio::test]
async fn published_members_of_a_service_are_in_its_documents() {
    let world = World::plain().await;
    let plain = world.call("GET", &format!("/api/{}/service/configuration", world.service_id()), None).await.1;
    let published = rows("Service", "published");
    assert!(published.len() > 20);
    for (member, _) in published {
        let mut members = json!({"supportedScopes": [{"name": "openid"}, {"name": "read"}, {"name": "write"}]});
        members[member] = value("Service", member);
        if member == "supportedClaimTypes" {
            members[member] = json!(["AGGREGATED"]);
        }
        let service = world.add_service(members).await;
        let path = format!("/api/{}/service/configuration", service["apiKey"]);
        assert_ne!(world.call("GET", &path, None).await.1, plain, "{member} is not in the discovery document");
    }
}

#[tokio::test]
async fn published_members_of_a_client_are_in_its_registration_or_on_the_page() {
    let world = World::new(json!({"dynamicRegistrationSupported": true}), json!({})).await;
    let metadata = json!({"client_name": "C", "redirect_uris": [crate::world::REDIRECT_URI]}).to_string();
    for (member, _) in rows("OAuthClient", "published") {
        let created = world.act("/client/registration", json!({"json": metadata})).await;
        let content = crate::world::content(&created);
        let id = content["client_id"].as_str().expect("an id").to_owned();
        let mut settings = created["client"].clone();
        settings[member] = match member {
            _ if member.ends_with('s') && value("OAuthClient", member)[0].is_object() => {
                json!([{"tag": "ja", "value": "https://value.example.com/ja"}])
            }
            _ => value("OAuthClient", member),
        };
        let path = format!("/api/{}/client/update/{id}", world.service_id());
        let (status, _) = world.call("POST", &path, Some(&settings)).await;
        assert_eq!(status, 200, "{member}");
        let body = json!({"clientId": id, "token": content["registration_access_token"]});
        let registered = crate::world::content(&world.act("/client/registration/get", body).await);
        let parameters = format!("response_type=code&client_id={id}&redirect_uri={}", crate::world::REDIRECT_URI);
        let page = world.act("/auth/authorization", json!({"parameters": parameters})).await;
        let shown = page["client"].get(member).is_some_and(|shown| *shown == settings[member]);
        assert!(registered != content || shown, "{member} is shown nowhere");
    }
}

#[tokio::test]
async fn refused_members_are_refused_by_name() {
    let world = World::plain().await;
    let by_operations = "its operations answer 501: ";
    for (object, path) in [
        ("Service", "/api/service/create".to_owned()),
        ("OAuthClient", format!("/api/{}/client/create", world.service_id())),
    ] {
        for (member, reason) in rows(object, "refused") {
            if reason.starts_with(by_operations) {
                continue;
            }
            let mut body = json!({});
            body[member] = value(object, member);
            let (status, answer) = world.call("POST", &path, Some(&body)).await;
            let message = answer["resultMessage"].as_str().unwrap_or_default();
            assert!(status == 501 && message.contains(member), "{member}: {status} {message}");
        }
    }
}
