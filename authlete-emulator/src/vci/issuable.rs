//! Which credentials a token stands for.

use serde_json::{Map, Value, json};

use super::{DETAIL_TYPE, Issuer, Version};
use crate::state::{Authorized, Settings};

/// Credentials of one configuration that a token can be used for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Issuable {
    pub(crate) configuration_id: String,
    /// The names that the token response gave them, where it did.
    pub(crate) identifiers: Vec<String>,
    /// The element of `authorization_details` that asked for them, if one did.
    detail: Map<String, Value>,
}

/// The credentials of a token: those that `authorization_details` ask for, those of its scopes, those of the offer that
/// it came from. A scope that the user did not grant takes its credentials with it.
pub(crate) fn of(service: &Settings, authorized: &Authorized) -> Vec<Issuable> {
    let (scopes, details) = (&authorized.scopes, &authorized.details);
    if !super::is_enabled(service) {
        return Vec::new();
    }
    let issuer = Issuer::of(service);
    let mut found: Vec<Issuable> = Vec::new();
    for detail in details.authorization_details.iter().filter_map(Value::as_object) {
        if detail.get("type").and_then(Value::as_str) != Some(DETAIL_TYPE) {
            continue;
        }
        if let Some(configuration) = wanted(&issuer, detail) {
            let identifiers = match issuer.version {
                Version::Final => configuration.identifiers(),
                Version::Draft => Vec::new(),
            };
            let configuration_id = configuration.id.to_owned();
            found.push(Issuable { configuration_id, identifiers, detail: detail.clone() });
        }
    }
    let of_scopes = issuer.configurations().filter(|configuration| {
        configuration.string("scope").is_some_and(|scope| scopes.iter().any(|one| one == scope))
    });
    let ids = of_scopes.map(|configuration| configuration.id.to_owned()).chain(details.offered.iter().cloned());
    for configuration_id in ids.collect::<Vec<_>>() {
        let known = found.iter().any(|one| one.configuration_id == configuration_id);
        if !known && issuer.configuration(&configuration_id).is_some() {
            found.push(Issuable { configuration_id, identifiers: Vec::new(), detail: Map::new() });
        }
    }
    found
}

/// The same as Authlete's answers have it: a JSON array in a string, with all that the configurations say. No value
/// where there are none.
pub(crate) fn to_api(service: &Settings, issuable: &[Issuable]) -> Value {
    if issuable.is_empty() {
        return Value::Null;
    }
    let issuer = Issuer::of(service);
    let elements: Vec<Value> = issuable
        .iter()
        .map(|one| {
            let mut members =
                issuer.configuration(&one.configuration_id).map(|found| found.members.clone()).unwrap_or_default();
            members.extend(one.detail.clone());
            members.insert("type".to_owned(), json!(DETAIL_TYPE));
            members.insert("credential_configuration_id".to_owned(), json!(one.configuration_id));
            if !one.identifiers.is_empty() {
                members.insert("credential_identifiers".to_owned(), json!(one.identifiers));
            }
            Value::Object(members)
        })
        .collect();
    json!(json!(elements).to_string())
}

/// The elements of `authorization_details` as a token response has them: those that ask for credentials with the names
/// of these credentials (OpenID4VCI 1.0, section 6.2).
pub(crate) fn identified(service: &Settings, elements: &[Value]) -> Vec<Value> {
    let issuer = Issuer::of(service);
    let identify = |element: &Value| {
        let mut element = element.clone();
        let asks = element["type"].as_str() == Some(DETAIL_TYPE)
            && issuer.version == Version::Final
            && super::is_enabled(service);
        let found = element.as_object().filter(|_| asks).and_then(|detail| wanted(&issuer, detail));
        if let Some(configuration) = found {
            element["credential_identifiers"] = json!(configuration.identifiers());
        }
        element
    };
    elements.iter().map(identify).collect()
}

/// What is wrong with an element that asks for credentials, if anything is.
pub(crate) fn check(service: &Settings, detail: &Map<String, Value>) -> Result<(), &'static str> {
    if !super::is_enabled(service) {
        return Ok(());
    }
    let issuer = Issuer::of(service);
    let described = issuer.version == Version::Draft && detail.contains_key("format");
    if !described && !detail.contains_key("credential_configuration_id") {
        return Err(
            "An element of authorization_details asks for credentials, but has no credential_configuration_id.",
        );
    }
    if wanted(&issuer, detail).is_none() {
        return Err("An element of authorization_details asks for a credential configuration that the issuer has not.");
    }
    let located = detail.get("locations").and_then(Value::as_array);
    let here = |all: &Vec<Value>| all.iter().any(|one| one.as_str() == Some(issuer.identifier()));
    // OpenID4VCI 1.0, section 5.1.1.
    if issuer.get("authorizationServers").is_some() && !located.is_some_and(here) {
        return Err("An element of authorization_details asks for credentials, but its locations lack the issuer.");
    }
    Ok(())
}

/// The configuration that an element of `authorization_details` asks for.
pub(crate) fn wanted<'a>(
    issuer: &'a Issuer<'_>,
    detail: &Map<String, Value>,
) -> Option<super::issuer::Configuration<'a>> {
    match detail.get("credential_configuration_id") {
        Some(id) => issuer.configuration(id.as_str()?),
        None if issuer.version == Version::Draft => issuer.described(detail),
        None => None,
    }
}
