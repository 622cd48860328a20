//! An order: what the issuer's server wants done about a credential request.

use serde_json::{Map, Value};

use super::format::{Credential, Format, FormatError};
use super::issuer::Configuration;
use super::keys;
use super::{Issuer, Refusal};
use crate::error::ApiError;
use crate::jose::Jwk;
use crate::oauth::haip;
use crate::reply::Code;
use crate::state::{CredentialRequest, Settings};

const NO_ORDER: Code = "A900701";
const NO_REQUEST: Code = "A900702";
const PAYLOAD: Code = "A900703";
const KEY: Code = "A900704";
const CONFIGURATION: Code = "A900705";

/// An order as a call has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) request: String,
    pub(crate) deferred: bool,
    payload: Option<String>,
    /// Seconds: of the service's own where it is 0, without an end where it is negative.
    duration: i64,
    key_id: Option<String>,
}

impl Order {
    pub(crate) fn read(value: Option<&Value>) -> Result<Self, Refusal> {
        let Some(Value::Object(members)) = value else {
            return Err(Refusal::caller(NO_ORDER, "The call has no order."));
        };
        let string = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(ApiError::invalid(format!("The member {name} of an order is not a string."))),
        };
        let Some(request) = string("requestIdentifier")? else {
            return Err(Refusal::caller(NO_REQUEST, "The order has no requestIdentifier."));
        };
        let duration = match members.get("credentialDuration") {
            None | Some(Value::Null) => 0,
            Some(value) => value
                .as_i64()
                .ok_or_else(|| ApiError::invalid("The member credentialDuration of an order is not a whole number."))?,
        };
        Ok(Self {
            request,
            deferred: members.get("issuanceDeferred").and_then(Value::as_bool).unwrap_or(false),
            payload: string("credentialPayload")?,
            duration,
            key_id: string("signingKeyId")?,
        })
    }

    /// The credentials: one for each key of the request, or one that is bound to none.
    pub(crate) fn make(
        &self,
        service: &Settings,
        record: &CredentialRequest,
        now: u64,
    ) -> Result<Vec<String>, Refusal> {
        let issuer = Issuer::of(service);
        let Some(configuration) = issuer.configuration(&record.configuration_id) else {
            return Err(Refusal::caller(CONFIGURATION, "The issuer no longer has the configuration of the request."));
        };
        let payload = self.payload()?;
        let signer = keys::signer(service, configuration, self.key_id.as_deref())?;
        let is_sd_jwt = matches!(configuration.format(), Some(Format::SdJwt(_)));
        if is_sd_jwt && haip::is_set(service) {
            haip::check_signer(&signer.jwk).map_err(|message| Refusal::service(KEY, message))?;
        }
        let duration = match self.duration {
            0 => Some(service.number("credentialDuration")).filter(|seconds| *seconds > 0),
            seconds => u64::try_from(seconds).ok(),
        };
        let make = |key: Option<&Jwk>| {
            let credential = Credential {
                issuer: issuer.identifier(),
                payload: &payload,
                key,
                signer: &signer,
                now: now / 1000,
                duration,
            };
            make(configuration, &credential)
        };
        match record.keys.as_slice() {
            [] => Ok(vec![make(None)?]),
            keys => keys.iter().map(|key| make(Some(key))).collect(),
        }
    }

    fn payload(&self) -> Result<Map<String, Value>, Refusal> {
        let text = self.payload.as_deref().unwrap_or_default();
        serde_json::from_str(text).map_err(|_| {
            Refusal::caller(PAYLOAD, "The credentialPayload of the order is not a JSON object in a string.")
        })
    }
}

fn make(configuration: Configuration<'_>, credential: &Credential<'_>) -> Result<String, Refusal> {
    let Some(format) = configuration.format() else {
        let format = configuration.string("format").unwrap_or_default();
        return Err(ApiError::not_implemented(format!("credentials in the format {format}")).into());
    };
    format.make(credential).map_err(|error| match error {
        FormatError::Payload(message) => Refusal::caller(PAYLOAD, message),
        FormatError::Key(message) => Refusal::service(KEY, message),
        FormatError::Failed(error) => error.into(),
    })
}
