//! Starts the example: `cargo run --example authorization-server [-- --port 3000]`.
//!
//! With nothing set, the emulator stands in for Authlete. With the environment set (`AUTHLETE_REGION` or
//! `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`) it is the real service.

use std::error::Error;

use authlete_api::Environment;
use authorization_server::{App, demo, users};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    if let Err(error) = start().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn start() -> Result<(), Box<dyn Error>> {
    let port = port()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| format!("port {port}: {error}"))?;
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    let environment = Environment::read()?;
    // The emulator lives as long as this does.
    let (service, _emulator) = if environment.is_empty() {
        let demo = demo::Demo::set_up(&url).await?;
        println!("An authorization server at {url}, with an emulated Authlete\n\n{demo}");
        (demo.service, Some(demo.emulator))
    } else {
        let service = environment.service()?;
        println!("An authorization server at {url}, with the service {} of Authlete", service.id());
        println!("Its issuer and endpoints have to be set to {url}: see src/demo.rs\n");
        (service, None)
    };
    println!("Users: {}", users::Users::demo());
    let app = App::new(service, url)?;
    println!("A resource server may introspect with {}", app.resource_server());
    Ok(app.run(listener).await?)
}

fn port() -> Result<u16, Box<dyn Error>> {
    let mut port = 3000;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("port") => port = lexopt::ValueExt::parse(&arguments.value()?)?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(port)
}
