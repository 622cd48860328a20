//! `info_api`, `lifecycle_healthcheck_api` and `misc_echo_api`.

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// The version of Authlete that is imitated, and by what.
const VERSION: &str = concat!("3.0.32 (authlete-emulator ", env!("CARGO_PKG_VERSION"), ")");

/// The optional features that are implemented, by Authlete's names.
const FEATURES: [&str; 7] = ["ciba", "dcr", "deviceflow", "fapi", "gm", "hsm", "oidc_federation"];

/// The version and the features.
pub(crate) fn info(_: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Json(json!({"version": VERSION, "features": FEATURES})))
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
