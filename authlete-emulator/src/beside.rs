//! The example authorization server, as a program that runs beside the emulator and ends with it.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use authlete_emulator::Emulator;
use serde_json::Value;
use tokio::sync::oneshot;

/// What the server is started with.
pub(crate) struct ServerOptions {
    /// Where it is; by default beside this program.
    pub(crate) program: Option<PathBuf>,
    pub(crate) port: u16,
    pub(crate) url: Option<String>,
    pub(crate) listen: Option<IpAddr>,
    /// Further arguments, which are the server's own.
    pub(crate) arguments: Vec<OsString>,
}

/// The server, after it has said that it is ready.
pub(crate) struct Server {
    process: Child,
    /// What it said: its issuer identifier, clients, users.
    pub(crate) ready: Value,
    ended: oneshot::Receiver<()>,
}

impl Server {
    /// Starts the server, which makes a service and clients for itself in the emulator, and waits until it is ready.
    pub(crate) fn start(options: &ServerOptions, emulator: &Emulator) -> Result<Self, Box<dyn Error>> {
        let path = options.program.clone().map_or_else(beside, Ok)?;
        let program = path.display();
        let mut process = command(&path, options, emulator).spawn().map_err(|error| {
            format!(
                "--with-server: cannot start {program}: {error}; build it with `cargo build -p authorization-server \
                 --example authorization-server`, and name it with --server-program if it is elsewhere"
            )
        })?;
        let output = process.stdout.take().ok_or("--with-server: the server has no output")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        if line.is_empty() {
            let status = process.wait()?;
            return Err(format!("--with-server: {program} ended before it was ready ({status})").into());
        }
        let ready = serde_json::from_str(&line)
            .map_err(|error| format!("--with-server: {program} did not say in JSON that it is ready: {error}"))?;
        let (has_ended, ended) = oneshot::channel();
        thread::spawn(move || pass_on(output, has_ended));
        Ok(Self { process, ready, ended })
    }

    /// Returns when the server has ended by itself, with what there is to say of that.
    pub(crate) async fn ended(&mut self) -> String {
        let _ = (&mut self.ended).await;
        let status = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        format!("--with-server: the authorization server has ended ({status})")
    }

    /// Ends the server, if it has not ended yet.
    pub(crate) fn stop(mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(program: &Path, options: &ServerOptions, emulator: &Emulator) -> Command {
    let mut command = Command::new(program);
    // With these it would go to a real Authlete.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("AUTHLETE_") {
            command.env_remove(name);
        }
    }
    command
        .env("AUTHLETE_EMULATOR_URL", emulator.base_url())
        .env("AUTHLETE_EMULATOR_ORGANIZATION_TOKEN", emulator.organization_token())
        .args(["--json", "--until-stdin-ends", "--port", &options.port.to_string()]);
    if let Some(listen) = options.listen {
        command.args(["--listen", &listen.to_string()]);
    }
    if let Some(url) = &options.url {
        command.args(["--url", url]);
    }
    // Ctrl-C is for this program alone, which then ends the server.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // However this program ends, the pipe ends with it, and the server with the pipe.
    command.args(&options.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Shows what the server prints, until it ends.
fn pass_on(mut output: BufReader<ChildStdout>, has_ended: oneshot::Sender<()>) {
    let _ = io::copy(&mut output, &mut io::stderr());
    let _ = has_ended.send(());
}

/// The server where cargo and the container image have it: beside this program, or in the folder of examples.
fn beside() -> io::Result<PathBuf> {
    let own = env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let name = format!("authorization-server{}", env::consts::EXE_SUFFIX);
    let places = [folder.join(&name), folder.join("examples").join(&name)];
    Ok(places.iter().find(|place| place.is_file()).unwrap_or(&places[0]).clone())
}
