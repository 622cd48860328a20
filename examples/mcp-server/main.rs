//! Starts the example, and its authorization server beside it: `cargo run --example mcp-server`.
//!
//! With nothing set, the emulator stands in for Authlete. With the environment set (`AUTHLETE_REGION` or
//! `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`) it is the real service, whose settings the
//! guide's chapter `mcp_server` lists.
//!
//! Options: `--port N` (3001) and `--authorization-server-port N` (3000) say where the two listen; 0 is any free port.
//! `--resource URL` and `--issuer URL` are what clients call them, where a proxy or tunnel stands in front.
//! `--fetch-authorities FILE` has the emulator trust these authorities (PEM) when it fetches clients' metadata documents.
//! `--json` prints one line of JSON when both are ready.

use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use authlete_api::Environment;
use authlete_emulator::{Emulator, FetchScope};
use authorization_server::demo::{self, Demo};
use authorization_server::{App, Resources, listen};
use serde_json::json;

#[tokio::main]
async fn main() {
    if let Err(error) = start().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn start() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    let address = Ipv4Addr::LOCALHOST.into();
    let (mcp_listener, mcp_url) = listen(address, options.port).await?;
    let (issuer_listener, issuer_url) = listen(address, options.authorization_server_port).await?;
    let resource = options.resource.unwrap_or_else(|| format!("{mcp_url}/mcp"));
    let issuer = options.issuer.unwrap_or(issuer_url);
    let environment = Environment::read()?;
    // The emulator lives as long as this does.
    let emulated = match environment.is_empty() {
        true => Some(emulated(&issuer, options.fetch_authorities).await?),
        false => None,
    };
    let service = match &emulated {
        Some((_, demo)) => demo.service.clone(),
        None => environment.service()?,
    };
    // Pages of this machine may call it: the MCP Inspector is one.
    let origins = ["http://localhost:*".to_owned(), "http://127.0.0.1:*".to_owned()];
    let mcp = mcp_server::router(&service, &resource, &issuer, &origins)?;
    let app = App::new(service.clone(), issuer.as_str(), Resources::new([resource.as_str()]))?;
    let mut out = std::io::stdout();
    if options.json {
        let mut line = demo::ready_line(&app, emulated.as_ref().map(|(_, demo)| demo));
        line["resource"] = json!(resource);
        if let Some((emulator, _)) = &emulated {
            line["emulator"]["control_token"] = json!(emulator.control_token());
        }
        writeln!(out, "{line}")?;
    } else {
        let authlete = if emulated.is_some() { "an emulated Authlete" } else { "Authlete" };
        let vs_code = json!({"servers": {"notes": {"type": "http", "url": resource}}});
        writeln!(out, "An MCP server at {resource}; its authorization server is {issuer}, with {authlete}.\n")?;
        writeln!(out, "Claude Code:  claude mcp add --transport http notes {resource}")?;
        writeln!(out, "VS Code:      in .vscode/mcp.json  {vs_code}")?;
        writeln!(out, "Inspector:    npx @modelcontextprotocol/inspector, with Streamable HTTP and {resource}\n")?;
        writeln!(out, "Ask the agent to list your notes, and to add one. Users: {}", app.users())?;
    }
    tokio::try_join!(async { axum::serve(mcp_listener, mcp).await }, app.run(issuer_listener))?;
    Ok(())
}

/// An emulator that fetches the metadata documents of agents, on the public Internet too.
async fn emulated(issuer: &str, authorities: Option<PathBuf>) -> Result<(Emulator, Demo), Box<dyn Error>> {
    let mut emulator = Emulator::builder().fetch_scope(FetchScope::Public);
    if let Some(path) = authorities {
        let pem = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        emulator = emulator.fetch_authorities(pem);
    }
    let emulator = emulator.start().await?;
    let scopes = mcp_server::SCOPES.map(|(name, description)| (name.to_owned(), description.to_owned()));
    let options = demo::Options { jwt_access_tokens: true, scopes: scopes.into() };
    let demo = Demo::set_up_in(&emulator, issuer, demo::settings(issuer, &options)).await?;
    Ok((emulator, demo))
}

struct Options {
    port: u16,
    authorization_server_port: u16,
    resource: Option<String>,
    issuer: Option<String>,
    fetch_authorities: Option<PathBuf>,
    json: bool,
}

impl Options {
    fn read() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::{Long, ValueExt};
        let (mut port, mut issuer_port, mut json) = (3001, None, false);
        let (mut resource, mut issuer, mut fetch_authorities) = (None, None, None);
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => port = arguments.value()?.parse()?,
                Long("authorization-server-port") => issuer_port = Some(arguments.value()?.parse()?),
                Long("resource") => resource = Some(arguments.value()?.string()?),
                Long("issuer") => issuer = Some(arguments.value()?.string()?),
                Long("fetch-authorities") => fetch_authorities = Some(arguments.value()?.into()),
                Long("json") => json = true,
                other => return Err(other.unexpected()),
            }
        }
        // Where any port will do for the one, it will for the other.
        let authorization_server_port = issuer_port.unwrap_or(if port == 0 { 0 } else { 3000 });
        Ok(Self { port, authorization_server_port, resource, issuer, fetch_authorities, json })
    }
}
