//! The emulator as a program: `authlete-emulator --port 8080`, until Ctrl-C.

mod beside;
mod options;
mod wait;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use authlete_emulator::{Builder, Config, Emulator};
use beside::Server;
use options::{Options, Run};

fn main() -> ExitCode {
    match options::read().and_then(run) {
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

fn run(run: Run) -> Result<(), Box<dyn Error>> {
    match run {
        Run::Show(text) => {
            println!("{text}");
            Ok(())
        }
        Run::Wait { url, timeout } => Ok(wait::until_healthy(&url, timeout)?),
        Run::Serve(options) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(*options))
        }
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    if options.listen.is_some_and(|address| !address.is_loopback()) {
        eprintln!(
            "authlete-emulator: warning: whoever reaches this address can act on every service, and read every secret \
             with the control token; use it in a container or a network of your own"
        );
    }
    // Before anybody hears that it runs, and may want it to stop.
    let mut signals = StopSignals::listen()?;
    let mut emulators = Vec::new();
    let mut server = None;
    for number in 0..options.instances {
        let emulator = builder(&options, number)?.start().await?;
        emulator.set_explicit_nulls(options.explicit_nulls);
        if let (Some(beside), 0) = (&options.with_server, number) {
            server = Some(Server::start(beside, &emulator)?);
            // A reset must not take the server's service from it.
            emulator.keep_as_start()?;
        }
        announce(&emulator, server.as_ref().filter(|_| number == 0), options.json);
        emulators.push(emulator);
    }
    let stopped: Result<(), Box<dyn Error>> = match &mut server {
        Some(server) => tokio::select! {
            stopped = signals.received() => stopped.map_err(Into::into),
            ended = server.ended() => Err(ended.into()),
        },
        None => signals.received().await.map_err(Into::into),
    };
    if let Some(server) = server {
        server.stop();
    }
    for (number, emulator) in emulators.into_iter().enumerate() {
        if let (Some(path), 0) = (&options.save, number) {
            emulator.save(path)?;
        }
        emulator.stop().await;
    }
    stopped
}

/// What an instance starts with: of several, each has a port of its own, and the first the snapshot.
fn builder(options: &Options, number: u16) -> Result<Builder, Box<dyn Error>> {
    let port = match options.port {
        0 => 0,
        port => port.checked_add(number).ok_or("there are not that many ports from --port upwards")?,
    };
    let mut builder = Emulator::builder().port(port).control(options.control);
    if let Some(address) = options.listen {
        builder = builder.listen(address);
    }
    if let Some(token) = &options.organization_token {
        builder = builder.organization_token(token);
    }
    if let Some(scope) = options.fetch {
        builder = builder.fetch_scope(scope);
    }
    for (host, address) in &options.fetch_hosts {
        builder = builder.fetch_host(host, *address);
    }
    if let Some(pem) = &options.fetch_authorities {
        builder = builder.fetch_authorities(pem.clone());
    }
    if let Some(token) = &options.control_token {
        builder = builder.control_token(token);
    }
    if let Some(path) = &options.config {
        builder = builder.config(Config::read(path)?);
    } else if let Some(json) = &options.config_json {
        builder = builder.config(Config::parse(json)?);
    }
    if let (Some(path), 0) = (&options.snapshot, number) {
        // The first start with `--snapshot` and `--save` of one file has nothing to start with yet.
        if Path::new(path).exists() {
            builder = builder.snapshot(path);
        } else {
            eprintln!("authlete-emulator: there is no snapshot {} yet; starting without one", path.display());
        }
    }
    Ok(builder)
}

/// One line of JSON for programs, or what people want to know.
fn announce(emulator: &Emulator, server: Option<&Server>, json: bool) {
    let (url, organization) = (emulator.base_url(), emulator.organization_token());
    if json {
        let mut line = serde_json::json!({
            "baseUrl": url, "organizationToken": organization, "controlToken": emulator.control_token(),
        });
        if let Some(server) = server {
            line["server"] = server.ready.clone();
        }
        println!("{line}");
        return;
    }
    let control = emulator.control_token().map(|token| format!("  control token: {token}")).unwrap_or_default();
    println!("base URL: {url}  organization token: {organization}{control}");
    if let Some(instructions) = server.and_then(|server| server.ready["instructions"].as_str()) {
        println!("\n{instructions}");
    }
}

/// The signals that end the program: Ctrl-C and, where there is such a thing, the one by which containers are stopped.
struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// From now on the signals are noticed, and no longer end the program by themselves.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn received(&mut self) -> std::io::Result<()> {
        #[cfg(unix)]
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = self.terminate.recv() => Ok(()),
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    }
}
