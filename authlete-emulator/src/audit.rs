//! Which calls the audit log tells of, and what it tells.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::ops::Caller;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::AuditEntry;

/// Operations that change a service or a client, and the events that they are.
const EVENTS: &[(&str, &str)] = &[
    ("client_create_api", "client.create"),
    ("client_delete_api", "client.delete"),
    ("client_extension_requestables_scopes_delete_api", "client.update"),
    ("client_extension_requestables_scopes_update_api", "client.update"),
    ("client_extension_requestables_scopes_update_api_post", "client.update"),
    ("client_flag_update_api", "client.update"),
    ("client_registration_api", "client.create"),
    ("client_registration_delete_api", "client.delete"),
    ("client_registration_update_api", "client.update"),
    ("client_secret_refresh_api", "client.update"),
    ("client_secret_update_api", "client.update"),
    ("client_update_api", "client.update"),
    ("federation_registration_api", "client.create"),
    ("service_create_api", "service.create"),
    ("service_create_idp_api", "service.create"),
    ("service_delete_api", "service.delete"),
    ("service_remove_idp_api", "service.delete"),
    ("service_update_api", "service.update"),
];

/// Actions with which such an operation has done something.
const DONE: &[&str] = &["CREATED", "DELETED", "OK", "UPDATED"];

/// The events that there are, each once.
pub(crate) fn events() -> Vec<&'static str> {
    let mut events: Vec<&str> = EVENTS.iter().map(|(_, event)| *event).collect();
    events.sort_unstable();
    events.dedup();
    events
}

/// The entry for a call, if the log tells of such.
pub(crate) fn entry(
    caller: Caller,
    request: &Request,
    result: &Result<Reply, ApiError>,
    head: &Parts,
) -> Option<AuditEntry> {
    let (_, event) = EVENTS.iter().find(|(operation, _)| *operation == request.operation.id)?;
    let reply = match result {
        Ok(Reply::Json(value) | Reply::Created(value)) => Some(value),
        _ => None,
    };
    let action = reply.and_then(|reply| reply["action"].as_str());
    let user_agent = head.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Some(AuditEntry {
        event: (*event).to_owned(),
        completed: result.is_ok() && action.is_none_or(|action| DONE.contains(&action)),
        at: request.now,
        path: head.uri.path().to_owned(),
        remote_address: head.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_string()),
        user_agent: user_agent.map(str::to_owned),
        user: match caller {
            Caller::Organization => "organization token".to_owned(),
            Caller::Service(id) => format!("token of the service {id}"),
        },
        details: details(request, reply),
    })
}

/// Which service and which client it was about.
fn details(request: &Request, reply: Option<&Value>) -> Map<String, Value> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok()).map(Value::from);
    let in_path = |name: &str| request.path.get(name).and_then(|text| number(&Value::from(text.as_str())));
    let in_body = |name: &str| request.body.members.get(name).and_then(number);
    let service = in_path("serviceId").or_else(|| in_body("serviceId"));
    let service = service.or_else(|| reply.and_then(|reply| number(&reply["apiKey"])));
    let client = in_path("clientId").or_else(|| in_path("clientIdentifier"));
    let client = client.or_else(|| reply.and_then(|reply| number(&reply["clientId"])));
    let client = client.or_else(|| reply.and_then(|reply| number(&reply["client"]["clientId"])));
    let members = [("serviceId", service), ("clientId", client)];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::EVENTS;
    use crate::generated::OPERATIONS;

    #[test]
    fn events_are_of_operations_that_there_are() {
        assert!(EVENTS.is_sorted());
        for (id, _) in EVENTS {
            assert!(OPERATIONS.iter().any(|operation| operation.id == *id), "{id}");
        }
    }
}
