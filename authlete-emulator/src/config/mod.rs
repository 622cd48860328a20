//! The start-up file: an organization token, services, and their clients, with ids and secrets of the user's choice.

mod read;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::ApiError;
use crate::registry::{clients, services};
use crate::schema::{self, Schema};
use crate::state::{Settings, State};

/// What an emulator starts with. It is JSON; everything in it is optional:
///
/// ```
/// # fn main() -> Result<(), authlete_emulator::ConfigError> {
/// let config = authlete_emulator::Config::parse(r#"{
///     "organizationToken": "org-token",
///     "services": [{
///         "serviceId": 1001,
///         "accessToken": "service-token",
///         "settings": {"serviceName": "Shop", "issuer": "https://as.example.com", "supportedScopes": [{"name": "read"}]},
///         "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "d": "…", "x": "…", "y": "…"}]},
///         "clients": [{
///             "clientId": 2001,
///             "clientSecret": "client-secret",
///             "settings": {"clientName": "Web", "redirectUris": ["https://client.example.org/cb"]}
///         }]
///     }]
/// }"#)?;
/// # let _ = config;
/// # Ok(()) }
/// ```
///
/// `settings` are the members of Authlete's own service and client objects. `jwks` is the service's key set, with the
/// private keys that sign; without one the emulator makes keys.
#[derive(Clone)]
pub struct Config {
    file: Option<PathBuf>,
    pub(crate) organization_token: Option<String>,
    services: Vec<Service>,
}

#[derive(Clone)]
struct Service {
    id: Option<u64>,
    access_token: Option<String>,
    settings: Settings,
    clients: Vec<Client>,
}

#[derive(Clone)]
struct Client {
    id: Option<u64>,
    secret: Option<String>,
    settings: Settings,
}

/// A start-up file that cannot be used: which file, where in it, what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: Option<PathBuf>,
    at: String,
    problem: String,
}

impl ConfigError {
    fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: None, at: at.into(), problem: problem.into() }
    }

    fn of_file(self, file: Option<&Path>) -> Self {
        Self { file: file.map(Path::to_owned), ..self }
    }

    /// Where in the file, such as `services[0].clients[1].settings`, or `line 3, column 7` where it is not JSON.
    pub fn at(&self) -> &str {
        &self.at
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is not JSON, or has a member that is unknown or of the wrong form. Whether the settings
    /// are such as a service or a client can have is seen at the start.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| ConfigError::new("", error.to_string()));
        let config = text.and_then(|text| Self::parse(&text)).map_err(|error| error.of_file(Some(path)))?;
        Ok(Self { file: Some(path.to_owned()), ..config })
    }

    /// Reads a string.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            ConfigError::new(at, "this is not JSON; look for a missing comma, quote or bracket")
        })?;
        read::config(&value)
    }

    /// Adds the services to the state. One whose id is there already, from a snapshot, stays as it is.
    pub(crate) fn apply(self, state: &mut State, now: u64) -> Result<(), ConfigError> {
        let saved: BTreeSet<u64> = state.services.ids().collect();
        for (at, service) in self.services.into_iter().enumerate() {
            let at = format!("services[{at}]");
            if service.id.is_some_and(|id| saved.contains(&id)) {
                continue;
            }
            add(state, service, &at, now).map_err(|error| error.of_file(self.file.as_deref()))?;
        }
        Ok(())
    }
}

fn add(state: &mut State, service: Service, at: &str, now: u64) -> Result<(), ConfigError> {
    let wrong = |at: String| move |error: ApiError| ConfigError::new(at, error.message);
    if service.id.is_some_and(|id| state.services.contains(id)) {
        return Err(ConfigError::new(format!("{at}.serviceId"), "another service has this id"));
    }
    if service.access_token.as_deref().is_some_and(|token| state.knows_token(token)) {
        return Err(ConfigError::new(
            format!("{at}.accessToken"),
            "another service, or the organization, has this token",
        ));
    }
    let settings_at = format!("{at}.settings");
    refuse_unknown(&schema::SERVICE, &service.settings, &settings_at)?;
    let fixed = services::Fixed { id: service.id, access_token: service.access_token };
    let tenant = services::add(state, service.settings, fixed, now).map_err(wrong(settings_at))?;
    for (number, client) in service.clients.into_iter().enumerate() {
        let at = format!("{at}.clients[{number}]");
        if client.id.is_some_and(|id| tenant.clients.contains(id)) {
            return Err(ConfigError::new(format!("{at}.clientId"), "another client of the service has this id"));
        }
        refuse_unknown(&schema::CLIENT, &client.settings, &format!("{at}.settings"))?;
        let fixed = clients::Fixed { id: client.id, secret: client.secret };
        clients::add(tenant, client.settings, fixed, now).map_err(wrong(format!("{at}.settings")))?;
    }
    Ok(())
}

/// A setting that is misspelt would have no effect, and nobody would see it.
fn refuse_unknown(schema: &Schema, settings: &Settings, at: &str) -> Result<(), ConfigError> {
    match schema.unknown(settings) {
        Some(name) => Err(ConfigError::new(format!("{at}.{name}"), "the API has no such member; look for a typo")),
        None => Ok(()),
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.services.iter().map(|service| service.id).collect();
        f.debug_struct("Config").field("file", &self.file).field("services", &ids).finish_non_exhaustive()
    }
}
