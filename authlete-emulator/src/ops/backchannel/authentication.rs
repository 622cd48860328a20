//! `backchannel_authentication_api`: looks at a request and opens a ticket for it (CIBA, section 7).

use serde_json::json;

use super::hint::{self, Hint};
use super::request_object;
use crate::error::ApiError;
use crate::oauth::authorization::claims;
use crate::oauth::client_auth::{self, Authenticated, Codes};
use crate::oauth::fapi::Profiles;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, grant, rar, scope, target};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema::{AUTH_REQ_ID_SECONDS, POLLING_SECONDS, TICKET_SECONDS};
use crate::state::{Backchannel, Delivery, Pending, Settings, Tenant};
use crate::{random, views};

const OPENED: Code = "A179001";
const NO_PARAMETERS: Code = "A180201";
const NO_ENDPOINT: Code = "A180202";
const REPEATED: Code = "A180301";
const GRANT_TYPE: Code = "A180302";
const DELIVERY: Code = "A180303";
const SCOPE: Code = "A180304";
const NOTIFICATION_TOKEN: Code = "A180305";
const USER_CODE: Code = "A180306";
const EXPIRY: Code = "A180307";
const PUBLIC: Code = "A180308";
const BINDING_MESSAGE: Code = "A180314";
const TARGET: Code = "A180313";
const GRANT: Code = "A180340";
const CLIENT: Codes = Codes { missing: "A180309", unknown: "A180310", method: "A180311", secret: "A180312" };

/// CIBA, section 7.1: no client notification token is longer.
const LONGEST_NOTIFICATION_TOKEN: usize = 1024;

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    open(tenant, request).or_else(|error| error.reply_to_client(&tenant.settings, "UNAUTHORIZED"))
}

fn open(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let client = client_auth::authenticate(tenant, request, &parameters, CLIENT)?;
    if client.method == "NONE" {
        let message = "A client that does not authenticate may not use this endpoint.";
        return Err(OAuthError::new("invalid_client", PUBLIC, message).into());
    }
    let delivery = delivery(&tenant.settings, &client)?;
    if delivery == Delivery::Push {
        refuse_bound(&client)?;
    }
    let parameters = request_object::unpack(tenant, &client.client, parameters, request.now)?;
    let hint = hint::read(tenant, &client.client, &parameters)?;
    let pending = check(tenant, request, &client, &parameters, delivery)?;
    let ticket = random::token::<32>()?;
    let reply = respond(tenant, &client, &parameters, &pending, &hint, &ticket);
    // The client gets to know the second key when the ticket is used.
    tenant.backchannels.insert(ticket, random::token::<32>()?, pending);
    Ok(reply)
}

/// Tokens that are pushed come without a request in which a key could be proven.
fn refuse_bound(client: &Authenticated) -> Result<(), ApiError> {
    let bound = ["dpopRequired", "tlsClientCertificateBoundAccessTokens"];
    match bound.into_iter().find(|name| client.client.settings.flag(name)) {
        Some(name) => Err(ApiError::not_implemented(format!("the client setting {name} with the delivery mode PUSH"))),
        None => Ok(()),
    }
}

/// Whether the client may use CIBA here, and how it gets its tokens.
fn delivery(service: &Settings, client: &Authenticated) -> Result<Delivery, OperationError> {
    let refused = |code, message: &str| OperationError::Client(OAuthError::new("unauthorized_client", code, message));
    let settings = &client.client.settings;
    if !service.has("supportedGrantTypes", "CIBA") || !settings.has("grantTypes", "CIBA") {
        return Err(refused(GRANT_TYPE, "The service or the client does not use CIBA."));
    }
    let name = settings.string("bcDeliveryMode").unwrap_or_default();
    let delivery = match name {
        "POLL" => Delivery::Poll,
        "PING" => Delivery::Ping,
        "PUSH" => Delivery::Push,
        _ => return Err(refused(DELIVERY, "The client has no delivery mode registered.")),
    };
    if !service.has("supportedBackchannelTokenDeliveryModes", name) {
        return Err(refused(DELIVERY, "The service does not support the client's delivery mode."));
    }
    if delivery != Delivery::Poll && settings.string("bcNotificationEndpoint").is_none() {
        return Err(OperationError::server(NO_ENDPOINT, "The client has no bcNotificationEndpoint to be notified at."));
    }
    Ok(delivery)
}

fn check(
    tenant: &Tenant,
    request: &Request,
    client: &Authenticated,
    parameters: &Parameters,
    delivery: Delivery,
) -> Result<Pending, OperationError> {
    let service = &tenant.settings;
    let refused = |error, code, message: &str| OperationError::Client(OAuthError::new(error, code, message));
    if !parameters.has("scope") {
        return Err(refused("invalid_request", SCOPE, "The request has no scope."));
    }
    let scopes = scope::grantable(service, &client.client, Some(&parameters.words("scope")));
    if !scopes.iter().any(|scope| scope == "openid") {
        return Err(refused(
            "invalid_scope",
            SCOPE,
            "The request needs the scope openid, which the client may not have.",
        ));
    }
    let notification_token = match (delivery, parameters.get("client_notification_token")) {
        (Delivery::Poll, _) => None,
        (_, Some(token)) if is_bearer_token(token) => Some(token.to_owned()),
        (_, Some(_)) => {
            let message = "The client_notification_token cannot be used as a bearer token.";
            return Err(refused("invalid_request", NOTIFICATION_TOKEN, message));
        }
        (_, None) => {
            return Err(refused(
                "invalid_request",
                NOTIFICATION_TOKEN,
                "The request has no client_notification_token.",
            ));
        }
    };
    if is_user_code_required(service, &client.client.settings) && !parameters.has("user_code") {
        return Err(refused("missing_user_code", USER_CODE, "The request has no user_code."));
    }
    let is_fapi = Profiles::of_scopes(service, &client.client.settings, &scopes).is_any();
    if is_fapi && service.flag("backchannelBindingMessageRequiredInFapi") && !parameters.has("binding_message") {
        return Err(refused("invalid_request", BINDING_MESSAGE, "FAPI wants a binding_message in the request."));
    }
    let lifetime = match requested_expiry(parameters)? {
        0 => tenant.duration("backchannelAuthReqIdDuration", AUTH_REQ_ID_SECONDS),
        seconds => seconds,
    };
    let acrs = parameters.words("acr_values").into_iter().filter(|acr| service.has("supportedAcrs", acr)).collect();
    let details = target::requested(service, &client.client, parameters, TARGET)?;
    Ok(Pending {
        client_id: client.client.id,
        alias_used: client.alias_used,
        acrs,
        details: claims::requested(service, parameters, &scopes, details)?,
        grant_request: grant::requested(tenant, &client.client, parameters, GRANT)?,
        expires_at: request.now + 1000 * TICKET_SECONDS,
        interval: tenant.duration("backchannelPollingInterval", POLLING_SECONDS),
        polled_at: None,
        decision: None,
        scopes,
        backchannel: Some(Backchannel { delivery, notification_token, lifetime, issued: false }),
    })
}

/// RFC 6750, section 2.1.
fn is_bearer_token(text: &str) -> bool {
    let letters = text.trim_end_matches('=');
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
    text.len() <= LONGEST_NOTIFICATION_TOKEN && !letters.is_empty() && letters.bytes().all(allowed)
}

fn is_user_code_required(service: &Settings, client: &Settings) -> bool {
    service.flag("backchannelUserCodeParameterSupported") && client.flag("bcUserCodeRequired")
}

/// The lifetime in seconds that the client wants, or 0.
fn requested_expiry(parameters: &Parameters) -> Result<u64, OAuthError> {
    let Some(text) = parameters.get("requested_expiry") else { return Ok(0) };
    let seconds = text.parse().ok().filter(|seconds| i32::try_from(*seconds).is_ok_and(|seconds| seconds > 0));
    seconds.ok_or_else(|| OAuthError::new("invalid_request", EXPIRY, "requested_expiry is not a number of seconds."))
}

fn respond(
    tenant: &Tenant,
    client: &Authenticated,
    parameters: &Parameters,
    pending: &Pending,
    hint: &Hint,
    ticket: &str,
) -> Reply {
    let service = &tenant.settings;
    let settings = &client.client.settings;
    let backchannel = pending.backchannel.as_ref();
    let mut members = json!({
        "ticket": ticket,
        "clientId": client.client.id,
        "clientIdAlias": settings.string("clientIdAlias"),
        "clientIdAliasUsed": client.alias_used,
        "clientName": settings.string("clientName"),
        "clientAuthMethod": client.method,
        "deliveryMode": backchannel.map(|backchannel| backchannel.delivery),
        "clientNotificationToken": backchannel.map(|backchannel| &backchannel.notification_token),
        "scopes": views::listed(&scope::details(service, &pending.scopes)),
        "claimNames": views::listed(&pending.details.claim_names()),
        "acrs": views::listed(&pending.acrs),
        "resources": views::listed(&pending.details.resources),
        "authorizationDetails": rar::to_api(&pending.details.authorization_details),
        "hintType": hint.kind,
        "hint": hint.value,
        "sub": hint.sub,
        "bindingMessage": parameters.get("binding_message"),
        "userCode": parameters.get("user_code"),
        "userCodeRequired": is_user_code_required(service, settings),
        "requestedExpiry": requested_expiry(parameters).unwrap_or_default(),
        "requestContext": parameters.get("request_context"),
        "serviceAttributes": service.0.get("attributes"),
        "clientAttributes": settings.0.get("attributes"),
    });
    if let Some(members) = members.as_object_mut() {
        members.extend(grant::members(tenant, pending.grant_request.as_ref()));
    }
    reply::action("USER_IDENTIFICATION", OPENED, "The request is valid and waits for the user to be found.", members)
}
