//! Settings of a service or a client that the emulator does not act on yet. They are refused where they are set: a
//! response that ignored them would be a false one. `settings.toml` has the reason for each.

use serde_json::Value;

use crate::error::ApiError;
use crate::state::Settings;

/// Settings of a service.
const SERVICE: &[&str] = &[
    "accessTokenForExternalAttachmentEmbedded",
    "haipVersion",
    "tokenBatchNotificationEndpoint",
    "verifiedClaimsValidationSchemaSet",
];

/// Settings of a client.
const CLIENT: &[&str] = &["haipVersion"];

/// Fails, naming the setting, if a service has one that is not implemented.
pub(crate) fn check_service(settings: &Settings) -> Result<(), ApiError> {
    refuse("service", settings, SERVICE)
}

/// Fails, naming the setting, if a client has one that is not implemented.
pub(crate) fn check_client(settings: &Settings) -> Result<(), ApiError> {
    refuse("client", settings, CLIENT)
}

fn refuse(owner: &str, settings: &Settings, names: &[&str]) -> Result<(), ApiError> {
    let is_set = |name: &&&str| match settings.0.get(**name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(elements)) => !elements.is_empty(),
        // Numbers are 0 unless somebody sets them.
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(_) => true,
    };
    match names.iter().find(is_set) {
        Some(name) => Err(ApiError::not_implemented(format!("the {owner} setting {name}"))),
        None => Ok(()),
    }
}
