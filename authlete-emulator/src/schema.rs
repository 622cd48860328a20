//! What the emulator requires of the settings that it acts on. Members it does not know are kept as they are.

use serde_json::Value;
use url::Url;

use crate::error::ApiError;
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

/// The form of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Flag,
    Seconds,
    Number,
    Text,
    OneOf(&'static [&'static str]),
    SomeOf(&'static [&'static str]),
    RedirectUris,
    Scopes,
    /// A JWK set (RFC 7517) as a text.
    KeySet,
}

/// The names of the grant types.
pub(crate) const GRANT_TYPES: &[&str] = &[
    "AUTHORIZATION_CODE",
    "IMPLICIT",
    "PASSWORD",
    "CLIENT_CREDENTIALS",
    "REFRESH_TOKEN",
    "CIBA",
    "DEVICE_CODE",
    "TOKEN_EXCHANGE",
    "JWT_BEARER",
    "PRE_AUTHORIZED_CODE",
];

const RESPONSE_TYPES: &[&str] =
    &["NONE", "CODE", "TOKEN", "ID_TOKEN", "CODE_TOKEN", "CODE_ID_TOKEN", "ID_TOKEN_TOKEN", "CODE_ID_TOKEN_TOKEN"];

const DELIVERY_MODES: &[&str] = &["POLL", "PING", "PUSH"];

const AUTH_METHODS: &[&str] = &[
    "NONE",
    "CLIENT_SECRET_BASIC",
    "CLIENT_SECRET_POST",
    "CLIENT_SECRET_JWT",
    "PRIVATE_KEY_JWT",
    "TLS_CLIENT_AUTH",
    "SELF_SIGNED_TLS_CLIENT_AUTH",
    "ATTEST_JWT_CLIENT_AUTH",
];

/// The members of a service.
pub(crate) const SERVICE: &[(&str, Form)] = &[
    ("accessTokenDuration", Form::Seconds),
    ("accessTokenSignAlg", Form::Text),
    ("accessTokenType", Form::Text),
    ("allowableClockSkew", Form::Seconds),
    ("authorizationCodeDuration", Form::Seconds),
    ("authorizationResponseDuration", Form::Seconds),
    ("backchannelAuthReqIdDuration", Form::Seconds),
    ("backchannelPollingInterval", Form::Seconds),
    ("backchannelUserCodeParameterSupported", Form::Flag),
    ("claimShortcutRestrictive", Form::Flag),
    ("clientAssertionAudRestrictedToIssuer", Form::Flag),
    ("clientIdAliasEnabled", Form::Flag),
    ("dcrDuplicateSoftwareIdBlocked", Form::Flag),
    ("dcrScopeUsedAsRequestable", Form::Flag),
    ("dynamicRegistrationSupported", Form::Flag),
    ("deviceFlowCodeDuration", Form::Seconds),
    ("deviceFlowPollingInterval", Form::Seconds),
    ("deviceVerificationUri", Form::Text),
    ("deviceVerificationUriComplete", Form::Text),
    ("dpopNonceDuration", Form::Seconds),
    ("dpopNonceRequired", Form::Flag),
    ("errorDescriptionOmitted", Form::Flag),
    ("errorUriOmitted", Form::Flag),
    ("idTokenDuration", Form::Seconds),
    ("idTokenReissuable", Form::Flag),
    ("issSuppressed", Form::Flag),
    ("issuer", Form::Text),
    ("jwks", Form::KeySet),
    ("jwtGrantByIdentifiableClientsOnly", Form::Flag),
    ("jwtGrantEncryptedJwtRejected", Form::Flag),
    ("jwtGrantUnsignedJwtRejected", Form::Flag),
    ("loopbackRedirectionUriVariable", Form::Flag),
    ("nativeSsoSupported", Form::Flag),
    ("openidDroppedOnRefreshWithoutOfflineAccess", Form::Flag),
    ("parRequired", Form::Flag),
    ("pkceRequired", Form::Flag),
    ("pkceS256Required", Form::Flag),
    ("pushedAuthReqDuration", Form::Seconds),
    ("refreshTokenDuration", Form::Seconds),
    ("refreshTokenDurationKept", Form::Flag),
    ("refreshTokenDurationReset", Form::Flag),
    ("refreshTokenIdempotent", Form::Flag),
    ("refreshTokenKept", Form::Flag),
    ("requestObjectAudienceChecked", Form::Flag),
    ("requestObjectRequired", Form::Flag),
    ("scopeRequired", Form::Flag),
    ("serviceName", Form::Text),
    ("singleAccessTokenPerSubject", Form::Flag),
    ("supportedBackchannelTokenDeliveryModes", Form::SomeOf(DELIVERY_MODES)),
    ("supportedGrantTypes", Form::SomeOf(GRANT_TYPES)),
    ("supportedResponseTypes", Form::SomeOf(RESPONSE_TYPES)),
    ("supportedScopes", Form::Scopes),
    ("supportedTokenAuthMethods", Form::SomeOf(AUTH_METHODS)),
    ("tlsClientCertificateBoundAccessTokens", Form::Flag),
    ("tokenEndpoint", Form::Text),
    ("tokenExchangeByConfidentialClientsOnly", Form::Flag),
    ("tokenExchangeByIdentifiableClientsOnly", Form::Flag),
    ("tokenExchangeByPermittedClientsOnly", Form::Flag),
    ("tokenExchangeEncryptedJwtRejected", Form::Flag),
    ("tokenExchangeUnsignedJwtRejected", Form::Flag),
    ("tokenExpirationLinked", Form::Flag),
    ("traditionalRequestObjectProcessingApplied", Form::Flag),
    ("unauthorizedOnClientConfigSupported", Form::Flag),
    ("userCodeCharset", Form::OneOf(&["BASE20", "NUMERIC"])),
    ("userCodeLength", Form::Number),
];

/// The members of a client.
pub(crate) const CLIENT: &[(&str, Form)] = &[
    ("applicationType", Form::OneOf(&["WEB", "NATIVE"])),
    ("authTimeRequired", Form::Flag),
    ("bcDeliveryMode", Form::OneOf(DELIVERY_MODES)),
    ("bcNotificationEndpoint", Form::Text),
    ("bcRequestSignAlg", Form::Text),
    ("bcUserCodeRequired", Form::Flag),
    ("clientIdAlias", Form::Text),
    ("clientIdAliasEnabled", Form::Flag),
    ("clientName", Form::Text),
    ("clientType", Form::OneOf(&["PUBLIC", "CONFIDENTIAL"])),
    ("defaultMaxAge", Form::Number),
    ("developer", Form::Text),
    ("dpopRequired", Form::Flag),
    ("grantTypes", Form::SomeOf(GRANT_TYPES)),
    ("idTokenSignAlg", Form::Text),
    ("jwks", Form::KeySet),
    ("jwksUri", Form::Text),
    ("locked", Form::Flag),
    ("parRequired", Form::Flag),
    ("pkceRequired", Form::Flag),
    ("pkceS256Required", Form::Flag),
    ("redirectUris", Form::RedirectUris),
    ("requestObjectRequired", Form::Flag),
    ("responseTypes", Form::SomeOf(RESPONSE_TYPES)),
    ("singleAccessTokenPerSubject", Form::Flag),
    ("subjectType", Form::OneOf(&["PUBLIC", "PAIRWISE"])),
    ("tlsClientCertificateBoundAccessTokens", Form::Flag),
    ("tokenAuthMethod", Form::OneOf(AUTH_METHODS)),
    ("userInfoSignAlg", Form::Text),
];

/// Whether the service has a scope of this name.
pub(crate) fn has_scope(service: &Settings, name: &str) -> bool {
    service.objects("supportedScopes").any(|scope| scope.get("name").and_then(Value::as_str) == Some(name))
}

/// The names of the boolean members.
pub(crate) fn flags(members: &'static [(&str, Form)]) -> impl Iterator<Item = &'static str> {
    members.iter().filter(|(_, form)| *form == Form::Flag).map(|(name, _)| *name)
}

/// Fails, naming the member, if one does not have the form it must have.
pub(crate) fn check(members: &[(&str, Form)], settings: &Settings) -> Result<(), ApiError> {
    for (name, form) in members {
        let value = settings.0.get(*name).unwrap_or(&Value::Null);
        if !value.is_null()
            && let Err(expected) = form.check(value)
        {
            return Err(ApiError::invalid(format!("The member {name} has to be {expected}.")));
        }
    }
    Ok(())
}

impl Form {
    fn check(self, value: &Value) -> Result<(), &'static str> {
        let all = |test: &dyn Fn(&Value) -> bool| value.as_array().is_some_and(|elements| elements.iter().all(test));
        let (fits, expected) = match self {
            Self::Flag => (value.is_boolean(), "true or false"),
            Self::Seconds => (value.as_u64().is_some_and(|seconds| seconds <= LONGEST_SECONDS), "a number of seconds"),
            Self::Number => (value.as_u64().is_some(), "a whole number from 0"),
            Self::Text => (value.is_string(), "a text"),
            Self::OneOf(names) => (is_one_of(value, names), "one of the names that Authlete defines for it"),
            Self::SomeOf(names) => (all(&|one| is_one_of(one, names)), "a list of names that Authlete defines for it"),
            Self::RedirectUris => (all(&is_redirect_uri), "a list of absolute URIs without a fragment"),
            Self::KeySet => (is_key_set(value), "a JWK set as a text"),
            Self::Scopes => (all(&|one| one["name"].as_str().is_some_and(is_scope)), "a list of scopes with names"),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

fn is_one_of(value: &Value, names: &[&str]) -> bool {
    value.as_str().is_some_and(|text| names.contains(&text))
}

/// RFC 6749, section 3.1.2.
fn is_redirect_uri(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Url::parse(text).is_ok_and(|url| url.fragment().is_none()))
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
