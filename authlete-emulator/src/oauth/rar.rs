//! Rich authorization requests (RFC 9396): the elements of `authorization_details`.

use serde_json::{Map, Value, json};

use super::OAuthError;
use super::parameters::Parameters;
use crate::error::ApiError;
use crate::reply::Code;
use crate::state::{Client, Settings};
use crate::vci;

/// Members that RFC 9396 defines, as it writes them and as Authlete does.
const MEMBERS: &[(&str, &str)] = &[
    ("type", "type"),
    ("locations", "locations"),
    ("actions", "actions"),
    ("datatypes", "dataTypes"),
    ("identifier", "identifier"),
    ("privileges", "privileges"),
];

/// The elements that a request asks for, of types that service and client have.
pub(crate) fn requested(
    service: &Settings,
    client: &Client,
    parameters: &Parameters,
    code: Code,
) -> Result<Vec<Value>, OAuthError> {
    let refused = |message: &str| OAuthError::new("invalid_authorization_details", code, message);
    let Some(text) = parameters.get("authorization_details") else { return Ok(Vec::new()) };
    let elements: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|_| refused("authorization_details is not a JSON list of objects."))?;
    for element in &elements {
        let Some(kind) = element.get("type").and_then(Value::as_str) else {
            return Err(refused("An element of authorization_details has no type."));
        };
        if !service.has("supportedAuthorizationDetailsTypes", kind) {
            return Err(refused("The service does not support a type in authorization_details."));
        }
        if !client.settings.has("authorizationDetailsTypes", kind) {
            return Err(refused("The client may not use a type in authorization_details."));
        }
        if kind == vci::DETAIL_TYPE {
            vci::issuable::check(service, element).map_err(refused)?;
        }
        let is_list = |name: &str| match element.get(name) {
            None => true,
            Some(Value::Array(all)) => all.iter().all(Value::is_string),
            Some(_) => false,
        };
        let lists = ["locations", "actions", "datatypes", "privileges"].into_iter().all(is_list);
        if !lists || element.get("identifier").is_some_and(|identifier| !identifier.is_string()) {
            return Err(refused("An element of authorization_details has a member of the wrong type."));
        }
    }
    Ok(elements.into_iter().map(Value::Object).collect())
}

/// The elements of a token request: those that were granted, or some of them.
pub(crate) fn narrowed(granted: &[Value], parameters: &Parameters, code: Code) -> Result<Vec<Value>, OAuthError> {
    let Some(text) = parameters.get("authorization_details") else { return Ok(granted.to_vec()) };
    let requested: Option<Vec<Value>> = serde_json::from_str(text).ok();
    requested.filter(|all| all.iter().all(|element| granted.contains(element))).ok_or_else(|| {
        let message = "authorization_details has to be a list of elements that were granted.";
        OAuthError::new("invalid_authorization_details", code, message)
    })
}

/// The elements in the form of Authlete's answers; no value if there are none.
pub(crate) fn to_api(elements: &[Value]) -> Value {
    let convert = |element: &Value| {
        let mut others = element.as_object().cloned().unwrap_or_default();
        let mut members = Map::new();
        for (name, api_name) in MEMBERS {
            members.insert((*api_name).to_owned(), others.remove(*name).unwrap_or_default());
        }
        members.insert("otherFields".to_owned(), json!(Value::Object(others).to_string()));
        Value::Object(members)
    };
    if elements.is_empty() {
        Value::Null
    } else {
        json!({"elements": elements.iter().map(convert).collect::<Vec<_>>()})
    }
}

/// The elements that a call gives in Authlete's form, or none if it gives none.
pub(crate) fn from_api(given: Option<&Value>) -> Result<Option<Vec<Value>>, ApiError> {
    let wrong = || ApiError::invalid("The member authorizationDetails has no list of elements with types.");
    let elements = match given {
        None | Some(Value::Null) => return Ok(None),
        Some(given) => given["elements"].as_array().ok_or_else(wrong)?,
    };
    let convert = |element: &Value| {
        let mut members: Map<String, Value> = match element["otherFields"].as_str() {
            Some(text) => serde_json::from_str(text).ok()?,
            None => Map::new(),
        };
        for (name, api_name) in MEMBERS {
            if !element[*api_name].is_null() {
                members.insert((*name).to_owned(), element[*api_name].clone());
            }
        }
        element["type"].is_string().then_some(Value::Object(members))
    };
    elements.iter().map(|element| convert(element).ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::{from_api, to_api};
    use serde_json::json;

    #[test]
    fn elements_survive_the_way_to_authletes_form_and_back() {
        let elements = vec![json!({"type": "payment", "datatypes": ["a"], "amount": {"value": 3}})];
        let api = to_api(&elements);
        assert_eq!((&api["elements"][0]["dataTypes"], &api["elements"][0]["type"]), (&json!(["a"]), &json!("payment")));
        assert_eq!(from_api(Some(&api)).ok().flatten(), Some(elements));
        assert!(from_api(Some(&json!({"elements": [{"actions": []}]}))).is_err());
    }
}
