//! An authorization server whose issuer identifier has a path, as those have that serve several tenants.

use http::Method;

use super::{HOST, Mcp, URL, text};

const ISSUER: &str = "https://as.example.com/tenants/one";

#[tokio::test]
async fn its_metadata_is_where_clients_look() {
    let mcp = Mcp::start_with(ISSUER).await;
    let resource = mcp.world.http.get(format!("{}/.well-known/oauth-protected-resource/mcp", mcp.address));
    let resource = resource.header("host", HOST).send().await.unwrap().text().await.unwrap();
    assert!(resource.contains(&format!("\"authorization_servers\":[\"{ISSUER}\"]")), "{resource}");
    let get = async |path: &str| mcp.world.call(Method::GET, path, "", "").await;
    for path in [
        "/.well-known/oauth-authorization-server/tenants/one",
        "/.well-known/openid-configuration/tenants/one",
        "/tenants/one/.well-known/openid-configuration",
    ] {
        let (status, metadata) = get(path).await;
        assert_eq!((status, text(&metadata, "issuer")), (200, ISSUER), "{path}: {metadata}");
        assert_eq!(text(&metadata, "token_endpoint"), format!("{URL}/token"));
    }
    // There they would be of another issuer, which clients have to refuse.
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        assert_eq!(get(path).await.0, 404, "{path}");
    }
    assert!(mcp.world.browser().open(URL).await.says("href=\"/.well-known/openid-configuration/tenants/one\""));
}

#[tokio::test]
async fn its_tokens_are_good_at_the_mcp_server() {
    let mcp = Mcp::start_with(ISSUER).await;
    let tokens = mcp.tokens(&[("scope", "openid notes:read")]).await;
    for name in ["access_token", "id_token"] {
        assert_eq!(issuer(text(&tokens, name)), ISSUER, "{name}");
    }
    let token = text(&tokens, "access_token");
    assert_eq!(mcp.call(token, "list_notes", serde_json::json!({})).await.status, 200);
}

/// Who issued a JWT.
fn issuer(jwt: &str) -> String {
    use base64::Engine;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    text(&claims, "iss").to_owned()
}
