//! Client metadata (RFC 7591 and its extensions) and the settings of a client that they become.

use serde_json::{Map, Value, json};

use crate::oauth::names::{self, Names};
use crate::state::Settings;

/// How a value is written on either side.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    Flag,
    Number,
    OneOf(Names),
    SomeOf(Names),
    /// A string, with variants for languages (`client_name#ja`), which go to the list of this name.
    Localized(&'static str),
    /// A JSON object, which the setting holds as a string.
    Document,
}

/// Metadata, setting, form.
const MEMBERS: &[(&str, &str, Form)] = &[
    ("redirect_uris", "redirectUris", Form::Texts),
    ("token_endpoint_auth_method", "tokenAuthMethod", Form::OneOf(names::AUTH_METHODS)),
    ("token_endpoint_auth_signing_alg", "tokenAuthSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("grant_types", "grantTypes", Form::SomeOf(names::GRANT_TYPES)),
    ("response_types", "responseTypes", Form::SomeOf(names::RESPONSE_TYPES)),
    ("response_modes", "responseModes", Form::SomeOf(names::RESPONSE_MODES)),
    ("client_name", "clientName", Form::Localized("clientNames")),
    ("client_uri", "clientUri", Form::Localized("clientUris")),
    ("logo_uri", "logoUri", Form::Localized("logoUris")),
    ("tos_uri", "tosUri", Form::Localized("tosUris")),
    ("policy_uri", "policyUri", Form::Localized("policyUris")),
    ("contacts", "contacts", Form::Texts),
    ("jwks_uri", "jwksUri", Form::Text),
    ("signed_jwks_uri", "signedJwksUri", Form::Text),
    ("jwks", "jwks", Form::Document),
    ("software_id", "softwareId", Form::Text),
    ("software_version", "softwareVersion", Form::Text),
    ("organization_name", "organizationName", Form::Text),
    ("application_type", "applicationType", Form::OneOf(names::APPLICATION_TYPES)),
    ("sector_identifier_uri", "sectorIdentifierUri", Form::Text),
    ("subject_type", "subjectType", Form::OneOf(names::SUBJECT_TYPES)),
    ("id_token_signed_response_alg", "idTokenSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("id_token_encrypted_response_alg", "idTokenEncryptionAlg", Form::OneOf(names::JWE_ALGORITHMS)),
    ("id_token_encrypted_response_enc", "idTokenEncryptionEnc", Form::OneOf(names::JWE_ENCODINGS)),
    ("userinfo_signed_response_alg", "userInfoSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("userinfo_encrypted_response_alg", "userInfoEncryptionAlg", Form::OneOf(names::JWE_ALGORITHMS)),
    ("userinfo_encrypted_response_enc", "userInfoEncryptionEnc", Form::OneOf(names::JWE_ENCODINGS)),
    ("request_object_signing_alg", "requestSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("request_object_encryption_alg", "requestEncryptionAlg", Form::OneOf(names::JWE_ALGORITHMS)),
    ("request_object_encryption_enc", "requestEncryptionEnc", Form::OneOf(names::JWE_ENCODINGS)),
    ("authorization_signed_response_alg", "authorizationSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("authorization_encrypted_response_alg", "authorizationEncryptionAlg", Form::OneOf(names::JWE_ALGORITHMS)),
    ("authorization_encrypted_response_enc", "authorizationEncryptionEnc", Form::OneOf(names::JWE_ENCODINGS)),
    ("default_max_age", "defaultMaxAge", Form::Number),
    ("require_auth_time", "authTimeRequired", Form::Flag),
    ("default_acr_values", "defaultAcrs", Form::Texts),
    ("initiate_login_uri", "loginUri", Form::Text),
    ("request_uris", "requestUris", Form::Texts),
    ("tls_client_auth_subject_dn", "tlsClientAuthSubjectDn", Form::Text),
    ("tls_client_auth_san_dns", "tlsClientAuthSanDns", Form::Text),
    ("tls_client_auth_san_uri", "tlsClientAuthSanUri", Form::Text),
    ("tls_client_auth_san_ip", "tlsClientAuthSanIp", Form::Text),
    ("tls_client_auth_san_email", "tlsClientAuthSanEmail", Form::Text),
    ("tls_client_certificate_bound_access_tokens", "tlsClientCertificateBoundAccessTokens", Form::Flag),
    ("dpop_bound_access_tokens", "dpopRequired", Form::Flag),
    ("require_pushed_authorization_requests", "parRequired", Form::Flag),
    ("require_signed_request_object", "requestObjectRequired", Form::Flag),
    ("authorization_details_types", "authorizationDetailsTypes", Form::Texts),
    ("backchannel_token_delivery_mode", "bcDeliveryMode", Form::OneOf(names::DELIVERY_MODES)),
    ("backchannel_client_notification_endpoint", "bcNotificationEndpoint", Form::Text),
    ("backchannel_authentication_request_signing_alg", "bcRequestSignAlg", Form::OneOf(names::JWS_ALGORITHMS)),
    ("backchannel_user_code_parameter", "bcUserCodeRequired", Form::Flag),
    ("credential_offer_endpoint", "credentialOfferEndpoint", Form::Text),
];

/// Puts metadata among a client's settings, in the place of all metadata that was there before. Fails with what is
/// wrong. What is not known is ignored (RFC 7591, section 2), unless the service knows it as metadata of its own.
pub(super) fn apply(metadata: &Map<String, Value>, service: &Settings, settings: &mut Settings) -> Result<(), String> {
    for (name, setting, form) in MEMBERS {
        settings.0.remove(*setting);
        if let Form::Localized(list) = form {
            settings.0.remove(*list);
            let variants = localized(metadata, name);
            if !variants.is_empty() {
                settings.set(list, Value::Array(variants));
            }
        }
        let given = metadata.get(*name).filter(|value| !value.is_null());
        if let Some(value) = given {
            let value = form.setting(value).ok_or_else(|| format!("The value of {name} is none that it can have."))?;
            settings.set(setting, value);
        }
    }
    settings.0.remove("customMetadata");
    let custom: Map<String, Value> = service
        .strings("supportedCustomClientMetadata")
        .filter_map(|name| Some((name.to_owned(), metadata.get(name)?.clone())))
        .collect();
    if !custom.is_empty() {
        settings.set("customMetadata", json!(Value::Object(custom).to_string()));
    }
    Ok(())
}

/// The variants of a member for languages: `client_name#ja` is the one for Japanese.
fn localized(metadata: &Map<String, Value>, name: &str) -> Vec<Value> {
    let variant = |(key, value): (&String, &Value)| {
        let tag = key.strip_prefix(name)?.strip_prefix('#')?;
        Some(json!({"tag": tag, "value": value.as_str()?}))
    };
    metadata.iter().filter_map(variant).collect()
}

/// The metadata of a client, as its settings have them.
pub(super) fn read(settings: &Settings) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (name, setting, form) in MEMBERS {
        if let Some(value) = settings.0.get(*setting).and_then(|value| form.metadata(value)) {
            metadata.insert((*name).to_owned(), value);
        }
        if let Form::Localized(list) = form {
            for variant in settings.objects(list) {
                if let (Some(tag), Some(value)) = (variant.get("tag").and_then(Value::as_str), variant.get("value")) {
                    metadata.insert(format!("{name}#{tag}"), value.clone());
                }
            }
        }
    }
    if let Some(Ok(Value::Object(custom))) = settings.string("customMetadata").map(serde_json::from_str) {
        metadata.extend(custom);
    }
    metadata
}

impl Form {
    /// The value of the setting, if the metadata can have this one.
    fn setting(self, value: &Value) -> Option<Value> {
        let all = |convert: &dyn Fn(&str) -> Option<Value>| {
            value.as_array()?.iter().map(|one| convert(one.as_str()?)).collect::<Option<Vec<Value>>>().map(Value::Array)
        };
        match self {
            Self::Text | Self::Localized(_) => value.as_str().map(|text| json!(text)),
            Self::Texts => all(&|text| Some(json!(text))),
            Self::Flag => value.as_bool().map(|flag| json!(flag)),
            Self::Number => value.as_u64().map(|number| json!(number)),
            Self::OneOf(names) => names::setting(names, value.as_str()?).map(|name| json!(name)),
            // The words of a response type have no order (RFC 6749, section 3.1.1).
            Self::SomeOf(names) => all(&|text| {
                let mut words: Vec<&str> = text.split(' ').collect();
                words.sort_unstable();
                names::setting(names, &words.join(" ")).map(|name| json!(name))
            }),
            Self::Document => value.is_object().then(|| json!(value.to_string())),
        }
    }

    /// The value in metadata, if the setting has one.
    fn metadata(self, value: &Value) -> Option<Value> {
        match self {
            Self::Text | Self::Localized(_) => value.as_str().filter(|text| !text.is_empty()).map(|text| json!(text)),
            Self::Texts => value.is_array().then(|| value.clone()),
            Self::Flag | Self::Number => (!value.is_null()).then(|| value.clone()),
            Self::OneOf(names) => names::metadata(names, value.as_str()?).map(|name| json!(name)),
            Self::SomeOf(names) => {
                let names = value.as_array()?.iter().filter_map(|one| names::metadata(names, one.as_str()?));
                Some(json!(names.collect::<Vec<_>>()))
            }
            Self::Document => serde_json::from_str(value.as_str()?).ok(),
        }
    }
}
