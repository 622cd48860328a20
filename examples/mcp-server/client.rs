//! An agent in a terminal, to try the MCP server with:
//! `cargo run -p mcp-server --example mcp-client -- http://localhost:3001/mcp [METADATA_DOCUMENT]`.
//!
//! It prints `open URL` where its user has to agree in a browser, and takes calls as lines of JSON, such as
//! `{"name": "add_note", "arguments": {"text": "Buy milk"}}`. Without the https URL of a metadata document it registers
//! itself.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::Uri;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationManager, AuthorizationRequest, AuthorizationSession};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ServiceError, ServiceExt};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, channel};

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        println!("failed {}", line(&error.to_string()));
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL of an MCP server has to be given")?;
    let mut agent = Agent::new(url, arguments.next()).await?;
    let service = agent.connect().await?;
    println!("ready");
    let mut calls = BufReader::new(tokio::io::stdin()).lines();
    while let Some(call) = calls.next_line().await? {
        match agent.call(&service, serde_json::from_str(&call)?).await {
            Ok(said) => println!("done {}", line(&said)),
            Err(error) => println!("failed {}", line(&error.to_string())),
        }
    }
    Ok(())
}

/// What is printed stays on its line.
fn line(text: &str) -> String {
    text.replace('\n', " ")
}

struct Agent {
    url: String,
    metadata_url: Option<String>,
    redirect_uri: String,
    /// Where the browser came back to.
    callbacks: Receiver<String>,
    client: AuthClient<reqwest::Client>,
}

impl Agent {
    async fn new(url: String, metadata_url: Option<String>) -> Result<Self, Failure> {
        let (arrived, callbacks) = channel(1);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let redirect_uri = format!("{origin}/callback");
        let callback = get(move |uri: Uri| async move {
            let _ = arrived.send(format!("{origin}{uri}")).await;
            "Go back to the agent."
        });
        tokio::spawn(axum::serve(listener, Router::new().route("/callback", callback)).into_future());
        let client = AuthClient::new(reqwest::Client::new(), AuthorizationManager::new(&url).await?);
        Ok(Self { url, metadata_url, redirect_uri, callbacks, client })
    }

    /// Connects; where the server wants a token, with one that the user lets it have.
    async fn connect(&mut self) -> Result<RunningService<RoleClient, ()>, Failure> {
        match ().serve(self.transport()).await {
            Ok(service) => Ok(service),
            Err(error) => match error.auth_challenge().map(str::to_owned) {
                Some(challenge) => {
                    self.authorize(&challenge).await?;
                    Ok(().serve(self.transport()).await?)
                }
                None => Err(error.into()),
            },
        }
    }

    fn transport(&self) -> StreamableHttpClientTransport<AuthClient<reqwest::Client>> {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        StreamableHttpClientTransport::with_client(self.client.clone(), config)
    }

    /// Calls a tool, and once more when the user agreed to what it needs.
    async fn call(
        &mut self,
        service: &RunningService<RoleClient, ()>,
        call: CallToolRequestParams,
    ) -> Result<String, Failure> {
        let result = match service.call_tool(call.clone()).await {
            Err(error) => match challenge(&error) {
                Some(challenge) => {
                    self.authorize(&challenge).await?;
                    service.call_tool(call).await?
                }
                None => return Err(error.into()),
            },
            Ok(result) => result,
        };
        let parts: Vec<_> = result.content.iter().filter_map(|part| part.as_text()).map(|part| &*part.text).collect();
        let said = parts.join(" ");
        if result.is_error == Some(true) { Err(said.into()) } else { Ok(said) }
    }

    /// Has the user agree to what a challenge asks for, and to what was agreed to before.
    async fn authorize(&mut self, challenge: &str) -> Result<(), Failure> {
        let mut held = Arc::<Mutex<AuthorizationManager>>::clone(&self.client.auth_manager).lock_owned().await;
        let mut manager = std::mem::replace(&mut *held, AuthorizationManager::new(&self.url).await?);
        let found = manager.resolve_metadata_from_challenge(Some(challenge)).await?;
        manager.set_metadata(found.metadata);
        let mut request = AuthorizationRequest::new(&self.redirect_uri).with_client_name("An agent in a terminal");
        request.client_metadata_url = self.metadata_url.clone();
        let session = match AuthorizationSession::new(manager, request).await {
            Ok(session) => session,
            Err((manager, error)) => {
                *held = manager;
                return Err(error.into());
            }
        };
        println!("open {}", session.get_authorization_url());
        let arrived = self.callbacks.recv().await.ok_or("nobody listens for the browser")?;
        let outcome = session.handle_callback_url(&arrived).await;
        *held = session.auth_manager;
        outcome?;
        Ok(())
    }
}

/// What the server asks for with its refusal.
fn challenge(error: &ServiceError) -> Option<String> {
    error.auth_challenge().map(str::to_owned)
}
