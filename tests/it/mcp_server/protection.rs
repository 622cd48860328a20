//! Which tokens the MCP server accepts, and what it says to those who have none that will do.

use std::time::Duration;

use serde_json::{Value, json};

use super::{HOST, Mcp, OTHER, RESOURCE, call, form, text};
use crate::authorization_server::URL;

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

#[tokio::test]
async fn an_agent_learns_where_to_ask_for_a_token() {
    let mcp = Mcp::start().await;
    let refused = mcp.post(&mcp.address, HOST, &[], &call("list_notes", &json!({}))).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.challenges[0], format!("Bearer scope=\"notes:read\", resource_metadata=\"{METADATA}\""));
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let response = mcp.world.http.get(format!("{}{path}", mcp.address)).send().await.unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let metadata: Value = response.json().await.unwrap();
        assert_eq!(metadata["resource"], json!(RESOURCE));
        assert_eq!(metadata["authorization_servers"], json!([URL]));
        assert_eq!(metadata["scopes_supported"], json!(["notes:read"]), "more comes by step-up");
    }
    let options = mcp.world.http.request(http::Method::OPTIONS, format!("{}/mcp", mcp.address));
    let options = options
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, mcp-protocol-version");
    let allowed = options.send().await.unwrap();
    assert_eq!(allowed.status(), 200);
    assert!(allowed.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
}

#[tokio::test]
async fn each_tool_needs_its_scope() {
    let mcp = Mcp::start().await;
    let reads = mcp.access_token("notes:read").await;
    assert_eq!(mcp.call(&reads, "list_notes", json!({})).await.said(), "There are no notes.");
    for (tool, scope) in [("add_note", "notes:write"), ("delete_note", "notes:delete")] {
        let refused = mcp.call(&reads, tool, json!({"text": "x", "number": 1})).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        let mut scopes = ["notes:read", scope];
        scopes.sort_unstable();
        let expected = format!(
            "Bearer error=\"insufficient_scope\", scope=\"{}\", resource_metadata=\"{METADATA}\"",
            scopes.join(" ")
        );
        assert_eq!(refused.bearer(), expected);
    }
    // What is missing is asked for with what there is already.
    let writes = mcp.access_token("notes:read notes:write").await;
    assert_eq!(mcp.call(&writes, "add_note", json!({"text": "Buy milk"})).await.said(), "Added as number 1.");
    assert_eq!(mcp.call(&reads, "list_notes", json!({})).await.said(), "1. Buy milk");
    assert_eq!(mcp.call(&writes, "delete_note", json!({"number": 1})).await.status, 403);
    // A token with the tool's scope alone does not have the one that everything needs.
    let only = mcp.access_token("notes:delete").await;
    assert_eq!(mcp.call(&only, "delete_note", json!({"number": 1})).await.status, 403);
    assert_eq!(mcp.call(&reads, "list_notes", json!({})).await.said(), "1. Buy milk");
}

/// Whatever else a message says, the tool that is called is the one whose scope is asked for.
#[tokio::test]
async fn the_scope_is_the_one_of_the_tool_that_is_called() {
    let mcp = Mcp::start().await;
    let reads = mcp.access_token("notes:read").await;
    let bearer = format!("Bearer {reads}");
    let send = async |headers: &[(&str, &str)], body: String| {
        let request = mcp.world.http.post(format!("{}/mcp", mcp.address)).header("host", HOST).body(body);
        let request = request
            .header("authorization", &bearer)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    };
    let message = call("add_note", &json!({"text": "smuggled"})).to_string();
    let twice = message.replace(r#""name":"add_note""#, r#""name":"list_notes","name":"add_note""#);
    let again = message.replace(r#""name":"add_note""#, r#""name":"add_note","name":"list_notes""#);
    assert_ne!(twice, message);
    let version = ("mcp-protocol-version", "2026-07-28");
    let named = [version, ("mcp-method", "tools/call"), ("mcp-name", "list_notes")];
    assert_ne!(send(&named, message.clone()).await, 200);
    for body in [message.clone(), twice, again, format!("[{message}]"), message.replace("add_note", "add\\u005fnote")] {
        send(&[], body).await;
    }
    assert_eq!(mcp.call(&reads, "list_notes", json!({})).await.said(), "There are no notes.");
    let large = call("list_notes", &json!({"x": "x".repeat(100_000)})).to_string();
    assert_eq!(send(&[], large).await, 413);
}

#[tokio::test]
async fn a_token_for_another_resource_is_refused_and_none_goes_through() {
    let mcp = Mcp::start().await;
    let list = call("list_notes", &json!({}));
    let is_refused = async |address: &str, host: &str, token: &str| {
        let refused = mcp.post(address, host, &[("authorization", &format!("Bearer {token}"))], &list).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        let challenge = refused.bearer().to_owned();
        for part in ["error=\"invalid_token\"", "scope=\"notes:read\"", "resource_metadata="] {
            assert_eq!(challenge.matches(part).count(), 1, "{challenge}");
        }
    };
    let ours = mcp.access_token("notes:read").await;
    let others = text(&mcp.tokens(&[("resource", OTHER)]).await, "access_token").to_owned();
    let of_none = text(&mcp.tokens(&[("resource", "")]).await, "access_token").to_owned();
    is_refused(&mcp.address, HOST, &others).await;
    is_refused(&mcp.address, HOST, &of_none).await;
    // A server that passed our token on would be refused there.
    is_refused(&mcp.other, "other.example.com", &ours).await;
    is_refused(&mcp.address, HOST, "not-a-token").await;
    let bearer = format!("Bearer {others}");
    let accepted = mcp.post(&mcp.other, "other.example.com", &[("authorization", &bearer)], &list).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(mcp.call(&ours, "list_notes", json!({})).await.status, 200);
}

#[tokio::test]
async fn other_hosts_and_origins_are_refused() {
    let mcp = Mcp::start().await;
    let token = format!("Bearer {}", mcp.access_token("notes:read notes:write").await);
    let bearer = ("authorization", &*token);
    let add = call("add_note", &json!({"text": "by another page"}));
    for host in ["evil.example", "localhost", "mcp.example.com.evil.example", "127.0.0.1"] {
        assert_eq!(mcp.post(&mcp.address, host, &[bearer], &add).await.status, 403, "{host}");
    }
    for origin in ["https://evil.example", "null", "http://mcp.example.com", "https://app.example.com.evil.example"] {
        assert_eq!(mcp.post(&mcp.address, HOST, &[bearer, ("origin", origin)], &add).await.status, 403, "{origin}");
    }
    let list = call("list_notes", &json!({}));
    let listed = mcp.post(&mcp.address, HOST, &[bearer, ("origin", "https://app.example.com")], &list).await;
    assert_eq!(listed.said(), "There are no notes.");
}

#[tokio::test]
async fn a_token_in_the_url_is_refused() {
    let mcp = Mcp::start().await;
    let token = mcp.access_token("notes:read").await;
    let url = format!("{}/mcp?access_token={token}", mcp.address);
    let request = mcp.world.http.post(url).header("host", HOST).body(call("list_notes", &json!({})).to_string());
    assert!(request.send().await.unwrap().status().is_client_error());
}

#[tokio::test]
async fn an_agent_refreshes_until_its_user_revokes() {
    let mcp = Mcp::start().await;
    let tokens = mcp.tokens(&[]).await;
    mcp.world.emulator.clock().advance(Duration::from_secs(601));
    assert_eq!(mcp.call(text(&tokens, "access_token"), "list_notes", json!({})).await.status, 401);
    let client = mcp.documents.url("/agent.json");
    let refresh = async |token: &str| {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", &*client),
            ("refresh_token", token),
            ("resource", RESOURCE),
        ];
        mcp.world.post("/token", "", &form(&pairs, &[])).await
    };
    let (status, fresh) = refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(status, 200, "{fresh}");
    assert_eq!(mcp.call(text(&fresh, "access_token"), "list_notes", json!({})).await.status, 200);
    // The refresh token of a public client is good once.
    assert_ne!(fresh["refresh_token"], tokens["refresh_token"]);
    let (status, again) = refresh(text(&tokens, "refresh_token")).await;
    assert_eq!((status, text(&again, "error")), (400, "invalid_grant"));
    // Revoking the refresh token ends its access tokens at once.
    let tokens = mcp.tokens(&[]).await;
    let revoke = form(&[("client_id", &*client), ("token", text(&tokens, "refresh_token"))], &[]);
    assert_eq!(mcp.world.post("/revoke", "", &revoke).await.0, 200);
    assert_eq!(mcp.call(text(&tokens, "access_token"), "list_notes", json!({})).await.status, 401);
    assert_eq!(refresh(text(&tokens, "refresh_token")).await.0, 400);
}
