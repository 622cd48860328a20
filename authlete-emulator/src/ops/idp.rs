//! What Authlete serves at its identity provider: services created and removed, and the audit log. The emulator serves it at
//! the address of the rest. It has one organization, whatever number a call gives it, and one cluster.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::service;
use crate::audit;
use crate::error::ApiError;
use crate::registry::services::{self, Fixed};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{AuditEntry, Settings, State};

/// Fails if the call does not say of which organization and cluster it speaks.
fn check_place(request: &Request) -> Result<(), ApiError> {
    for name in ["organizationId", "apiServerId"] {
        if request.body.number(name)?.is_none() {
            return Err(ApiError::invalid(format!("{name} is missing.")));
        }
    }
    Ok(())
}

/// `service_create_idp_api`.
pub(crate) fn create(state: &mut State, request: &Request) -> Result<Reply, ApiError> {
    check_place(request)?;
    let settings = match request.body.members.get("service") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => members.clone(),
        Some(_) => return Err(ApiError::invalid("service is not an object.")),
    };
    let tenant = services::add(state, Settings(settings), Fixed::default(), request.now)?;
    Ok(Reply::Json(service::view(tenant)))
}

/// `service_remove_idp_api`.
pub(crate) fn remove(state: &mut State, request: &Request) -> Result<Reply, ApiError> {
    check_place(request)?;
    let id = request.body.number("serviceId")?.ok_or_else(|| ApiError::invalid("serviceId is missing."))?;
    if !state.services.contains(id) {
        return Err(ApiError::invalid(format!("There is no service {id}.")));
    }
    state.services.remove(id);
    Ok(Reply::NoContent)
}

/// `audit_types_get_idp_api`.
pub(crate) fn audit_types(_: &mut State, _: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Json(json!(audit::events())))
}

/// `audit_entries_get_idp_api`: the newest first. A page ends between two times, so it may have more entries than asked for.
pub(crate) fn audit_entries(state: &mut State, request: &Request) -> Result<Reply, ApiError> {
    let limit = match request.query("limit") {
        Some(text) => {
            text.parse::<i64>().map_err(|_| ApiError::invalid("limit is not a whole number."))?.clamp(1, 1000)
        }
        None => 100,
    };
    let after = request.query("after").map(|text| milliseconds("after", text)).transpose()?;
    let before = match request.query("cursor") {
        Some(cursor) => Some(read_cursor(cursor)?),
        None => request.query("before").map(|text| milliseconds("before", text)).transpose()?,
    };
    let types: Vec<&str> =
        request.query.iter().filter(|(name, _)| name == "types").map(|(_, value)| value.as_str()).collect();
    let mut page: Vec<&AuditEntry> = Vec::new();
    let mut next = None;
    let wanted = state.audit.newest_first().filter(|entry| {
        before.is_none_or(|before| entry.at < before)
            && after.is_none_or(|after| entry.at > after)
            && (types.is_empty() || types.contains(&entry.event.as_str()))
    });
    for entry in wanted {
        match page.last() {
            Some(last) if page.len() as i64 >= limit && entry.at != last.at => {
                next = Some(cursor(last.at));
                break;
            }
            _ => page.push(entry),
        }
    }
    let entries = page.into_iter().map(described).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::Json(json!({"entries": entries, "limit": limit, "nextCursor": next})))
}

fn described(entry: &AuditEntry) -> Result<Value, ApiError> {
    let nanoseconds = i128::from(entry.at) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_err(ApiError::internal)?;
    Ok(json!({
        "event": entry.event,
        "status": if entry.completed { "completed" } else { "failed" },
        "timestamp": time.format(&Rfc3339).map_err(ApiError::internal)?,
        "cluster": "emulator",
        "path": entry.path,
        "remoteAddr": entry.remote_address,
        "userAgent": entry.user_agent,
        "user": entry.user,
        "details": entry.details,
    }))
}

fn milliseconds(name: &str, text: &str) -> Result<u64, ApiError> {
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let milliseconds = time.ok().and_then(|time| u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok());
    milliseconds.ok_or_else(|| ApiError::invalid(format!("{name} is not a date and time like 2026-06-01T12:34:56Z.")))
}

/// Goes on with what is older than this time.
fn cursor(at: u64) -> String {
    URL_SAFE_NO_PAD.encode(at.to_string())
}

fn read_cursor(cursor: &str) -> Result<u64, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let at = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    at.ok_or_else(|| ApiError::invalid("cursor is not one that a page has had as nextCursor."))
}
