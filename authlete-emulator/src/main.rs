//! The emulator as a program: `authlete-emulator --port 8080`, until Ctrl-C.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use authlete_emulator::{Config, Emulator, FetchScope};
use lexopt::prelude::{Long, Short, ValueExt};

const USAGE: &str = r#"An imitation of the Authlete API for development and tests.

Usage: authlete-emulator [OPTION]...

  --port PORT                 port on 127.0.0.1 (default: any free one)
  --organization-token TOKEN  the token that manages services (default: the one of the snapshot
                              or the start-up file, or else a random one)
  --config FILE               start with the services and clients in this JSON file
  --snapshot FILE             start with the state in this file, if it is there
  --save FILE                 write the state to this file at the end; it holds every secret
  --explicit-nulls            answer with null for what is absent, as Authlete has been seen to
  --fetch SCOPE               fetch clients' documents from "loopback" (the default), "public"
                              addresses too, or "any", private networks included
  --fetch-host HOST=ADDRESS   fetch from this address and port what is at this host
  --fetch-authorities FILE    trust these authorities (PEM) when fetching over TLS
  -h, --help                  this text
  -V, --version               the version

It prints its base URL and the organization token, and runs until Ctrl-C. A start-up file:

  {"services": [{
    "serviceId": 1001, "accessToken": "secret", "settings": {"issuer": "https://as.example.com"},
    "clients": [{"clientId": 2001, "clientSecret": "secret", "settings": {"clientName": "Web"}}]
  }]}"#;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                message = format!("{message}: {cause}");
                source = cause.source();
            }
            eprintln!("authlete-emulator: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut builder = Emulator::builder();
    let mut save: Option<PathBuf> = None;
    let mut explicit_nulls = false;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => builder = builder.port(port(&arguments.value()?.string()?)?),
            Long("organization-token") => {
                let token = arguments.value()?.string()?;
                if token.is_empty() {
                    return Err("--organization-token is empty, so no call could bring it".into());
                }
                builder = builder.organization_token(token);
            }
            Long("config") => builder = builder.config(Config::read(arguments.value()?)?),
            Long("snapshot") => {
                let path = PathBuf::from(arguments.value()?);
                // The first start with `--snapshot` and `--save` of one file has nothing to start with yet.
                if path.exists() {
                    builder = builder.snapshot(path);
                } else {
                    eprintln!("authlete-emulator: there is no snapshot {} yet; starting without one", path.display());
                }
            }
            Long("save") => save = Some(writable(arguments.value()?.into())?),
            Long("explicit-nulls") => explicit_nulls = true,
            Long("fetch") => builder = builder.fetch_scope(scope(&arguments.value()?.string()?)?),
            Long("fetch-host") => {
                let (host, address) = host(&arguments.value()?.string()?)?;
                builder = builder.fetch_host(host, address);
            }
            Long("fetch-authorities") => {
                let path = PathBuf::from(arguments.value()?);
                let pem = std::fs::read(&path);
                let pem = pem.map_err(|error| format!("--fetch-authorities: {}: {error}", path.display()))?;
                builder = builder.fetch_authorities(pem);
            }
            Short('h') | Long("help") => {
                println!("{USAGE}");
                return Ok(());
            }
            Short('V') | Long("version") => {
                println!("authlete-emulator {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            other => return Err(format!("{}; --help lists the options", other.unexpected()).into()),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let emulator = builder.start().await?;
        emulator.set_explicit_nulls(explicit_nulls);
        println!("base URL: {}  organization token: {}", emulator.base_url(), emulator.organization_token());
        asked_to_stop().await?;
        if let Some(path) = save {
            emulator.save(path)?;
        }
        emulator.stop().await;
        Ok(())
    })
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("--port has to be a number from 0 to 65535, not \"{text}\""))
}

fn scope(text: &str) -> Result<FetchScope, String> {
    FetchScope::parse(text).ok_or_else(|| format!("--fetch has to be loopback, public or any, not \"{text}\""))
}

fn host(text: &str) -> Result<(String, SocketAddr), String> {
    let parsed = text.split_once('=').and_then(|(host, address)| Some((host.to_owned(), address.parse().ok()?)));
    parsed.ok_or_else(|| format!("--fetch-host has to be like client.example.org=127.0.0.1:8443, not \"{text}\""))
}

/// A file whose folder is not there is found out now, and not when there is a state to lose.
fn writable(path: PathBuf) -> Result<PathBuf, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(format!("--save: there is no folder {}", folder.display())),
        _ => Ok(path),
    }
}

/// Waits for Ctrl-C or, where there is such a thing, for the signal by which containers are stopped.
async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
