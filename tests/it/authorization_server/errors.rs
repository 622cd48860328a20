//! What endpoints answer to requests that cannot be read, and what every answer has for browsers.

use authorization_server::Resources;
use authorization_server::demo::Options;
use serde_json::{Value, json};

use super::attacks::{client, header};
use super::endpoints::{basic, text};
use super::{URL, World, query_of};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

impl World {
    async fn send_bytes(&self, method: &str, path: &str, authorization: &str, body: &[u8]) -> http::Response<Vec<u8>> {
        let request = http::Request::builder().method(method).uri(format!("{URL}{path}"));
        let request = request.header("authorization", authorization).header(FORM.0, FORM.1);
        self.carry(request.body(body.to_vec()).unwrap()).await.unwrap()
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_get_the_form_of_the_endpoint() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let large = [b"x=".as_slice(), &vec![b'a'; 3_000_000]].concat();
    for (body, status) in [(b"grant_type=x&x=\xff".as_slice(), 400), (&large, 413)] {
        for path in ["/token", "/par", "/revoke", "/introspect", "/device_authorization", "/backchannel", "/authorize"]
        {
            let answer = world.send_bytes("POST", path, &basic(&web), body).await;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            assert_eq!((answer.status().as_u16(), &said), (status, &json!({"error": "invalid_request"})), "{path}");
            assert!(header(&answer, "content-type").starts_with("application/json"), "{path}: {answer:?}");
            assert!(header(&answer, "cache-control").contains("no-store"), "{path}: {answer:?}");
        }
        for (method, path) in [("POST", "/register"), ("PUT", "/register/1")] {
            let answer = world.send_bytes(method, path, "Bearer x", body).await;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            assert_eq!(said, json!({"error": "invalid_client_metadata"}), "{path}: {answer:?}");
            assert!(header(&answer, "cache-control").contains("no-store"), "{path}: {answer:?}");
        }
        let answer = world.send_bytes("POST", "/userinfo", "Bearer x", body).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(header(&answer, "www-authenticate"), "Bearer error=\"invalid_request\"", "{answer:?}");
        assert!(header(&answer, "cache-control").contains("no-store"), "{answer:?}");
        // Where people are it is a page.
        let ada = world.ada().await;
        let cookie = format!("__Host-session={}", ada.session().unwrap());
        for path in ["/login", "/logout", "/device/x", "/approvals", "/interaction/x"] {
            let request = http::Request::post(format!("{URL}{path}")).header("cookie", &cookie).header(FORM.0, FORM.1);
            let answer = world.carry(request.body(body.to_vec()).unwrap()).await.unwrap();
            assert!(answer.status().is_client_error(), "{path}: {answer:?}");
            assert!(header(&answer, "content-type").starts_with("text/html"), "{path}: {answer:?}");
            assert!(header(&answer, "cache-control").contains("no-store"), "{path}: {answer:?}");
        }
    }
    for path in ["/device?user_code=A&user_code=B", "/device/%FF", "/interaction/%FF", "/login?next=%FF&next=x"] {
        let answer = world.send("GET", path, &[], "").await;
        assert!(header(&answer, "content-type").starts_with("text/html"), "{path}: {answer:?}");
    }
    let answer = world.send("GET", "/register/%FF", &[], "").await;
    assert!(header(&answer, "content-type").starts_with("application/json"), "{answer:?}");
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_none() {
    let world = World::start().await;
    for path in ["/token", "/par", "/revoke", "/introspect", "/device_authorization", "/backchannel"] {
        for basic in ["Basic !!", "Basic", "Basic eA==", "Basic //8="] {
            let answer = world.send("POST", path, &[("authorization", basic), FORM], "token=x").await;
            let said: Value = serde_json::from_str(answer.body()).unwrap();
            assert_eq!((answer.status().as_u16(), &said["error"]), (401, &json!("invalid_client")), "{path} {basic}");
            assert!(header(&answer, "www-authenticate").starts_with("Basic "), "{path} {basic}: {answer:?}");
            assert!(header(&answer, "cache-control").contains("no-store"), "{path} {basic}: {answer:?}");
        }
    }
    for (path, authorization) in [("/userinfo", "Bearer a|b"), ("/grants/g", "Bearer a b"), ("/register/1", "Bearer ä")]
    {
        let request = http::Request::get(format!("{URL}{path}")).header("authorization", authorization.as_bytes());
        let answer = world.carry(request.body(Vec::new()).unwrap()).await.unwrap();
        let challenge = header(&answer, "www-authenticate");
        assert_eq!((answer.status().as_u16(), challenge), (400, "Bearer error=\"invalid_request\""), "{path}");
    }
    // Two tokens are one too many, and an empty one is none (RFC 6750 2, RFC 6749 3.1).
    let bearer = [("authorization", "Bearer x"), FORM];
    let answer = world.send("POST", "/userinfo", &bearer, "access_token=y").await;
    assert_eq!(header(&answer, "www-authenticate"), "Bearer error=\"invalid_request\"", "{answer:?}");
    let answer = world.send("POST", "/userinfo", &bearer[1..], "access_token=").await;
    assert_eq!((answer.status().as_u16(), header(&answer, "www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn browsers_of_any_site_may_call_what_clients_call() {
    let world = World::start().await;
    let origin = ("origin", "https://spa.example");
    for (method, path) in [
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/jwks"),
        ("POST", "/token"),
        ("POST", "/par"),
        ("POST", "/revoke"),
        ("POST", "/device_authorization"),
        ("GET", "/userinfo"),
        ("POST", "/userinfo"),
        ("POST", "/register"),
        ("PUT", "/register/1"),
        ("DELETE", "/register/1"),
        ("DELETE", "/grants/1"),
        ("GET", "/api/me"),
    ] {
        let asked = [
            origin,
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization,content-type,dpop,mcp-protocol-version"),
        ];
        let answer = world.send("OPTIONS", path, &asked, "").await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        assert!(header(&answer, "access-control-allow-methods").contains(method), "{path}: {answer:?}");
        for name in ["authorization", "content-type", "dpop", "mcp-protocol-version"] {
            assert!(header(&answer, "access-control-allow-headers").contains(name), "{path}: {answer:?}");
        }
        // What it answers can be read, errors too; cookies have no part in it.
        let answer = world.send(method, path, &[origin, FORM], "").await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "*", "{path}: {answer:?}");
        assert!(answer.headers().get("access-control-allow-credentials").is_none(), "{path}: {answer:?}");
        let exposed = header(&answer, "access-control-expose-headers");
        assert!(exposed.contains("www-authenticate") && exposed.contains("dpop-nonce"), "{path}: {exposed}");
    }
    for path in ["/authorize", "/login", "/interaction/x", "/device", "/approvals", "/introspect", "/backchannel", "/"]
    {
        let answer = world.send("GET", path, &[origin], "").await;
        assert!(answer.headers().get("access-control-allow-origin").is_none(), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn browsers_stay_with_https() {
    for (url, says) in [(URL, "max-age=31536000"), ("http://localhost:3000", "")] {
        let world = World::start_with(url, Options::default(), Resources::default()).await;
        for path in ["/", "/login", "/jwks", "/nowhere", "/token", "/style.css"] {
            let answer = world.http.get(format!("{}{path}", world.address)).send().await.unwrap();
            let header = answer.headers().get("strict-transport-security").map_or("", |value| value.to_str().unwrap());
            assert_eq!(header, says, "{url} {path}");
        }
    }
}

#[tokio::test]
async fn a_resource_has_one_identifier_everywhere() {
    let mcp = "https://mcp.example/mcp";
    let options = Options { jwt_access_tokens: true, ..Options::default() };
    let world = World::start_with(URL, options, Resources::new([mcp])).await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let audience = |token: &str| {
        use base64::Engine;
        let payload = token.split('.').nth(1).unwrap_or_else(|| panic!("{token} is no JWT"));
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
        serde_json::from_slice::<Value>(&payload).unwrap()["aud"].clone()
    };
    for written in [mcp, "https://mcp.example/mcp/", "https://MCP.example:443/mcp"] {
        let changes = [("resource", written), ("prompt", "consent")];
        let page = ada.open(&world.wish(&web, &changes)).await;
        assert!(page.says(&format!("{mcp}<")), "{page:?}");
        let code = query_of(&ada.decide(&page, "allow").await.url).remove("code").unwrap();
        let (status, tokens) = world.exchange(&web, &code, &[("resource", written)]).await;
        assert_eq!(status, 200, "{tokens}");
        let aud = audience(text(&tokens, "access_token"));
        assert!(aud == json!(mcp) || aud == json!([mcp]), "{aud}");
        let (_, again) = world.refresh(&web, text(&tokens, "refresh_token")).await;
        let aud = audience(text(&again, "access_token"));
        assert!(aud == json!(mcp) || aud == json!([mcp]), "{aud}");
    }
    for prompt in ["consent", "none"] {
        let page = ada.open(&world.wish(&web, &[("resource", "https://other.example/"), ("prompt", prompt)])).await;
        assert_eq!(query_of(&page.url)["error"], "invalid_target", "{page:?}");
    }
    let other = "resource=https%3A%2F%2Fother.example";
    for (path, body) in [
        ("/token", "grant_type=client_credentials"),
        ("/par", "response_type=code"),
        ("/device_authorization", "scope=profile"),
        ("/backchannel", "scope=openid&login_hint=ada"),
    ] {
        let (status, answer) = world.post(path, &basic(&web), &format!("{body}&{other}")).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_target"), "{path}");
    }
}

#[tokio::test]
async fn what_agents_look_for_is_in_the_configuration() {
    let world = World::start().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let (_, found) = world.call(http::Method::GET, path, "", "").await;
        assert_eq!(text(&found, "issuer"), URL);
        let has = |name: &str, value: &str| found[name].as_array().is_some_and(|all| all.contains(&json!(value)));
        assert!(has("token_endpoint_auth_methods_supported", "none"), "{found}");
        assert!(has("code_challenge_methods_supported", "S256"), "{found}");
        assert!(has("grant_types_supported", "refresh_token") && has("scopes_supported", "offline_access"), "{found}");
        assert_eq!(found["authorization_response_iss_parameter_supported"], json!(true));
        assert_eq!(found["client_id_metadata_document_supported"], json!(true));
        assert!(found["registration_endpoint"].is_string() && found["jwks_uri"].is_string(), "{found}");
    }
}
