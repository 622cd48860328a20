//! `device_authorization_api`: opens a request, with a code for the device and one for the user (RFC 8628, section 3.2).

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::authorization::claims;
use crate::oauth::client_auth::{self, Authenticated, Codes};
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, grant, scope, support, target};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema::{DEVICE_CODE_SECONDS, POLLING_SECONDS};
use crate::state::{Client, Pending, Settings, Tenant};

const OPENED: Code = "A220001";
const NO_PARAMETERS: Code = "A220201";
const NO_URI: Code = "A220202";
const REPEATED: Code = "A220301";
const GRANT_TYPE: Code = "A220302";
const SCOPE: Code = "A220303";
const TARGET: Code = "A220308";
const GRANT: Code = "A220340";
const CLIENT: Codes = Codes { missing: "A220304", unknown: "A220305", method: "A220306", secret: "A220307" };

/// RFC 8628, section 6.1: letters that make no words and are not mistaken for others.
const BASE20: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const NUMERIC: &[u8] = b"0123456789";

/// The length of a user code where the service sets none, and the longest that anybody could be asked to type.
const USER_CODE_LENGTH: usize = 8;
const LONGEST_USER_CODE: usize = 255;

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    open(tenant, request).or_else(|error| error.reply_to_client(&tenant.settings, "UNAUTHORIZED"))
}

fn open(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let client = client_auth::authenticate(tenant, request, &parameters, CLIENT)?;
    check(&tenant.settings, &client.client)?;
    let service = &tenant.settings;
    let Some(uri) = service.string("deviceVerificationUri").map(str::to_owned) else {
        return Err(OperationError::server(NO_URI, "The service has no deviceVerificationUri to send the user to."));
    };
    let requested = parameters.has("scope").then(|| parameters.words("scope"));
    let scopes = scope::grantable(service, &client.client, requested.as_deref());
    if requested.is_none() && scopes.is_empty() && service.flag("scopeRequired") {
        return Err(OAuthError::new("invalid_scope", SCOPE, "The service requires a scope.").into());
    }
    let details = target::requested(service, &client.client, &parameters, TARGET)?;
    let details = claims::requested(service, &parameters, &scopes, details)?;
    let acrs = parameters.words("acr_values").into_iter().filter(|acr| service.has("supportedAcrs", acr)).collect();
    let seconds = tenant.duration("deviceFlowCodeDuration", DEVICE_CODE_SECONDS);
    let pending = Pending {
        client_id: client.client.id,
        alias_used: client.alias_used,
        scopes,
        acrs,
        details,
        grant_request: grant::requested(tenant, &client.client, &parameters, GRANT)?,
        expires_at: request.now + 1000 * seconds,
        interval: tenant.duration("deviceFlowPollingInterval", POLLING_SECONDS),
        polled_at: None,
        decision: None,
        backchannel: None,
    };
    let device_code = random::token::<32>()?;
    let user_code = user_code(tenant)?;
    let reply = respond(tenant, &client, &pending, seconds, &uri, [&device_code, &user_code]);
    tenant.devices.insert(user_code, device_code, pending);
    Ok(reply)
}

/// Whether the service, the client and the request are such that there can be a device flow.
fn check(service: &Settings, client: &Client) -> Result<(), OperationError> {
    if !service.has("supportedGrantTypes", "DEVICE_CODE") || !client.settings.has("grantTypes", "DEVICE_CODE") {
        let message = "The service or the client does not use the device flow.";
        return Err(OAuthError::new("unauthorized_client", GRANT_TYPE, message).into());
    }
    Ok(support::refuse_settings(service, client)?)
}

/// A user code that no other request has.
fn user_code(tenant: &Tenant) -> Result<String, ApiError> {
    let letters = if tenant.settings.string("userCodeCharset") == Some("NUMERIC") { NUMERIC } else { BASE20 };
    let length = usize::try_from(tenant.settings.number("userCodeLength")).unwrap_or(usize::MAX);
    let length = if length == 0 { USER_CODE_LENGTH } else { length.min(LONGEST_USER_CODE) };
    // Codes may be so short that all are taken.
    for _ in 0..100 {
        let code = random::letters(letters, length)?;
        if !tenant.devices.has_server_key(&code) {
            return Ok(code);
        }
    }
    Err(ApiError::internal("no user code is free: userCodeLength is too small for as many requests"))
}

fn respond(
    tenant: &Tenant,
    client: &Authenticated,
    pending: &Pending,
    seconds: u64,
    uri: &str,
    [device_code, user_code]: [&String; 2],
) -> Reply {
    let service = &tenant.settings;
    let complete = service.string("deviceVerificationUriComplete").map(|uri| uri.replace("USER_CODE", user_code));
    let content = reply::without_nulls(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": uri,
        "verification_uri_complete": complete,
        "expires_in": seconds,
        "interval": pending.interval,
    }));
    let mut members = super::verification::members(tenant, &client.client, pending);
    for (name, value) in [
        ("clientAuthMethod", json!(client.method)),
        ("deviceCode", json!(device_code)),
        ("userCode", json!(user_code)),
        ("verificationUri", json!(uri)),
        ("verificationUriComplete", json!(complete)),
        ("expiresIn", json!(seconds)),
        ("interval", json!(pending.interval)),
        ("responseContent", json!(content.to_string())),
        ("expiresAt", Value::Null),
    ] {
        members[name] = value;
    }
    reply::action("OK", OPENED, "The request waits for the user.", members)
}
