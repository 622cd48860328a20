//! `service_configuration_api`: the discovery document (OpenID Connect Discovery 1.0, RFC 8414), made of the settings.

use json_patch::Patch;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::jose::Algorithm;
use crate::jose::jwe::{Encoding, Management};
use crate::oauth::names::{self, Names};
use crate::oauth::transformed_claims::FUNCTIONS;
use crate::reply::{self, Reply};
use crate::request::Request;
use crate::state::{Settings, Tenant};
use crate::vci;

/// Members that stand in the document as they stand among the settings.
const PLAIN: &[(&str, &str)] = &[
    ("digest_algorithms_supported", "supportedDigestAlgorithms"),
    ("documents_supported", "supportedDocuments"),
    ("documents_check_methods_supported", "supportedDocumentsCheckMethods"),
    ("documents_methods_supported", "supportedDocumentsMethods"),
    ("documents_validation_methods_supported", "supportedDocumentsValidationMethods"),
    ("documents_verification_methods_supported", "supportedDocumentsVerificationMethods"),
    ("electronic_records_supported", "supportedElectronicRecords"),
    ("issuer", "issuer"),
    ("authorization_endpoint", "authorizationEndpoint"),
    ("token_endpoint", "tokenEndpoint"),
    ("userinfo_endpoint", "userInfoEndpoint"),
    ("jwks_uri", "jwksUri"),
    ("signed_jwks_uri", "signedJwksUri"),
    ("challenge_endpoint", "challengeEndpoint"),
    ("registration_endpoint", "registrationEndpoint"),
    ("revocation_endpoint", "revocationEndpoint"),
    ("introspection_endpoint", "introspectionEndpoint"),
    ("end_session_endpoint", "endSessionEndpoint"),
    ("device_authorization_endpoint", "deviceAuthorizationEndpoint"),
    ("backchannel_authentication_endpoint", "backchannelAuthenticationEndpoint"),
    ("pushed_authorization_request_endpoint", "pushedAuthReqEndpoint"),
    ("grant_management_endpoint", "grantManagementEndpoint"),
    ("acr_values_supported", "supportedAcrs"),
    ("claims_supported", "supportedClaims"),
    ("claims_locales_supported", "supportedClaimLocales"),
    ("ui_locales_supported", "supportedUiLocales"),
    ("authorization_details_types_supported", "supportedAuthorizationDetailsTypes"),
    ("service_documentation", "serviceDocumentation"),
    ("op_policy_uri", "policyUri"),
    ("op_tos_uri", "tosUri"),
    ("organization_name", "organizationName"),
    ("trust_frameworks_supported", "supportedTrustFrameworks"),
    ("evidence_supported", "supportedEvidence"),
    ("claims_in_verified_claims_supported", "supportedVerifiedClaims"),
];

/// Members that are always there, true or false.
const FLAGS: &[(&str, &str)] = &[
    ("require_pushed_authorization_requests", "parRequired"),
    ("require_signed_request_object", "requestObjectRequired"),
    ("tls_client_certificate_bound_access_tokens", "tlsClientCertificateBoundAccessTokens"),
    ("backchannel_user_code_parameter_supported", "backchannelUserCodeParameterSupported"),
    ("grant_management_action_required", "grantManagementActionRequired"),
    ("native_sso_supported", "nativeSsoSupported"),
    ("backchannel_logout_supported", "backchannelLogoutSupported"),
    ("backchannel_logout_session_supported", "backchannelLogoutSessionSupported"),
    ("client_id_metadata_document_supported", "clientIdMetadataDocumentSupported"),
];

/// Lists whose names are written otherwise.
const LISTS: &[(&str, &str, Names)] = &[
    ("response_types_supported", "supportedResponseTypes", names::RESPONSE_TYPES),
    ("grant_types_supported", "supportedGrantTypes", names::GRANT_TYPES),
    ("token_endpoint_auth_methods_supported", "supportedTokenAuthMethods", names::AUTH_METHODS),
    ("revocation_endpoint_auth_methods_supported", "supportedRevocationAuthMethods", names::AUTH_METHODS),
    ("introspection_endpoint_auth_methods_supported", "supportedIntrospectionAuthMethods", names::AUTH_METHODS),
    ("backchannel_token_delivery_modes_supported", "supportedBackchannelTokenDeliveryModes", names::DELIVERY_MODES),
];

/// Lists whose names are the settings' in small letters.
const LOWERCASE: &[(&str, &str)] = &[
    ("attachments_supported", "supportedAttachments"),
    ("display_values_supported", "supportedDisplays"),
    ("claim_types_supported", "supportedClaimTypes"),
    ("prompt_values_supported", "supportedPromptValues"),
];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let mut document = document(&tenant.settings);
    if let Some(text) = request.query("patch").filter(|patch| !patch.is_empty()) {
        let wrong = |problem: &dyn std::fmt::Display| {
            ApiError::invalid(format!("The parameter patch cannot be applied (RFC 6902): {problem}."))
        };
        document = reply::without_nulls(document);
        let patch: Patch = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        json_patch::patch(&mut document, &patch).map_err(|error| wrong(&error))?;
    }
    Ok(if request.query("pretty") == Some("true") { Reply::Pretty(document) } else { Reply::Json(document) })
}

pub(crate) fn document(service: &Settings) -> Value {
    let mut members = Map::new();
    for (name, setting) in PLAIN {
        let value = service.0.get(*setting).filter(|value| !matches!(value, Value::Array(list) if list.is_empty()));
        members.insert((*name).to_owned(), value.cloned().unwrap_or(Value::Null));
    }
    for (name, setting) in FLAGS {
        members.insert((*name).to_owned(), json!(service.flag(setting)));
    }
    let mut list = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            members.insert(name.to_owned(), json!(values));
        }
    };
    for (name, setting, names) in LISTS {
        let values = service.strings(setting).filter_map(|value| names::metadata(names, value)).map(str::to_owned);
        list(name, values.collect());
    }
    for (name, setting) in LOWERCASE {
        list(name, service.strings(setting).map(str::to_lowercase).collect());
    }
    let scopes = service.objects("supportedScopes").filter_map(|scope| scope.get("name")?.as_str());
    list("scopes_supported", scopes.map(str::to_owned).collect());
    members.extend(own(service));
    Value::Object(members)
}

/// What follows from several settings, or from what the emulator can do.
fn own(service: &Settings) -> Map<String, Value> {
    let implemented = |name: &&str| Algorithm::parse(name).is_some();
    let algorithms: Vec<&str> = names::JWS_ALGORITHMS.iter().map(|(name, _)| *name).filter(implemented).collect();
    let management: Vec<&str> = Management::ALL.into_iter().map(Management::name).collect();
    let encodings: Vec<&str> = Encoding::ALL.into_iter().map(Encoding::name).collect();
    let by_assertion = service
        .strings("supportedTokenAuthMethods")
        .any(|method| matches!(method, "CLIENT_SECRET_JWT" | "PRIVATE_KEY_JWT"));
    let asymmetric: Vec<&str> = algorithms.iter().copied().filter(|name| !name.starts_with("HS")).collect();
    let ciba = service.string("backchannelAuthenticationEndpoint").is_some();
    let manages_grants = service.string("grantManagementEndpoint").is_some();
    let actions = ["create", "query", "merge", "replace", "revoke"];
    let mut aliases = Map::new();
    for alias in service.objects("mtlsEndpointAliases") {
        if let (Some(name), Some(uri)) = (alias.get("name").and_then(Value::as_str), alias.get("uri")) {
            aliases.insert(name.to_owned(), uri.clone());
        }
    }
    let methods = if service.flag("pkceS256Required") { json!(["S256"]) } else { json!(["plain", "S256"]) };
    let by_attestation = service.has("supportedTokenAuthMethods", "ATTEST_JWT_CLIENT_AUTH");
    let predefined = service.string("predefinedTransformedClaims");
    let predefined: Option<Value> = predefined.and_then(|text| serde_json::from_str(text).ok());
    let members = json!({
        "subject_types_supported": ["public"],
        "response_modes_supported":
            ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
        "id_token_signing_alg_values_supported": algorithms,
        "id_token_encryption_alg_values_supported": management,
        "id_token_encryption_enc_values_supported": encodings,
        "userinfo_signing_alg_values_supported": algorithms,
        "userinfo_encryption_alg_values_supported": management,
        "userinfo_encryption_enc_values_supported": encodings,
        "authorization_signing_alg_values_supported": algorithms,
        "authorization_encryption_alg_values_supported": management,
        "authorization_encryption_enc_values_supported": encodings,
        "request_object_signing_alg_values_supported": algorithms,
        "request_object_encryption_alg_values_supported": management,
        "request_object_encryption_enc_values_supported": encodings,
        "backchannel_authentication_request_signing_alg_values_supported": ciba.then_some(&asymmetric),
        "dpop_signing_alg_values_supported": asymmetric,
        "client_attestation_signing_alg_values_supported": by_attestation.then_some(&asymmetric),
        "client_attestation_pop_signing_alg_values_supported": by_attestation.then_some(&asymmetric),
        "pre-authorized_grant_anonymous_access_supported": vci::is_enabled(service)
            .then(|| service.flag("preAuthorizedGrantAnonymousAccessSupported")),
        "claims_parameter_supported": true,
        "transformed_claims_functions_supported": FUNCTIONS,
        "transformed_claims_predefined": predefined,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "token_endpoint_auth_signing_alg_values_supported": by_assertion.then_some(&algorithms),
        "code_challenge_methods_supported": methods,
        "authorization_response_iss_parameter_supported": !service.flag("issSuppressed"),
        "grant_management_actions_supported": manages_grants.then_some(actions),
        "mtls_endpoint_aliases": (!aliases.is_empty()).then_some(aliases),
    });
    members.as_object().cloned().unwrap_or_default()
}
