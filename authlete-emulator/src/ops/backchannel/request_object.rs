//! Signed authentication requests (CIBA, section 7.1.1).

use crate::jose::{Jwt, Unreadable};
use crate::oauth::encryption::decrypt;
use crate::oauth::jwt;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::Code;
use crate::state::{Client, Tenant};

const REQUIRED: Code = "A180330";
const FORM: Code = "A180331";
const SIGNATURE: Code = "A180332";
const CLAIM: Code = "A180333";
const MIXED: Code = "A180334";

/// Parameters that authenticate the client; all others are inside the request object if there is one.
const OF_CLIENT: &[&str] = &["request", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The parameters of the request: those inside the request object, if there is one.
pub(super) fn unpack(
    tenant: &mut Tenant,
    client: &Client,
    parameters: Parameters,
    now: u64,
) -> Result<Parameters, OperationError> {
    let refused = |code, message: &str| OperationError::Client(OAuthError::new("invalid_request", code, message));
    let registered = client.settings.string("bcRequestSignAlg");
    let Some(text) = parameters.get("request") else {
        return match registered {
            Some(_) => Err(refused(REQUIRED, "The client has to send a signed request.")),
            None => Ok(parameters),
        };
    };
    let text = match Jwt::read(text) {
        Err(Unreadable::Encrypted) => {
            let reject = |reason| refused(FORM, &format!("The request object cannot be decrypted: {reason}."));
            decrypt(tenant, Some(client), text).map_err(|error| error.or_reject(reject))?.content
        }
        _ => text.to_owned(),
    };
    let object = match Jwt::read(&text) {
        Ok(object) => object,
        Err(_) => return Err(refused(FORM, "The request object does not have the form of a JWT.")),
    };
    let algorithm = jwt::algorithm(&object).filter(|_| !jwt::is_symmetric(&object));
    if algorithm.is_none() || registered.is_some_and(|registered| algorithm != Some(registered)) {
        return Err(refused(SIGNATURE, "The request object is not signed with the client's algorithm."));
    }
    let signed = jwt::is_signed_by_client(tenant, client, &object);
    if !signed.map_err(|unknown| unknown.as_error("invalid_request", SIGNATURE))? {
        return Err(refused(SIGNATURE, "The signature of the request object is wrong."));
    }
    let service = &tenant.settings;
    let wrong = if !object.string("iss").is_some_and(|issuer| client.is_called(issuer)) {
        Some("iss")
    } else if !service.string("issuer").is_some_and(|us| object.is_for(&[us])) {
        Some("aud")
    } else if object.string("jti").is_none() {
        Some("jti")
    } else {
        jwt::wrong_time(&object, now, service.number("allowableClockSkew"), &["exp", "iat", "nbf"])
    };
    if let Some(claim) = wrong {
        return Err(refused(CLAIM, &format!("The claim {claim} of the request object is missing or wrong.")));
    }
    if let Some(name) = parameters.names().find(|name| !OF_CLIENT.contains(name)) {
        return Err(refused(MIXED, &format!("{name} stands beside the request object, where it has to be inside.")));
    }
    Parameters::from_claims(&object.claims)
        .map_err(|name| refused(CLAIM, &format!("{name} of the request object is not a string.")))
}
