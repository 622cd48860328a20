//! What Authlete serves at its identity provider: services made and removed, and the audit log.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::world::{World, send};

const PLACE: &str = r#"{"organizationId": 7, "apiServerId": 76281}"#;

fn with_place(members: &Value) -> Value {
    let mut body: Value = serde_json::from_str(PLACE).expect("JSON");
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

#[tokio::test]
async fn a_service_is_created_and_removed() {
    let world = World::plain().await;
    let body = with_place(&json!({"service": {"serviceName": "Mine", "issuer": "https://as.example.org"}}));
    let (status, service) = world.call("POST", "/api/service", Some(&body)).await;
    assert_eq!(
        (status, &service["serviceName"], &service["issuer"]),
        (200, &json!("Mine"), &body["service"]["issuer"])
    );
    let path = format!("/api/{}/service/get", service["apiKey"]);
    assert_eq!(world.call("GET", &path, None).await.1["serviceName"], "Mine");
    let body = with_place(&json!({"serviceId": service["apiKey"]}));
    assert_eq!(world.call("POST", "/api/service/remove", Some(&body)).await.0, 204);
    assert_eq!(world.call("GET", &path, None).await.0, 404);
    let again = world.call("POST", "/api/service/remove", Some(&body)).await;
    assert_eq!(again, (400, json!({"errors": [format!("There is no service {}.", service["apiKey"])]})));
}

#[tokio::test]
async fn errors_have_the_form_of_the_identity_provider() {
    let world = World::plain().await;
    for (path, body, missing) in [
        ("/api/service", json!({"apiServerId": 1}), "organizationId"),
        ("/api/service", json!({"organizationId": 1}), "apiServerId"),
        ("/api/service/remove", with_place(&json!({})), "serviceId"),
    ] {
        let expected = json!({"errors": [format!("{missing} is missing.")]});
        assert_eq!(world.call("POST", path, Some(&body)).await, (400, expected));
    }
    let token = world.emulator.service_token(&world.service_id()).expect("a token");
    for (method, path) in [
        ("POST", "/api/service"),
        ("POST", "/api/service/remove"),
        ("GET", "/api/audit/entries"),
        ("GET", "/api/audit/types"),
    ] {
        let request = || world.request(method, path).json(&with_place(&json!({})));
        let (status, body) = send(request()).await;
        assert_eq!((status, body["error"].is_string(), body.get("resultCode")), (401, true, None), "{path}: {body}");
        assert_eq!(
            send(request().bearer_auth(&token)).await,
            (403, json!({"error": "The call needs the organization token."}))
        );
    }
}

#[tokio::test]
async fn the_audit_log_tells_what_was_done_to_services_and_clients() {
    let world = World::plain().await;
    let client = format!("/api/{}/client/delete/{}", world.service_id(), world.client_id());
    world.advance(60);
    let at = world.now();
    let token = world.emulator.service_token(&world.service_id()).expect("a token");
    let request = world.request("DELETE", &client).header("User-Agent", "a test").bearer_auth(&token);
    assert_eq!(send(request).await.0, 204);
    assert_eq!(world.call("DELETE", &client, None).await.0, 404);
    // Reading changes nothing, and a stranger is nobody.
    world.call("GET", "/api/service/get/list", None).await;
    assert_eq!(send(world.request("DELETE", &client).bearer_auth("wrong")).await.0, 401);
    let (status, page) = world.call("GET", "/api/audit/entries", None).await;
    assert_eq!((status, &page["limit"], page.get("nextCursor")), (200, &json!(100), None));
    let entries = page["entries"].as_array().expect("a list");
    let told: Vec<(&str, &str)> =
        entries.iter().filter_map(|e| Some((e["event"].as_str()?, e["status"].as_str()?))).collect();
    let expected = [
        ("client.delete", "failed"),
        ("client.delete", "completed"),
        ("client.create", "completed"),
        ("service.create", "completed"),
    ];
    assert_eq!(told, expected);
    let deleted = &entries[1];
    for (member, value) in [
        ("path", client),
        ("remoteAddr", "127.0.0.1".to_owned()),
        ("userAgent", "a test".to_owned()),
        ("user", format!("token of the service {}", world.service_id())),
    ] {
        assert_eq!(deleted[member], value, "{member}");
    }
    let ids = json!({"serviceId": world.service["apiKey"], "clientId": world.client["clientId"]});
    assert_eq!(deleted["details"], ids);
    assert_eq!(entries[2]["details"], ids);
    let types = world.call("GET", "/api/audit/types", None).await.1;
    let known =
        ["client.create", "client.delete", "client.update", "service.create", "service.delete", "service.update"];
    assert_eq!(types, json!(known));
    // From a time on, and by kinds.
    let seconds = |entry: &Value| entry["timestamp"].as_str().map(|time| time[..19].to_owned());
    assert!(seconds(deleted) > seconds(&entries[2]), "{page}");
    let after = time(at - 30);
    let recent = world.call("GET", &format!("/api/audit/entries?after={after}"), None).await.1;
    assert_eq!(recent["entries"], json!(entries[..2]));
    let earlier = world.call("GET", &format!("/api/audit/entries?before={after}"), None).await.1;
    assert_eq!(earlier["entries"], json!(entries[2..]));
    let kinds = "/api/audit/entries?types=service.create&types=client.create";
    assert_eq!(world.call("GET", kinds, None).await.1["entries"], json!(entries[2..]));
    for (query, message) in [
        ("after=yesterday", "after is not a date and time like 2026-06-01T12:34:56Z."),
        ("limit=many", "limit is not a whole number."),
        ("cursor=x", "cursor is not one that a page has had as nextCursor."),
    ] {
        let response = world.call("GET", &format!("/api/audit/entries?{query}"), None).await;
        assert_eq!(response, (400, json!({"errors": [message]})));
    }
}

#[tokio::test]
async fn the_audit_log_comes_in_pages_that_split_no_time() {
    let world = World::plain().await;
    for _ in 0..3 {
        world.emulator.clock().advance(Duration::from_secs(1));
        world.add_client(json!({})).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/api/audit/entries?limit=2".to_owned());
    loop {
        let page = world.call("GET", &path, None).await.1;
        let entries = page["entries"].as_array().expect("a list").clone();
        assert!(!entries.is_empty() && page["limit"] == 2, "{page}");
        seen.extend(entries);
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/audit/entries?limit=2&cursor={cursor}");
    }
    let all = world.call("GET", "/api/audit/entries?limit=5000", None).await.1;
    assert_eq!((&json!(seen), &all["limit"]), (&all["entries"], &json!(1000)));
    assert_eq!(seen.len(), 5);
}

/// A time in seconds since 1970, as the log writes it.
fn time(seconds: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds.try_into().expect("a time")).expect("a time");
    time.format(&Rfc3339).expect("a string")
}
