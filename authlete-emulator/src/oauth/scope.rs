//! Which of the scopes that a client asks for it may have.

use serde_json::{Map, Value};

use crate::state::{Client, Settings};

/// The requested scopes that the service supports and the client may ask for; the others are dropped without an error,
/// which is what Authlete does. A request for none gets the service's default ones.
pub(crate) fn grantable(service: &Settings, client: &Client, requested: Option<&[String]>) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in service.objects("supportedScopes") {
        let Some(name) = scope.get("name").and_then(Value::as_str) else { continue };
        let wanted = match requested {
            Some(requested) => requested.iter().any(|one| one == name),
            None => scope.get("defaultEntry").and_then(Value::as_bool).unwrap_or(false),
        };
        if wanted && may_request(client, name) && !scopes.iter().any(|one| one == name) {
            scopes.push(name.to_owned());
        }
    }
    scopes
}

/// The descriptions of scopes, as the service has them.
pub(crate) fn details(service: &Settings, names: &[String]) -> Vec<Map<String, Value>> {
    let named = |scope: &&Map<String, Value>| {
        scope.get("name").and_then(Value::as_str).is_some_and(|name| names.iter().any(|one| one == name))
    };
    service.objects("supportedScopes").filter(named).cloned().collect()
}

/// The values of an attribute that scopes have.
pub(crate) fn attributes(service: &Settings, names: &[String], key: &str) -> Vec<Value> {
    let scopes = details(service, names);
    let attributes = scopes.iter().filter_map(|scope| scope.get("attributes")?.as_array()).flatten();
    attributes.filter(|attribute| attribute["key"] == key).map(|attribute| attribute["value"].clone()).collect()
}

/// The scopes without their descriptions.
pub(crate) fn undescribed(service: &Settings, names: &[String]) -> Vec<Map<String, Value>> {
    let mut scopes = details(service, names);
    for scope in &mut scopes {
        scope.retain(|name, _| !["description", "descriptions"].contains(&name.as_str()));
    }
    scopes
}

/// A client may be held to a list of scopes of its own.
fn may_request(client: &Client, name: &str) -> bool {
    let Some(extension) = client.settings.0.get("extension").and_then(Value::as_object) else { return true };
    if extension.get("requestableScopesEnabled").and_then(Value::as_bool) != Some(true) {
        return true;
    }
    let requestable = extension.get("requestableScopes").and_then(Value::as_array);
    requestable.is_some_and(|names| names.iter().any(|one| one.as_str() == Some(name)))
}
