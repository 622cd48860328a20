//! Settings of a service or a client that the emulator does not act on yet. A request under such a setting is refused,
//! because a response that ignored it would be a false one.

use serde_json::Value;

use crate::error::ApiError;
use crate::state::{Client, Settings};

/// Settings of both that change what a request must look like or what it yields.
const COMMON: &[&str] = &["fapiModes"];

/// Settings of a service alone.
const SERVICE: &[&str] = &["accessTokenForExternalAttachmentEmbedded", "supportedServiceProfiles"];

/// Settings of a client alone.
const CLIENT: &[&str] = &["rsRequestSigned"];

/// Fails, naming the setting, if the service or the client has one that is not implemented.
pub(crate) fn refuse_settings(service: &Settings, client: &Client) -> Result<(), ApiError> {
    refuse("service", service, COMMON)?;
    refuse("service", service, SERVICE)?;
    refuse("client", &client.settings, COMMON)?;
    refuse("client", &client.settings, CLIENT)
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
