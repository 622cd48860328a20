//! The emulator as a program: `authlete-emulator --port 8080`, until Ctrl-C.

use std::error::Error;
use std::process::ExitCode;

use authlete_emulator::Emulator;
use lexopt::prelude::{Long, Short, ValueExt};

const USAGE: &str = "\
An imitation of the Authlete API for development and tests.

Usage: authlete-emulator [--port PORT] [--organization-token TOKEN]

  --port PORT                 port on 127.0.0.1 (default: any free one)
  --organization-token TOKEN  the token that manages services (default: a random one)
  -h, --help                  this text
  -V, --version               the version";

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
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => builder = builder.port(arguments.value()?.parse()?),
            Long("organization-token") => builder = builder.organization_token(arguments.value()?.string()?),
            Short('h') | Long("help") => {
                println!("{USAGE}");
                return Ok(());
            }
            Short('V') | Long("version") => {
                println!("authlete-emulator {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let emulator = builder.start().await?;
        println!("base URL: {}  organization token: {}", emulator.base_url(), emulator.organization_token());
        tokio::signal::ctrl_c().await?;
        emulator.stop().await;
        Ok(())
    })
}
