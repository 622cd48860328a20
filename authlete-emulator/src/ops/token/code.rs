//! The authorization code grant (RFC 6749, section 4.1.3) with PKCE (RFC 7636).

use super::grant::{self, Grant};
use super::{TokenRequest, binding, native_sso};
use crate::oauth::{OAuthError, OperationError, pkce, rar, resource};
use crate::reply::{Code as ResultCode, Reply};
use crate::state::{Authorized, Code, Tenant};

const NO_CODE: ResultCode = "A050310";
const UNKNOWN: ResultCode = "A050311";
const USED: ResultCode = "A050312";
const OTHER_CLIENT: ResultCode = "A050313";
const REDIRECT_URI: ResultCode = "A050314";
const VERIFIER: ResultCode = "A050315";
const RESOURCE: ResultCode = "A050316";
const AUTHORIZATION_DETAILS: ResultCode = "A050317";

pub(super) fn exchange(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let invalid_grant = |code, message: &str| OAuthError::new("invalid_grant", code, message);
    let Some(value) = request.parameters.get("code") else {
        return Err(OAuthError::new("invalid_request", NO_CODE, "The request has no code.").into());
    };
    let Some(code) = tenant.codes.get(value).filter(|code| request.now < code.expires_at).cloned() else {
        return Err(invalid_grant(UNKNOWN, "The code is unknown or has expired.").into());
    };
    if code.ticket.client_id != request.client.client.id {
        return Err(invalid_grant(OTHER_CLIENT, "The code was issued to another client.").into());
    }
    if let Some(token) = code.token {
        // RFC 6749, section 4.1.2: somebody has a code that is not theirs, so what came of it is not safe either.
        tenant.tokens.remove(token);
        return Err(invalid_grant(USED, "The code has been used; the tokens that came of it are revoked.").into());
    }
    check_redirect_uri(&code, request)?;
    check_verifier(&code, request)?;
    binding::check(&code.authorized.details.binding, &request.binding)?;

    let session = native_sso::session(&tenant.settings, &code);
    let mut details = code.authorized.details.clone();
    details.access_resources = resource::narrowed(&details.resources, request.parameters, RESOURCE)?;
    if details.resources.is_empty() {
        // What the code left open is settled here, for the refresh token too.
        details.resources.clone_from(&details.access_resources);
    }
    details.authorization_details =
        rar::narrowed(&details.authorization_details, request.parameters, AUTHORIZATION_DETAILS)?;
    let grant = Grant {
        grant_type: "AUTHORIZATION_CODE",
        authorized: Authorized {
            properties: grant::with_properties(code.authorized.properties, &request.properties),
            details,
            ..code.authorized
        },
        refreshable: grant::refreshable(&tenant.settings, &request.client.client),
        nonce: code.ticket.nonce.clone(),
        alias_used: code.ticket.alias_used,
        session: session.clone(),
        no_id_token: false,
    };
    let (number, reply) = grant::issue(tenant, request, grant)?;
    let reply = native_sso::respond(reply, session.as_ref(), request.parameters.get("device_secret"));
    if let Some(code) = tenant.codes.get_mut(value) {
        code.token = Some(number);
    }
    Ok(reply)
}

/// The redirect URI has to be the one of the authorization request, and be there if it was there.
fn check_redirect_uri(code: &Code, request: &TokenRequest<'_>) -> Result<(), OAuthError> {
    match request.parameters.get("redirect_uri") {
        Some(given) if given == code.ticket.destination.redirect_uri => Ok(()),
        None if !code.ticket.redirect_uri_given => Ok(()),
        Some(_) => Err(OAuthError::new("invalid_grant", REDIRECT_URI, "The redirect_uri is not the code's.")),
        None => Err(OAuthError::new("invalid_request", REDIRECT_URI, "The request has no redirect_uri.")),
    }
}

fn check_verifier(code: &Code, request: &TokenRequest<'_>) -> Result<(), OAuthError> {
    let message = match (&code.ticket.challenge, request.parameters.get("code_verifier")) {
        (None, None) => return Ok(()),
        (Some(challenge), Some(verifier)) if pkce::is_well_formed(verifier) && challenge.is_met_by(verifier) => {
            return Ok(());
        }
        (Some(_), Some(_)) => "The code_verifier does not meet the challenge.",
        (Some(_), None) => "The request has no code_verifier, but the code has a challenge.",
        // RFC 9700, section 4.8.2: a challenge may have been taken out of the authorization request.
        (None, Some(_)) => "The request has a code_verifier, but the code has no challenge.",
    };
    Err(OAuthError::new("invalid_grant", VERIFIER, message))
}
