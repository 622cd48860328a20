//! Starts the example: `cargo run --example authorization-server [-- --port 3000]`.
//!
//! With nothing set, the emulator stands in for Authlete. With the environment set (`AUTHLETE_REGION` or
//! `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`) it is the real service.
//!
//! Options: `--json` prints one line of JSON in place of what people read, when the server is ready. `--resource URL`
//! names a resource that tokens may be for, and may be repeated; with none, any will do. `--jwt-access-tokens` makes the
//! emulated service issue its access tokens as JWTs.

use std::error::Error;
use std::io::Write;

use authlete_api::Environment;
use authorization_server::demo::{self, Demo};
use authorization_server::{App, Resources};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    if let Err(error) = start().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn start() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    let port = options.port;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| format!("port {port}: {error}"))?;
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    let environment = Environment::read()?;
    // The emulator lives as long as this does.
    let demo = match environment.is_empty() {
        true => Some(Demo::set_up(&url, options.settings).await?),
        false => None,
    };
    let service = match &demo {
        Some(demo) => demo.service.clone(),
        None => environment.service()?,
    };
    let app = App::new(service.clone(), url.as_str(), Resources::new(options.resources))?;
    let mut out = std::io::stdout();
    if options.json {
        writeln!(out, "{}", demo::ready_line(&app, demo.as_ref()))?;
    } else if let Some(demo) = &demo {
        writeln!(out, "An authorization server at {url}, with an emulated Authlete\n\n{demo}")?;
    } else {
        writeln!(out, "An authorization server at {url}, with the service {} of Authlete", service.id())?;
        writeln!(out, "Its issuer and endpoints have to be set to {url}: see src/demo.rs\n")?;
    }
    if !options.json {
        writeln!(out, "Users: {}", app.users())?;
        writeln!(out, "A resource server may introspect with {}", app.resource_server())?;
    }
    Ok(app.run(listener).await?)
}

#[derive(Default)]
struct Options {
    port: u16,
    json: bool,
    resources: Vec<String>,
    settings: demo::Options,
}

impl Options {
    fn read() -> Result<Self, lexopt::Error> {
        let mut options = Self { port: 3000, ..Self::default() };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                lexopt::Arg::Long("port") => options.port = lexopt::ValueExt::parse(&arguments.value()?)?,
                lexopt::Arg::Long("json") => options.json = true,
                lexopt::Arg::Long("resource") => options.resources.push(lexopt::ValueExt::string(arguments.value()?)?),
                lexopt::Arg::Long("jwt-access-tokens") => options.settings.jwt_access_tokens = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}
