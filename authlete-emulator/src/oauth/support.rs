//! Settings of a service or a client that the emulator does not act on yet. A request under such a setting is refused,
//! because a response that ignored it would be a false one.

use serde_json::Value;

use crate::error::ApiError;
use crate::state::{Client, Settings};

/// Settings of a service alone.
const SERVICE: &[&str] = &["accessTokenForExternalAttachmentEmbedded"];

/// Fails, naming the setting, if the service or the client has one that is not implemented.
pub(crate) fn refuse_settings(service: &Settings, client: &Client) -> Result<(), ApiError> {
    for mode in ["FAPI2_MESSAGE_SIGNING_RESOURCE_REQ", "FAPI2_MESSAGE_SIGNING_RESOURCE_RES"] {
        if service.has("fapiModes", mode) || client.settings.has("fapiModes", mode) {
            return Err(ApiError::not_implemented(format!("the value {mode} of the setting fapiModes")));
        }
    }
    refuse("service", service, SERVICE)?;
    Ok(())
}

fn refuse(owner: &str, settings: &Settings, names: &[&str]) -> Result<(), ApiError> {
    let is_set = |name: &&&str| match settings.0.get(**name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(elements)) => !elements.is_empty(),
        Some(_) => true,
    };
    match names.iter().find(is_set) {
        Some(name) => Err(ApiError::not_implemented(format!("the {owner} setting {name}"))),
        None => Ok(()),
    }
}
