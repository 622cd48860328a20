//! From JSON to a [`Config`]. Read by hand, so that an error says where it is and never repeats a secret.

use serde_json::{Map, Value, json};

use super::{Client, Config, ConfigError, Service};
use crate::state::Settings;

type Result<T> = std::result::Result<T, ConfigError>;

/// An object of the file, with its place in it.
struct Object<'a> {
    at: String,
    members: &'a Map<String, Value>,
}

pub(super) fn config(value: &Value) -> Result<Config> {
    let object = Object::read("", value, &["organizationToken", "services"])?;
    Ok(Config {
        file: None,
        organization_token: object.string("organizationToken")?,
        services: object.list("services", service)?,
    })
}

fn service(at: &str, value: &Value) -> Result<Service> {
    let object = Object::read(at, value, &["serviceId", "accessToken", "settings", "jwks", "clients"])?;
    let mut settings = object.settings()?;
    if let Some(jwks) = object.get("jwks") {
        let is_key = |key: &Value| key["kty"].is_string();
        if !jwks["keys"].as_array().is_some_and(|keys| keys.iter().all(is_key)) {
            let expected = "this has to be a JWK set (RFC 7517): {\"keys\": [{\"kty\": …}]}";
            return Err(ConfigError::new(object.place("jwks"), expected));
        }
        settings.set("jwks", json!(jwks.to_string()));
    }
    Ok(Service {
        id: object.id("serviceId")?,
        access_token: object.string("accessToken")?,
        settings,
        clients: object.list("clients", client)?,
    })
}

fn client(at: &str, value: &Value) -> Result<Client> {
    let object = Object::read(at, value, &["clientId", "clientSecret", "settings"])?;
    Ok(Client { id: object.id("clientId")?, secret: object.string("clientSecret")?, settings: object.settings()? })
}

impl<'a> Object<'a> {
    fn read(at: &str, value: &'a Value, known: &[&str]) -> Result<Self> {
        let Some(members) = value.as_object() else {
            return Err(ConfigError::new(at, "this has to be an object"));
        };
        let object = Self { at: at.to_owned(), members };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => {
                let problem = format!("there is no such member; those here are {}", known.join(", "));
                Err(ConfigError::new(object.place(unknown), problem))
            }
            None => Ok(object),
        }
    }

    fn place(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn string(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(ConfigError::new(self.place(name), "this has to be a string that is not empty")),
        }
    }

    fn id(&self, name: &str) -> Result<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|id| *id > 0 && i64::try_from(*id).is_ok()) {
                Some(id) => Ok(Some(id)),
                None => Err(ConfigError::new(self.place(name), "this has to be a whole number from 1")),
            },
        }
    }

    fn settings(&self) -> Result<Settings> {
        match self.get("settings") {
            None => Ok(Settings(Map::new())),
            Some(Value::Object(members)) => Ok(Settings(members.clone())),
            Some(_) => Err(ConfigError::new(self.place("settings"), "this has to be an object")),
        }
    }

    fn list<T>(&self, name: &str, read: fn(&str, &Value) -> Result<T>) -> Result<Vec<T>> {
        let place = self.place(name);
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(elements)) => {
                let elements = elements.iter().enumerate();
                elements.map(|(at, element)| read(&format!("{place}[{at}]"), element)).collect()
            }
            Some(_) => Err(ConfigError::new(place, "this has to be a list")),
        }
    }
}
