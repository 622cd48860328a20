//! The options of the program, from its arguments and from its environment. Arguments take precedence.

use std::env;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use authlete_emulator::FetchScope;
use lexopt::prelude::{Long, Short, Value, ValueExt};

use crate::beside::ServerOptions;

const USAGE: &str = r#"An imitation of the Authlete API for development and tests.

Usage: authlete-emulator [OPTION]...

  --port PORT                 port to listen on (default: any free one)
  --listen ADDRESS            address to listen on (default: 127.0.0.1)
  --instances N               this many emulators, each on a port of its own, from PORT upwards
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
  --control-token TOKEN       the token of the control API under /emulator/ (default: random)
  --no-control                no control API, and no page at /
  --json                      print what is needed to use the emulator as a line of JSON
  --with-server               start the example authorization server beside the emulator; what
                              follows -- is passed on to it
  --server-port PORT          the port of that server (default: 3000; 0 is any free one)
  --server-url URL            where clients reach it (default: http://localhost:PORT)
  --server-program FILE       where that server is (default: authorization-server beside this
                              program, or below its folder examples)
  --wait URL                  wait until an emulator answers at URL/health, and end
  --timeout SECONDS           how long --wait waits (default: 30)
  -h, --help                  this text
  -V, --version               the version

Each option but --wait, --timeout, --json and the last two can be set in the environment:
AUTHLETE_EMULATOR_PORT, AUTHLETE_EMULATOR_NO_CONTROL=true, and so on, with commas between the
hosts of AUTHLETE_EMULATOR_FETCH_HOST; AUTHLETE_EMULATOR_CONFIG_JSON
has the content of a start-up file. It prints its base URL and the tokens, and runs until Ctrl-C.

A start-up file:

  {"services": [{
    "serviceId": 1001, "accessToken": "secret", "settings": {"issuer": "https://as.example.com"},
    "clients": [{"clientId": 2001, "clientSecret": "secret", "settings": {"clientName": "Web"}}]
  }]}"#;

/// What the program is to do.
pub(crate) enum Run {
    Show(String),
    Wait { url: String, timeout: Duration },
    Serve(Box<Options>),
}

/// How the emulator is to run.
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) listen: Option<IpAddr>,
    pub(crate) instances: u16,
    pub(crate) organization_token: Option<String>,
    pub(crate) config: Option<PathBuf>,
    /// The content of a start-up file.
    pub(crate) config_json: Option<String>,
    pub(crate) snapshot: Option<PathBuf>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) explicit_nulls: bool,
    /// Whose documents may be fetched.
    pub(crate) fetch: Option<FetchScope>,
    /// Hosts that are elsewhere than their names say.
    pub(crate) fetch_hosts: Vec<(String, SocketAddr)>,
    /// Certificates in PEM.
    pub(crate) fetch_authorities: Option<Vec<u8>>,
    pub(crate) control_token: Option<String>,
    pub(crate) control: bool,
    pub(crate) json: bool,
    /// The example authorization server, where it is to be started.
    pub(crate) with_server: Option<ServerOptions>,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Reads the arguments and the environment.
pub(crate) fn read() -> Result<Run> {
    let mut options = from_environment()?;
    let mut wait = None;
    let mut timeout = 30;
    let mut with_server = flag("WITH_SERVER")?;
    let mut server = server_from_environment()?;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => options.port = number("--port", &arguments.value()?.string()?)?,
            Long("listen") => options.listen = Some(address("--listen", &arguments.value()?.string()?)?),
            Long("instances") => options.instances = instances("--instances", &arguments.value()?.string()?)?,
            Long("organization-token") => {
                options.organization_token = Some(token("--organization-token", arguments.value()?.string()?)?);
            }
            Long("config") => {
                options.config = Some(arguments.value()?.into());
                options.config_json = None;
            }
            Long("snapshot") => options.snapshot = Some(arguments.value()?.into()),
            Long("save") => options.save = Some(writable("--save", arguments.value()?.into())?),
            Long("explicit-nulls") => options.explicit_nulls = true,
            Long("fetch") => options.fetch = Some(scope("--fetch", &arguments.value()?.string()?)?),
            Long("fetch-host") => options.fetch_hosts.push(host("--fetch-host", &arguments.value()?.string()?)?),
            Long("fetch-authorities") => {
                options.fetch_authorities = Some(authorities("--fetch-authorities", arguments.value()?.as_ref())?);
            }
            Long("control-token") => {
                options.control_token = Some(token("--control-token", arguments.value()?.string()?)?);
            }
            Long("no-control") => options.control = false,
            Long("json") => options.json = true,
            Long("with-server") => with_server = true,
            Long("server-program") => server.program = Some(arguments.value()?.into()),
            Long("server-port") => server.port = number("--server-port", &arguments.value()?.string()?)?,
            Long("server-url") => server.url = Some(arguments.value()?.string()?),
            // What follows `--` is the server's.
            Value(first) if with_server => {
                server.arguments.push(first);
                server.arguments.extend(arguments.raw_args()?);
            }
            Long("wait") => wait = Some(arguments.value()?.string()?),
            Long("timeout") => timeout = number("--timeout", &arguments.value()?.string()?)?,
            Short('h') | Long("help") => return Ok(Run::Show(USAGE.to_owned())),
            Short('V') | Long("version") => {
                return Ok(Run::Show(format!("authlete-emulator {}", env!("CARGO_PKG_VERSION"))));
            }
            other => return Err(format!("{}; --help lists the options", other.unexpected()).into()),
        }
    }
    if let Some(url) = wait {
        return Ok(Run::Wait { url, timeout: Duration::from_secs(timeout) });
    }
    if with_server {
        server.listen = options.listen;
        options.with_server = Some(server);
    }
    Ok(Run::Serve(Box::new(options)))
}

fn from_environment() -> Result<Options> {
    let variable_number = |name, otherwise: u16| match variable(name)? {
        Some(text) => number(&full(name), &text),
        None => Ok::<_, Box<dyn Error>>(otherwise),
    };
    Ok(Options {
        port: variable_number("PORT", 0)?,
        listen: variable("LISTEN")?.map(|text| address(&full("LISTEN"), &text)).transpose()?,
        instances: match variable("INSTANCES")? {
            Some(text) => instances(&full("INSTANCES"), &text)?,
            None => 1,
        },
        organization_token: variable("ORGANIZATION_TOKEN")?,
        config: variable("CONFIG")?.map(PathBuf::from),
        config_json: variable("CONFIG_JSON")?,
        snapshot: variable("SNAPSHOT")?.map(PathBuf::from),
        save: variable("SAVE")?.map(|path| writable(&full("SAVE"), path.into())).transpose()?,
        explicit_nulls: flag("EXPLICIT_NULLS")?,
        fetch: variable("FETCH")?.map(|text| scope(&full("FETCH"), &text)).transpose()?,
        fetch_hosts: match variable("FETCH_HOST")? {
            Some(text) => text.split(',').map(|one| host(&full("FETCH_HOST"), one)).collect::<Result<_>>()?,
            None => Vec::new(),
        },
        fetch_authorities: variable("FETCH_AUTHORITIES")?
            .map(|path| authorities(&full("FETCH_AUTHORITIES"), path.as_ref()))
            .transpose()?,
        control_token: variable("CONTROL_TOKEN")?,
        control: !flag("NO_CONTROL")?,
        json: false,
        with_server: None,
    })
}

fn server_from_environment() -> Result<ServerOptions> {
    Ok(ServerOptions {
        program: variable("SERVER_PROGRAM")?.map(PathBuf::from),
        port: variable("SERVER_PORT")?.map_or(Ok(3000), |text| number(&full("SERVER_PORT"), &text))?,
        url: variable("SERVER_URL")?,
        listen: None,
        arguments: Vec::new(),
    })
}

fn full(name: &str) -> String {
    format!("AUTHLETE_EMULATOR_{name}")
}

/// A variable of the environment; one that is empty counts as absent.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(full(name)) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{} is not UTF-8", full(name)).into()),
    }
}

fn flag(name: &str) -> Result<bool> {
    match variable(name)?.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(format!("{} has to be true or false", full(name)).into()),
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| format!("{name} has to be a number in its range, not \"{text}\"").into())
}

fn instances(name: &str, text: &str) -> Result<u16> {
    match number(name, text)? {
        0 => Err(format!("{name} has to be 1 or more").into()),
        instances => Ok(instances),
    }
}

fn address(name: &str, text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| format!("{name} has to be an IP address such as 0.0.0.0, not \"{text}\"").into())
}

fn scope(name: &str, text: &str) -> Result<FetchScope> {
    FetchScope::parse(text).ok_or_else(|| format!("{name} has to be loopback, public or any, not \"{text}\"").into())
}

fn host(name: &str, text: &str) -> Result<(String, SocketAddr)> {
    let parsed = text.split_once('=').and_then(|(host, address)| Some((host.to_owned(), address.parse().ok()?)));
    parsed.ok_or_else(|| format!("{name} has to be like client.example.org=127.0.0.1:8443, not \"{text}\"").into())
}

fn authorities(name: &str, path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{name}: {}: {error}", path.display()).into())
}

fn token(name: &str, token: String) -> Result<String> {
    match token.is_empty() {
        true => Err(format!("{name} is empty, so no call could bring it").into()),
        false => Ok(token),
    }
}

/// A file whose folder is not there is found out now, and not when there is a state to lose.
fn writable(name: &str, path: PathBuf) -> Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(format!("{name}: there is no folder {}", folder.display()).into()),
        _ => Ok(path),
    }
}
