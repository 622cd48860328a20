//! Starts the example: `cargo run --example authorization-server [-- --port 3000]`.
//!
//! With nothing set, it starts an emulator that stands in for Authlete; `AUTHLETE_EMULATOR_URL` and
//! `AUTHLETE_EMULATOR_ORGANIZATION_TOKEN` name one that runs already. With the environment set (`AUTHLETE_REGION` or
//! `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`) it is the real service.
//!
//! Options: `--json` prints one line of JSON in place of what people read, when the server is ready. `--resource URL`
//! names a resource that tokens may be for, and may be repeated; with none, any will do. `--jwt-access-tokens` makes the
//! emulated service issue its access tokens as JWTs. `--listen ADDRESS` listens on another address than 127.0.0.1, and
//! `--url URL` is where clients reach the server, if that is not localhost. `--until-stdin-ends` is for a program that
//! starts this one: it ends with the pipe to its standard input, and so with that program, however that ends.

use std::error::Error;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use authlete_api::Environment;
use authorization_server::demo::{self, Demo, Emulated};
use authorization_server::{App, Resources};

#[tokio::main]
async fn main() {
    if let Err(error) = start().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn start() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    if options.until_stdin_ends {
        end_with_stdin();
    }
    let (listener, local) = authorization_server::listen(options.listen, options.port).await?;
    let url = options.url.as_deref().map_or(local.as_str(), |url| url.trim_end_matches('/'));
    let environment = Environment::read()?;
    // An emulator that is started here lives as long as what is set up in it.
    let demo = match (emulated()?, environment.is_empty()) {
        (Some(emulator), _) => Some(Demo::set_up_in(emulator, url, demo::settings(url, &options.settings)).await?),
        (None, true) => Some(Demo::set_up(url, &options.settings).await?),
        (None, false) => None,
    };
    let service = match &demo {
        Some(demo) => demo.service.clone(),
        None => environment.service()?,
    };
    let app = App::new(service, url, Resources::new(options.resources))?;
    let mut out = std::io::stdout();
    match options.json {
        true => writeln!(out, "{}", demo::ready_line(&app, demo.as_ref()))?,
        false => writeln!(out, "{}", demo::instructions(&app, demo.as_ref()))?,
    }
    Ok(app.run(listener).await?)
}

/// The emulator that the environment names.
fn emulated() -> Result<Option<Emulated>, Box<dyn Error>> {
    let Ok(base_url) = std::env::var("AUTHLETE_EMULATOR_URL") else { return Ok(None) };
    let token = std::env::var("AUTHLETE_EMULATOR_ORGANIZATION_TOKEN");
    let organization_token = token.map_err(|error| format!("AUTHLETE_EMULATOR_ORGANIZATION_TOKEN: {error}"))?;
    Ok(Some(Emulated { base_url, organization_token }))
}

/// Ends the process when nobody holds the other end of its standard input any more.
fn end_with_stdin() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}

struct Options {
    listen: IpAddr,
    port: u16,
    url: Option<String>,
    json: bool,
    until_stdin_ends: bool,
    resources: Vec<String>,
    settings: demo::Options,
}

impl Options {
    fn read() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 3000,
            url: None,
            json: false,
            until_stdin_ends: false,
            resources: Vec::new(),
            settings: demo::Options::default(),
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                lexopt::Arg::Long("listen") => options.listen = lexopt::ValueExt::parse(&arguments.value()?)?,
                lexopt::Arg::Long("url") => options.url = Some(lexopt::ValueExt::string(arguments.value()?)?),
                lexopt::Arg::Long("until-stdin-ends") => options.until_stdin_ends = true,
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
