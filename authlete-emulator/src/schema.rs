//! What the settings of services and clients have to be. Members that nobody knows are kept as they are.

mod typed;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::generated;
use crate::oauth::redirect_uri;
use crate::operation::{Member, Object, Shape};
use crate::state::Settings;

/// Lifetimes where the service sets none, in seconds.
pub(crate) const ACCESS_TOKEN_SECONDS: u64 = 86_400;
pub(crate) const REFRESH_TOKEN_SECONDS: u64 = 864_000;
pub(crate) const ID_TOKEN_SECONDS: u64 = 86_400;
pub(crate) const CODE_SECONDS: u64 = 600;
pub(crate) const TICKET_SECONDS: u64 = 3_600;
pub(crate) const DEVICE_CODE_SECONDS: u64 = 600;
pub(crate) const AUTH_REQ_ID_SECONDS: u64 = 600;
/// Between two token requests, for the device flow and CIBA alike (RFC 8628, section 3.2).
pub(crate) const POLLING_SECONDS: u64 = 5;

/// A lifetime beyond this (about a hundred years) is refused: sums of times must stay within 63 bits.
pub(crate) const LONGEST_SECONDS: u64 = 3_153_600_000;

/// What the description cannot say of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Seconds,
    NotNegative,
    RedirectUris,
    Scopes,
    /// A JWK set (RFC 7517) as a string.
    KeySet,
}

/// The members of a service, and the rules that the description does not have.
pub(crate) const SERVICE: Schema = Schema {
    members: &generated::SERVICE,
    rules: &[
        ("accessTokenDuration", Rule::Seconds),
        ("allowableClockSkew", Rule::Seconds),
        ("authorizationCodeDuration", Rule::Seconds),
        ("authorizationResponseDuration", Rule::Seconds),
        ("backchannelAuthReqIdDuration", Rule::Seconds),
        ("backchannelPollingInterval", Rule::Seconds),
        ("deviceFlowCodeDuration", Rule::Seconds),
        ("deviceFlowPollingInterval", Rule::Seconds),
        ("dpopNonceDuration", Rule::Seconds),
        ("idTokenDuration", Rule::Seconds),
        ("jwks", Rule::KeySet),
        ("pushedAuthReqDuration", Rule::Seconds),
        ("refreshTokenDuration", Rule::Seconds),
        ("supportedScopes", Rule::Scopes),
        ("userCodeLength", Rule::NotNegative),
    ],
};

/// The members of a client, and the rules that the description does not have.
pub(crate) const CLIENT: Schema = Schema {
    members: &generated::CLIENT,
    rules: &[("defaultMaxAge", Rule::NotNegative), ("jwks", Rule::KeySet), ("redirectUris", Rule::RedirectUris)],
};

/// What the settings of a service or a client have to be.
pub(crate) struct Schema {
    members: &'static Object,
    rules: &'static [(&'static str, Rule)],
}

impl Schema {
    /// Gives what is there the form that the description has for it. Fails, naming the member, if it has none or breaks
    /// a rule. Members that the description does not know stay as they are.
    pub(crate) fn apply(&self, settings: &mut Settings) -> Result<(), ApiError> {
        typed::members(&mut settings.0, self.members, "")?;
        for (name, rule) in self.rules {
            let value = settings.0.get(*name).unwrap_or(&Value::Null);
            if !value.is_null()
                && let Err(expected) = rule.check(value)
            {
                return Err(ApiError::invalid(format!("The member {name} has to be {expected}.")));
            }
        }
        Ok(())
    }

    /// Gives flags and numbers that are not there the values that Authlete's own objects have then: `false` and 0.
    pub(crate) fn fill(&self, settings: &mut Settings) {
        for Member { name, shape, .. } in self.members.0 {
            match shape {
                Shape::Flag => settings.default(name, json!(false)),
                Shape::Integer => settings.default(name, json!(0)),
                _ => {}
            }
        }
    }

    /// The first member, with its place, that the description does not know.
    pub(crate) fn unknown(&self, settings: &Settings) -> Option<String> {
        typed::unknown(&settings.0, self.members, "")
    }
}

/// Brings an extra property into its form. Says whether it can be one: an object with a key.
pub(crate) fn is_property(value: &mut Value) -> bool {
    let Value::Object(given) = value else { return false };
    typed::members(given, &generated::PROPERTY, "").is_ok() && given.get("key").is_some_and(Value::is_string)
}

/// Whether the service has a scope of this name.
pub(crate) fn has_scope(service: &Settings, name: &str) -> bool {
    service.objects("supportedScopes").any(|scope| scope.get("name").and_then(Value::as_str) == Some(name))
}

impl Rule {
    fn check(self, value: &Value) -> Result<(), &'static str> {
        let all = |test: &dyn Fn(&Value) -> bool| value.as_array().is_some_and(|elements| elements.iter().all(test));
        let (fits, expected) = match self {
            Self::Seconds => (value.as_u64().is_some_and(|seconds| seconds <= LONGEST_SECONDS), "a number of seconds"),
            Self::NotNegative => (value.as_u64().is_some(), "a whole number from 0"),
            Self::RedirectUris => {
                (all(&|one| one.as_str().is_some_and(redirect_uri::is_acceptable)), redirect_uri::EXPECTED)
            }
            Self::KeySet => (is_key_set(value), "a JWK set as a string"),
            Self::Scopes => (all(&|one| one["name"].as_str().is_some_and(is_scope)), "a list of scopes with names"),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

fn is_key_set(value: &Value) -> bool {
    let set: Option<Value> =
        value.as_str().filter(|text| !text.is_empty()).and_then(|text| serde_json::from_str(text).ok());
    value.as_str() == Some("") || set.is_some_and(|set| set["keys"].is_array())
}

/// RFC 6749, section 3.3.
fn is_scope(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
