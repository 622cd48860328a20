//! `info_api`, `lifecycle_healthcheck_api` and `misc_echo_api`.

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// The version and the features: those that are implemented, so none of the optional ones yet.
pub(crate) fn info(_: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Json(json!({"version": concat!("authlete-emulator ", env!("CARGO_PKG_VERSION")), "features": []})))
}

/// Says that the server runs.
pub(crate) fn healthcheck(_: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Text("OK"))
}

/// Gives the query parameters back.
pub(crate) fn echo(request: &Request) -> Result<Reply, ApiError> {
    let members: Map<String, Value> = request.query.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    Ok(Reply::Json(Value::Object(members)))
}
