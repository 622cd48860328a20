//! The JWT bearer grant (RFC 7523, section 2.1): checks the assertion's claims. Whose key signed it, and whether to trust
//! it, is for the authorization server to see.

use serde_json::{Value, json};

use super::{TokenRequest, exchange};
use crate::jose::{Jwt, Unreadable};
use crate::oauth::jwt;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::{Code, Reply};
use crate::state::{Settings, Tenant};

const VALID: Code = "A050004";
const NO_ASSERTION: Code = "A050380";
const FORM: Code = "A050381";
const CLAIM: Code = "A050382";

pub(super) fn check(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let Some(assertion) = request.parameters.get("assertion") else {
        return Err(OAuthError::new("invalid_request", NO_ASSERTION, "The request has no assertion.").into());
    };
    let service = &tenant.settings;
    let refused = |message: &str| OperationError::Client(OAuthError::new("invalid_grant", FORM, message));
    match Jwt::read(assertion) {
        Err(Unreadable::Malformed) => return Err(refused("The assertion does not have the form of a JWT.")),
        Err(Unreadable::Encrypted) if service.flag("jwtGrantEncryptedJwtRejected") => {
            return Err(refused("The service does not accept encrypted assertions."));
        }
        Err(Unreadable::Encrypted) => {}
        Ok(jwt) => {
            if let Some(claim) = wrong_claim(service, &jwt, request.now) {
                let message = format!("The claim {claim} of the assertion is missing or wrong.");
                return Err(OAuthError::new("invalid_grant", CLAIM, message).into());
            }
            if jwt::algorithm(&jwt).is_none() && service.flag("jwtGrantUnsignedJwtRejected") {
                return Err(refused("The service does not accept unsigned assertions."));
            }
        }
    }
    let members = json!({"assertion": assertion, "grantType": "JWT_BEARER"});
    exchange::respond(tenant, request, "JWT_BEARER", VALID, members)
}

/// The first claim that is not as RFC 7523, section 3 wants it.
fn wrong_claim(service: &Settings, jwt: &Jwt<'_>, now: u64) -> Option<&'static str> {
    let missing = ["iss", "sub"].into_iter().find(|claim| !jwt.claims.get(*claim).is_some_and(Value::is_string));
    let us: Vec<&str> = ["issuer", "tokenEndpoint"].into_iter().filter_map(|name| service.string(name)).collect();
    let is_for_us = jwt::has_audience(jwt) && jwt.is_for(&us);
    missing
        .or((!is_for_us).then_some("aud"))
        .or_else(|| jwt::wrong_time(jwt, now, service.number("allowableClockSkew"), &["exp"]))
}
