//! The MCP server example behind the authorization server example, as agents and attackers use them. It believes to be at
//! `https://mcp.example.com/mcp`, and an agent is a client whose id is the URL of its metadata document.

mod consent;
mod documents;
mod issuer_with_path;
mod protection;

use authorization_server::Resources;
use authorization_server::demo::Options;
use serde_json::{Value, json};

use crate::authorization_server::attacks::{CHALLENGE, VERIFIER, form};
use crate::authorization_server::browser::{Browser, Shown};
use crate::authorization_server::endpoints::text;
use crate::authorization_server::{URL, World, query_of};
use documents::Documents;

const HOST: &str = "mcp.example.com";
const RESOURCE: &str = "https://mcp.example.com/mcp";
/// Another MCP server, which the same authorization server gives tokens for.
const OTHER: &str = "https://other.example.com/mcp";
/// The agent listens where a port is free, which the document cannot know.
const CALLBACK: &str = "http://127.0.0.1:49152/callback";

struct Mcp {
    world: World,
    documents: Documents,
    /// Where the two MCP servers really are.
    address: String,
    other: String,
}

impl Mcp {
    async fn start() -> Self {
        Self::start_with(URL).await
    }

    /// With an authorization server of the given issuer identifier.
    async fn start_with(issuer: &str) -> Self {
        let scopes = mcp_server::SCOPES.map(|(name, allows)| (name.to_owned(), allows.to_owned()));
        let options = Options { jwt_access_tokens: true, scopes: scopes.into() };
        let world = World::start_with(issuer, options, Resources::new([RESOURCE, OTHER])).await;
        // The documents of this test are on this machine.
        let permit = |service: &mut authlete_api::types::Service| service.cimd_http_permitted = Some(true);
        world.demo.service.modify(permit).await.unwrap();
        let address = serve(&world, RESOURCE, issuer).await;
        let other = serve(&world, OTHER, issuer).await;
        Self { world, documents: Documents::start().await, address, other }
    }

    /// Publishes the document of an agent, with changes, and gives its URL.
    fn publish(&self, path: &str, change: impl FnOnce(&mut Value)) -> String {
        let url = self.documents.url(path);
        let mut document = json!({
            "client_id": url,
            "client_name": "Helper",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        change(&mut document);
        self.documents.publish(path, document.to_string());
        url
    }

    /// What a browser shows that an agent sends to the authorization server.
    async fn authorize(&self, browser: &mut Browser, client: &str, changes: &[(&str, &str)]) -> Shown {
        let pairs = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("scope", "notes:read"),
            ("resource", RESOURCE),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        browser.open(&format!("{URL}/authorize?{}", form(&pairs, changes))).await
    }

    /// The tokens that Ada lets an agent have.
    async fn tokens(&self, changes: &[(&str, &str)]) -> Value {
        let client = self.publish("/agent.json", |_| {});
        let mut ada = self.world.ada().await;
        let page = self.authorize(&mut ada, &client, changes).await;
        let code = query_of(&ada.decide(&page, "allow").await.url).remove("code").unwrap();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", &*client),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("resource", RESOURCE),
        ];
        let of_code = |name: &str| changes.iter().find(|change| change.0 == name).copied();
        let (status, tokens) =
            self.world.post("/token", "", &form(&pairs, &of_code("resource").into_iter().collect::<Vec<_>>())).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn access_token(&self, scope: &str) -> String {
        text(&self.tokens(&[("scope", scope)]).await, "access_token").to_owned()
    }

    /// Calls a tool with a token.
    async fn call(&self, token: &str, tool: &str, arguments: Value) -> Response {
        self.post(&self.address, HOST, &[("authorization", &format!("Bearer {token}"))], &call(tool, &arguments)).await
    }

    async fn post(&self, address: &str, host: &str, headers: &[(&str, &str)], message: &Value) -> Response {
        let request = self.world.http.post(format!("{address}/mcp")).body(message.to_string()).header("host", host);
        let request = request
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        let challenges = response.headers().get_all("www-authenticate").iter();
        let challenges = challenges.map(|value| value.to_str().unwrap().to_owned()).collect();
        Response { status: response.status().as_u16(), challenges, body: response.text().await.unwrap() }
    }
}

/// What an MCP server responds.
#[derive(Debug)]
struct Response {
    status: u16,
    challenges: Vec<String>,
    body: String,
}

impl Response {
    /// The challenge to those who use bearer tokens.
    fn bearer(&self) -> &str {
        self.challenges.iter().find(|challenge| challenge.starts_with("Bearer")).unwrap()
    }

    /// What the tool says.
    fn said(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let message: Value = serde_json::from_str(&self.body).unwrap();
        text(&message["result"]["content"][0], "text").to_owned()
    }
}

/// The message that calls a tool.
fn call(tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

async fn serve(world: &World, resource: &str, issuer: &str) -> String {
    let router = mcp_server::router(&world.demo.service, resource, issuer, &["https://app.example.com:443".to_owned()]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router.unwrap()).into_future());
    address
}
