//! Settings of a service or a client that the emulator does not act on yet. They are refused where they are set: a
//! response that ignored them would be a false one. `settings.toml` has the reason for each.

use serde_json::Value;

use super::haip;
use crate::error::ApiError;
use crate::state::Settings;

/// Settings of a service.
const SERVICE: &[&str] = &["tokenBatchNotificationEndpoint", "verifiedClaimsValidationSchemaSet"];

/// Fails, naming the setting, if a service has one that is not implemented.
pub(crate) fn check_service(settings: &Settings) -> Result<(), ApiError> {
    check_haip("service", settings)?;
    refuse(settings, SERVICE)
}

/// Fails, naming the setting, if a client has one that is not implemented.
pub(crate) fn check_client(settings: &Settings) -> Result<(), ApiError> {
    check_haip("client", settings)
}

fn check_haip(owner: &str, settings: &Settings) -> Result<(), ApiError> {
    match settings.string("haipVersion") {
        None | Some("" | haip::VERSION) => Ok(()),
        Some(other) => Err(ApiError::not_implemented(format!("the value {other} of the {owner} setting haipVersion"))),
    }
}

fn refuse(settings: &Settings, names: &[&str]) -> Result<(), ApiError> {
    let is_set = |name: &&&str| match settings.0.get(**name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(elements)) => !elements.is_empty(),
        // Numbers are 0 unless somebody sets them.
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(_) => true,
    };
    match names.iter().find(is_set) {
        Some(name) => Err(ApiError::not_implemented(format!("the service setting {name}"))),
        None => Ok(()),
    }
}
