//! What an authorization request may say, once it is known who sent it and where the response goes.

use serde_json::{Map, Value, json};

use super::claims::Requested;
use super::{
    ACR, AUTHORIZATION_DETAILS, BINDING, CHALLENGE, DISPLAY, GRANT, ID_TOKEN_HINT, MAX_AGE, NONCE, Origin, PROMPT,
    REPEATED, REQUEST_OBJECT, RESOURCE, RESPONSE_MODE, RESPONSE_TYPE, SCOPE, Source,
};
use crate::oauth::fapi::Profiles;
use crate::oauth::haip;
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::{self, Challenge, Method};
use crate::oauth::response_mode::{Carrier, ResponseMode};
use crate::oauth::response_type::ResponseType;
use crate::oauth::{OAuthError, OperationError, grant, id_token, rar, resource};
use crate::reply::Code;
use crate::state::{Binding, Details, GrantRequest, Settings, Tenant};
use crate::vci;

/// From the least that the user notices to the most.
pub(crate) const PROMPTS: &[&str] = &["NONE", "LOGIN", "CONSENT", "SELECT_ACCOUNT", "CREATE"];
const DISPLAYS: &[&str] = &["PAGE", "POPUP", "TOUCH", "WAP"];

/// What the parameters say, once they are known to be right.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) response_type: ResponseType,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) prompts: Vec<&'static str>,
    /// `None` where neither the request nor the client asks for one; the response has 0 for both.
    pub(crate) max_age: Option<u64>,
    pub(crate) display: &'static str,
    pub(crate) acrs: Vec<String>,
    pub(crate) acr_essential: bool,
    pub(crate) subject: Option<String>,
    /// The members of the parameter `claims`.
    pub(crate) id_token_claims: Option<Map<String, Value>>,
    pub(crate) userinfo_claims: Option<Map<String, Value>>,
    pub(crate) grant_request: Option<GrantRequest>,
    pub(crate) details: Details,
}

fn invalid(code: Code, message: &str) -> OAuthError {
    OAuthError::new("invalid_request", code, message)
}

pub(crate) fn check(tenant: &mut Tenant, origin: &Origin) -> Result<Checked, OperationError> {
    let parameters = &origin.source.parameters;
    parameters.refuse_repeated(REPEATED)?;
    check_source(&tenant.settings, origin)?;
    let response_type = response_type(&tenant.settings, origin)?;
    check_response_mode(origin, response_type)?;
    check_openid(origin, response_type)?;
    let (service, client) = (&tenant.settings, &origin.source.client.settings);
    if origin.scopes.is_empty() && !parameters.has("scope") && service.flag("scopeRequired") {
        return Err(OAuthError::new("invalid_scope", SCOPE, "The service requires a scope.").into());
    }
    let challenge = challenge(service, client, parameters, response_type).map_err(|m| invalid(CHALLENGE, m))?;
    let profiles = Profiles::of_scopes(service, client, &origin.scopes);
    profiles.check_request(&origin.source.client, origin, response_type, challenge.as_ref())?;
    if haip::applies(service, client, &origin.scopes) {
        haip::check_request(service, origin, response_type, challenge.as_ref())?;
    }
    let prompts = prompts(service, parameters).map_err(|message| invalid(PROMPT, message))?;
    let max_age = max_age(client, parameters)?;
    let display = parameters.get("display").unwrap_or("page").to_uppercase();
    let display = DISPLAYS.iter().find(|known| **known == display).copied();
    let display = display.ok_or_else(|| invalid(DISPLAY, "There is no such display."))?;
    let requested = Requested::parse(parameters)?;
    let (acrs, acr_essential) = acrs(service, client, parameters, &requested)?;
    let mut details = details(service, origin, response_type, &requested)?;
    // What nobody knows is not an error: a state may come from an issuer of somebody else (OpenID4VCI 1.0, section 5.1.3).
    let offer = parameters.get("issuer_state").and_then(|state| tenant.offers.of_issuer_state(state));
    if let Some(offer) = offer.filter(|_| vci::is_enabled(service)) {
        details.offered.clone_from(&offer.configuration_ids);
    }
    let subject = subject(tenant, origin, &requested)?;
    let grant_request = grant::requested(tenant, &origin.source.client, parameters, GRANT)?;
    Ok(Checked {
        response_type,
        challenge,
        prompts,
        max_age,
        display,
        acrs,
        acr_essential,
        subject,
        grant_request,
        id_token_claims: requested.id_token,
        userinfo_claims: requested.userinfo,
        details,
    })
}

/// Whether the request came in the way that service and client want (RFC 9101, section 10.5; RFC 9126, section 5).
fn check_source(service: &Settings, origin: &Origin) -> Result<(), OAuthError> {
    let source = &origin.source;
    let required = |flag| service.flag(flag) || source.client.settings.flag(flag);
    if source.client.settings.flag("automaticallyRegistered") {
        proves_key(service, source)?;
    }
    if required("parRequired") && !source.pushed {
        return Err(invalid(REQUEST_OBJECT, "The request has to be pushed ahead of the browser."));
    }
    if required("requestObjectRequired") && source.payload.is_none() {
        return Err(invalid(REQUEST_OBJECT, "The request needs a request object."));
    }
    Ok(())
}

/// OpenID Federation 1.0, section 12.1.1: a client that is registered automatically proves one of its keys, by a request
/// object of a stricter form or by authenticating when it pushes the request.
fn proves_key(service: &Settings, source: &Source) -> Result<(), OAuthError> {
    let Some(payload) = source.payload.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        let authenticates = source.client.settings.string("tokenAuthMethod").is_some_and(|method| {
            matches!(method, "PRIVATE_KEY_JWT" | "TLS_CLIENT_AUTH" | "SELF_SIGNED_TLS_CLIENT_AUTH")
        });
        let message = "A client that is registered automatically has to sign its request.";
        return if source.pushed && authenticates { Ok(()) } else { Err(invalid(REQUEST_OBJECT, message)) };
    };
    let is = |claim: &str, value: Option<&str>| value.is_some() && payload[claim].as_str() == value;
    let url = source.client.url();
    let right = is("iss", url)
        && is("client_id", url)
        && (is("aud", service.string("issuer")) || payload["aud"] == json!([service.string("issuer")]))
        && payload["jti"].is_string()
        && payload["exp"].is_number()
        && payload.get("sub").is_none();
    let message = "The request object of a client that is registered automatically needs iss, client_id, aud with the \
                   issuer alone, jti and exp, and must not have sub.";
    if right { Ok(()) } else { Err(invalid(REQUEST_OBJECT, message)) }
}

fn response_type(service: &Settings, origin: &Origin) -> Result<ResponseType, OAuthError> {
    let refused = |error, message: &str| Err(OAuthError::new(error, RESPONSE_TYPE, message));
    let words = origin.source.parameters.words("response_type");
    if words.is_empty() {
        return refused("invalid_request", "The request has no response_type.");
    }
    let supports = |settings: &Settings, types, grants, response_type: ResponseType| {
        settings.has(types, response_type.name())
            && response_type.grant_type().is_none_or(|grant_type| settings.has(grants, grant_type))
    };
    let parsed = ResponseType::parse(&words);
    let Some(found) = parsed.filter(|one| supports(service, "supportedResponseTypes", "supportedGrantTypes", *one))
    else {
        return refused("unsupported_response_type", "The service does not support this response_type.");
    };
    let client = &origin.source.client.settings;
    if !supports(client, "responseTypes", "grantTypes", found) {
        return refused("unauthorized_client", "The client may not use this response_type.");
    }
    let bound = client.flag("dpopRequired")
        || (service.flag("tlsClientCertificateBoundAccessTokens")
            && client.flag("tlsClientCertificateBoundAccessTokens"));
    if found.token && bound {
        let message = "The client's access tokens are bound to a key, which one from this endpoint cannot be.";
        return Err(invalid(BINDING, message));
    }
    Ok(found)
}

fn check_response_mode(origin: &Origin, response_type: ResponseType) -> Result<(), OAuthError> {
    let Some(given) = origin.source.parameters.get("response_mode") else { return Ok(()) };
    let client = &origin.source.client.settings;
    let message = match ResponseMode::parse(given, response_type) {
        None => "There is no such response_mode.",
        // Multiple Response Type Encoding Practices, section 3; JARM, section 2.3.1.
        Some(mode) if mode.carrier == Carrier::Query && response_type.is_in_front() => {
            "Tokens must not travel in a query."
        }
        Some(mode) if client.has("responseModes", mode.name) => return Ok(()),
        Some(_) if client.strings("responseModes").next().is_none() => return Ok(()),
        Some(_) => "The client may not use this response_mode.",
    };
    Err(invalid(RESPONSE_MODE, message))
}

/// What OpenID Connect asks of a request for an ID token from this endpoint (Core 1.0, sections 3.2.2.1 and 3.3.2.11).
fn check_openid(origin: &Origin, response_type: ResponseType) -> Result<(), OAuthError> {
    if !response_type.id_token {
        return Ok(());
    }
    if !origin.scopes.iter().any(|scope| scope == "openid") {
        return Err(OAuthError::new("invalid_scope", SCOPE, "An ID token needs the scope openid."));
    }
    if !origin.source.parameters.has("nonce") {
        return Err(invalid(NONCE, "An ID token from this endpoint needs a nonce."));
    }
    Ok(())
}

fn max_age(client: &Settings, parameters: &Parameters) -> Result<Option<u64>, OAuthError> {
    let Some(text) = parameters.get("max_age") else {
        return Ok(Some(client.number("defaultMaxAge")).filter(|seconds| *seconds > 0));
    };
    let seconds = text.parse().ok().filter(|age| i32::try_from(*age).is_ok());
    seconds.map(Some).ok_or_else(|| invalid(MAX_AGE, "max_age is not a number of seconds."))
}

fn prompts(service: &Settings, parameters: &Parameters) -> Result<Vec<&'static str>, &'static str> {
    let mut prompts = Vec::new();
    for word in parameters.words("prompt") {
        let known = PROMPTS.iter().find(|known| known.eq_ignore_ascii_case(&word) && word == word.to_lowercase());
        prompts.push(*known.ok_or("There is no such prompt.")?);
    }
    if prompts.contains(&"NONE") && prompts.len() > 1 {
        return Err("The prompt none stands alone.");
    }
    let restricted = service.strings("supportedPromptValues").next().is_some();
    if restricted && !prompts.iter().all(|prompt| service.has("supportedPromptValues", prompt)) {
        return Err("The service does not support this prompt.");
    }
    Ok(prompts)
}

fn challenge(
    service: &Settings,
    client: &Settings,
    parameters: &Parameters,
    response_type: ResponseType,
) -> Result<Option<Challenge>, &'static str> {
    let required = |flag| service.flag(flag) || client.flag(flag);
    let Some(value) = parameters.get("code_challenge") else {
        return match parameters.has("code_challenge_method") {
            true => Err("There is a code_challenge_method, but no code_challenge."),
            false if required("pkceRequired") && response_type.code => Err("A code_challenge is required."),
            false => Ok(None),
        };
    };
    let method = match parameters.get("code_challenge_method") {
        None | Some("plain") => Method::Plain,
        Some("S256") => Method::S256,
        Some(_) => return Err("There is no such code_challenge_method."),
    };
    if method == Method::Plain && required("pkceS256Required") {
        return Err("The code_challenge_method has to be S256.");
    }
    // A SHA-256 hash in base64url has 43 letters.
    if !pkce::is_well_formed(value) || (method == Method::S256 && value.len() != 43) {
        return Err("The code_challenge does not have the form that RFC 7636 gives it.");
    }
    Ok(Some(Challenge { value: value.to_owned(), method }))
}

/// The ACRs that are asked for and supported, and whether the user has to satisfy one of them.
fn acrs(
    service: &Settings,
    client: &Settings,
    parameters: &Parameters,
    requested: &Requested,
) -> Result<(Vec<String>, bool), OAuthError> {
    let (claimed, essential) = requested.acr();
    let mut acrs = if claimed.is_empty() { parameters.words("acr_values") } else { claimed };
    if acrs.is_empty() {
        acrs = client.strings("defaultAcrs").map(str::to_owned).collect();
    }
    let asked = !acrs.is_empty();
    acrs.retain(|acr| service.has("supportedAcrs", acr));
    if essential && asked && acrs.is_empty() {
        let message = "The service supports none of the essential ACRs.";
        return Err(OAuthError::new("unmet_authentication_requirements", ACR, message));
    }
    Ok((acrs, essential))
}

fn details(
    service: &Settings,
    origin: &Origin,
    response_type: ResponseType,
    requested: &Requested,
) -> Result<Details, OAuthError> {
    let parameters = &origin.source.parameters;
    let resources = resource::requested(parameters, RESOURCE)?;
    let jkt = parameters.get("dpop_jkt").map(str::to_owned);
    if jkt.as_ref().is_some_and(|jkt| jkt.len() != 43) {
        return Err(invalid(BINDING, "dpop_jkt is not the SHA-256 thumbprint of a key."));
    }
    Ok(Details {
        access_resources: resources.clone(),
        resources,
        authorization_details: rar::requested(service, &origin.source.client, parameters, AUTHORIZATION_DETAILS)?,
        id_token_claims: requested.for_id_token(service, &origin.scopes, response_type),
        userinfo_claims: requested.for_userinfo(service, &origin.scopes),
        userinfo_request: requested.userinfo.clone(),
        id_token_request: requested.id_token.clone(),
        transformed_claims: requested.transformed.clone(),
        binding: Binding { jkt, x5t: None },
        ..Details::default()
    })
}

/// The user that the client expects: by the claim `sub`, or by an ID token that it shows.
fn subject(tenant: &mut Tenant, origin: &Origin, requested: &Requested) -> Result<Option<String>, OperationError> {
    let Some(hint) = origin.source.parameters.get("id_token_hint") else {
        return Ok(requested.subject().map(str::to_owned));
    };
    let hinted = id_token::subject_of(tenant, &origin.source.client, hint)?;
    let hinted =
        hinted.ok_or_else(|| invalid(ID_TOKEN_HINT, "The id_token_hint is not an ID token of this service."))?;
    if requested.subject().is_some_and(|subject| subject != hinted) {
        return Err(invalid(ID_TOKEN_HINT, "The id_token_hint is for another user than the claim sub.").into());
    }
    Ok(Some(hinted))
}
