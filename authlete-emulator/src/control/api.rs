//! The control API, which `control-api.json` describes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{START, states};
use crate::config::Config;
use crate::error::ApiError;
use crate::faults::Fault;
use crate::generated::OPERATIONS;
use crate::operation::Operation;
use crate::record::Call;
use crate::server::Server;
use crate::state::State;

/// Why a call fails.
pub(super) struct Error {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Error {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::new(error.status, error.message)
    }
}

type Result<T = Value> = std::result::Result<T, Error>;

/// Serves a call; `null` is a response without content.
pub(super) fn call(server: &Arc<Server>, head: &Parts, path: &str, body: &[u8]) -> Result {
    let parts: Vec<String> =
        path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let query = |name: &str| {
        let mut pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    match (head.method.as_str(), parts.as_slice()) {
        ("GET", ["clock"]) => Ok(clock(server)),
        ("POST", ["clock"]) => advance(server, &object(body)?),
        ("GET", ["faults"]) => Ok(json!({"faults": server.faults.waiting()})),
        ("POST", ["faults"]) => inject(server, &object(body)?),
        ("DELETE", ["faults"]) => {
            server.faults.clear();
            Ok(Value::Null)
        }
        ("GET", ["calls"]) => calls(server, query("operation").as_deref()),
        ("DELETE", ["calls"]) => {
            server.record.clear();
            Ok(Value::Null)
        }
        ("POST", ["reset"]) => reset(server, query("state").as_deref().unwrap_or(START)),
        ("GET", ["states"]) => Ok(json!({"states": server.control.states.names()})),
        ("PUT", ["states", name]) => {
            if name.is_empty() || name.len() > 100 {
                return Err(Error::new(400, "The name of a state has 1 to 100 bytes."));
            }
            server.control.states.save(server, name)?;
            Ok(Value::Null)
        }
        ("DELETE", ["states", name]) => match server.control.states.remove(name) {
            true => Ok(Value::Null),
            false => Err(unknown_state(name)),
        },
        ("GET", ["snapshot"]) => {
            serde_json::from_str(&states::text(server)?).map_err(|error| Error::new(500, error.to_string()))
        }
        ("PUT", ["snapshot"]) => {
            let snapshot = std::str::from_utf8(body).map_err(|_| Error::new(400, "The body is not JSON."))?;
            states::put(server, snapshot)?;
            Ok(Value::Null)
        }
        ("POST", ["seed"]) => seed(server, body),
        ("GET", ["services"]) => Ok(json!({
            "organizationToken": server.with_state(|state| state.organization_token.clone()),
            "services": server.with_state(|state| services(state)),
        })),
        ("GET", ["options"]) => Ok(options(server)),
        ("PATCH", ["options"]) => change_options(server, &object(body)?),
        (method, [part, ..]) if KNOWN.contains(part) => {
            Err(Error::new(405, format!("{method} is not a method of /emulator/{path}.")))
        }
        _ => Err(Error::new(404, format!("There is nothing at /emulator/{path}; see /emulator/openapi.json."))),
    }
}

/// The first parts of paths.
const KNOWN: &[&str] = &["calls", "clock", "faults", "options", "reset", "seed", "services", "snapshot", "states"];

fn object(body: &[u8]) -> Result<Map<String, Value>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|error| {
        Error::new(400, format!("The body is not a JSON object: line {}, column {}.", error.line(), error.column()))
    })
}

/// Fails if the object has other members than these: a member that is misspelt would have no effect.
fn only(members: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Error::new(400, format!("There is no member {name}; there are {}.", known.join(", ")))),
        None => Ok(()),
    }
}

fn number(members: &Map<String, Value>, name: &str) -> Result<Option<u64>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Error::new(400, format!("The member {name} is not a whole number from 0."))),
    }
}

fn string<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_str().map(Some).ok_or_else(|| Error::new(400, format!("The member {name} is not a string.")))
        }
    }
}

fn clock(server: &Server) -> Value {
    let now = server.clock.now_millis();
    json!({"now": now, "nowSeconds": now / 1000})
}

fn advance(server: &Server, members: &Map<String, Value>) -> Result {
    only(members, &["advanceMillis", "advanceSeconds"])?;
    let millis = number(members, "advanceMillis")?;
    let seconds = number(members, "advanceSeconds")?;
    if millis.is_none() && seconds.is_none() {
        return Err(Error::new(400, "The body has neither advanceMillis nor advanceSeconds."));
    }
    server.clock.advance(Duration::from_millis(millis.unwrap_or(0)));
    server.clock.advance(Duration::from_secs(seconds.unwrap_or(0)));
    Ok(clock(server))
}

fn inject(server: &Server, members: &Map<String, Value>) -> Result {
    only(members, &["kind", "operation", "times", "delayMillis", "status", "headers", "body"])?;
    let kind = string(members, "kind")?.unwrap_or_default();
    let fault = match kind {
        "delay" => Fault::delay(Duration::from_millis(
            number(members, "delayMillis")?.ok_or_else(|| Error::new(400, "A delay has delayMillis."))?,
        )),
        "status" => {
            let status = number(members, "status")?.and_then(|status| u16::try_from(status).ok());
            let status = status.filter(|status| (100..1000).contains(status));
            Fault::status(status.ok_or_else(|| Error::new(400, "A fault of this kind has a status from 100 to 999."))?)
        }
        "disconnectBeforeServing" => Fault::disconnect_before_serving(),
        "disconnectAfterServing" => Fault::disconnect_after_serving(),
        "truncate" => Fault::truncate(),
        _ => {
            let message = "The member kind is one of delay, status, disconnectBeforeServing, disconnectAfterServing and \
                           truncate.";
            return Err(Error::new(400, message));
        }
    };
    let mut fault = fault.times(usize::try_from(number(members, "times")?.unwrap_or(1)).unwrap_or(usize::MAX));
    if let Some(operation) = string(members, "operation")? {
        fault = fault.on(operation);
    }
    if let Some(body) = string(members, "body")? {
        fault = fault.body(body);
    }
    for (name, value) in members.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().ok_or_else(|| Error::new(400, format!("The header {name} is not a string.")))?;
        fault = fault.header(name, value);
    }
    server.faults.add(fault.resolved(OPERATIONS).map_err(|error| Error::new(400, error.to_string()))?);
    Ok(json!({"faults": server.faults.waiting()}))
}

fn calls(server: &Server, operation: Option<&str>) -> Result {
    let operation = operation.map(|name| Operation::named(OPERATIONS, name)).transpose();
    let operation = operation.map_err(|error| Error::new(400, error.to_string()))?;
    let calls = server.record.all();
    let wanted = calls.iter().filter(|call| operation.is_none_or(|one| call.operation_id() == Some(one.id)));
    Ok(json!({"calls": wanted.map(|call| described(call)).collect::<Vec<_>>()}))
}

/// A call with what it was answered.
fn described(call: &Call) -> Value {
    json!({
        "operationId": call.operation_id(),
        "operation": call.operation_name(),
        "method": call.method(),
        "path": call.path(),
        "query": pairs(call.query()),
        "headers": pairs(call.headers().to_vec()),
        "body": content(call.bytes()),
        "response": call.response().map(|(status, body)| json!({"status": status, "body": content(body)})),
    })
}

/// JSON where a body is JSON, and its text where not.
fn content(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => json!(String::from_utf8_lossy(body)),
    }
}

/// Names and values, of which the last counts where a name stands twice.
fn pairs(pairs: Vec<(String, String)>) -> Value {
    pairs.into_iter().map(|(name, value)| (name, json!(value))).collect::<Map<_, _>>().into()
}

/// Goes back to a named state, without faults and calls.
pub(super) fn reset(server: &Server, name: &str) -> Result {
    if !server.control.states.restore(server, name)? {
        return Err(unknown_state(name));
    }
    server.faults.clear();
    server.record.clear();
    Ok(Value::Null)
}

fn unknown_state(name: &str) -> Error {
    Error::new(404, format!("There is no state {}.", name.chars().take(100).collect::<String>()))
}

fn seed(server: &Server, body: &[u8]) -> Result {
    let file = std::str::from_utf8(body).map_err(|_| Error::new(400, "The body is not JSON."))?;
    let config = Config::parse(file).map_err(|error| Error::new(400, error.to_string()))?;
    let now = server.clock.now_millis();
    server.with_state(|state| {
        let before: Vec<u64> = state.services.ids().collect();
        config.apply(state, now).map_err(|error| Error::new(400, error.to_string()))?;
        let added: Vec<Value> = services(state).into_iter().filter(|one| !is_among(one, &before)).collect();
        Ok(json!({"services": added}))
    })
}

fn is_among(service: &Value, ids: &[u64]) -> bool {
    service["serviceId"].as_u64().is_some_and(|id| ids.contains(&id))
}

/// The services with what a server needs to call them, and their clients with what a client needs.
pub(super) fn services(state: &State) -> Vec<Value> {
    let mut tenants: Vec<_> = state.services.values().collect();
    tenants.sort_by_key(|tenant| tenant.settings.number("number"));
    let clients = |tenant: &crate::state::Tenant| {
        let described = |client: &&crate::state::Client| {
            json!({
                "clientId": client.id,
                "clientIdAlias": client.alias(),
                "clientName": client.settings.string("clientName"),
                "clientType": client.settings.string("clientType"),
                "clientSecret": client.settings.string("clientSecret"),
            })
        };
        tenant.clients_in_order().iter().map(described).collect::<Vec<_>>()
    };
    let described = |tenant: &crate::state::Tenant| {
        json!({
            "serviceId": tenant.id,
            "accessToken": tenant.access_token,
            "serviceName": tenant.settings.string("serviceName"),
            "issuer": tenant.settings.string("issuer"),
            "clients": clients(tenant),
        })
    };
    tenants.into_iter().map(described).collect()
}

fn options(server: &Server) -> Value {
    json!({"explicitNulls": server.explicit_nulls.load(Ordering::Relaxed)})
}

fn change_options(server: &Server, members: &Map<String, Value>) -> Result {
    only(members, &["explicitNulls"])?;
    if let Some(value) = members.get("explicitNulls") {
        let on = value.as_bool().ok_or_else(|| Error::new(400, "The member explicitNulls is not true or false."))?;
        server.explicit_nulls.store(on, Ordering::Relaxed);
    }
    Ok(options(server))
}
