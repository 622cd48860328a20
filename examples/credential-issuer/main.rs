//! Starts the example: `cargo run --example credential-issuer [-- --port 3000]`.
//!
//! With nothing set, the emulator stands in for Authlete. With the environment set (`AUTHLETE_REGION` or
//! `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`) it is the real service.
//!
//! `--json` prints one line of JSON in place of what people read, when the server is ready.

use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;

use authlete_api::Environment;
use authorization_server::{App, Resources};
use credential_issuer::Issuer;
use credential_issuer::demo::{self, Demo};

#[tokio::main]
async fn main() {
    if let Err(error) = start().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn start() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    let (listener, url) = authorization_server::listen(Ipv4Addr::LOCALHOST.into(), options.port).await?;
    let environment = Environment::read()?;
    // The emulator lives as long as this does.
    let demo = match environment.is_empty() {
        true => Some(Demo::set_up(&url).await?),
        false => None,
    };
    let service = match &demo {
        Some(demo) => demo.authorization_server.service.clone(),
        None => environment.service()?,
    };
    let app = App::new(service.clone(), url.as_str(), Resources::default())?;
    let mut out = std::io::stdout();
    if options.json {
        writeln!(out, "{}", demo::ready_line(&app, demo.as_ref()))?;
    } else {
        match &demo {
            Some(_) => writeln!(out, "A credential issuer at {url}, with an emulated Authlete\n")?,
            None => {
                writeln!(out, "A credential issuer at {url}, with the service {} of Authlete", service.id())?;
                writeln!(out, "Its settings have to be those of src/demo.rs, for {url}\n")?;
            }
        }
        writeln!(out, "Get a credential: {url}/offer")?;
        writeln!(out, "Its metadata:     {url}/.well-known/openid-credential-issuer")?;
        writeln!(out, "Users:            {}", app.users())?;
        if let Some(wallet) = demo.as_ref().and_then(|demo| demo.wallet.client_id) {
            writeln!(
                out,
                "A wallet that has no client of its own can use client_id {wallet}, redirect URI {url}/client/callback"
            )?;
        }
    }
    Ok(Issuer::new(app).run(listener).await?)
}

#[derive(Default)]
struct Options {
    port: u16,
    json: bool,
}

impl Options {
    fn read() -> Result<Self, lexopt::Error> {
        let mut options = Self { port: 3000, ..Self::default() };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                lexopt::Arg::Long("port") => options.port = lexopt::ValueExt::parse(&arguments.value()?)?,
                lexopt::Arg::Long("json") => options.json = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}
