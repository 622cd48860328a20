//! The pre-authorized code grant (OpenID4VCI 1.0, sections 3.5 and 6.1).

use serde_json::{Map, Value};

use super::TokenRequest;
use super::grant::{self, Grant};
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, resource};
use crate::random;
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::{Authorized, Details, Offer, Tenant};
use crate::vci::{self, Issuer, choices, issuable};

/// The value of `grant_type`.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

const OFF: Code = "A050380";
const NO_CODE: Code = "A050381";
const UNKNOWN: Code = "A050382";
const TX_CODE: Code = "A050383";
const RESOURCE: Code = "A050384";
const AUTHORIZATION_DETAILS: Code = "A050385";

/// Whether the request is from a wallet that does not say who it is, and need not.
pub(super) fn is_anonymous(tenant: &Tenant, request: &Request, parameters: &Parameters) -> Result<bool, ApiError> {
    if parameters.get("grant_type") != Some(GRANT_TYPE) {
        return Ok(false);
    }
    let given = |name| Ok::<_, ApiError>(request.body.non_empty(name)?.is_some());
    let says_who = parameters.first_of(&["client_id", "client_secret", "client_assertion"]).is_some()
        || given("clientId")?
        || given("oauthClientAttestation")?;
    Ok(!says_who && tenant.settings.flag("preAuthorizedGrantAnonymousAccessSupported"))
}

pub(super) fn exchange(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    if !vci::is_enabled(&tenant.settings) {
        let message = "The service does not issue credentials.";
        return Err(OAuthError::new("unsupported_grant_type", OFF, message).into());
    }
    let Some(code) = request.parameters.get("pre-authorized_code") else {
        return Err(OAuthError::new("invalid_request", NO_CODE, "The request has no pre-authorized_code.").into());
    };
    let unknown = || OAuthError::new("invalid_grant", UNKNOWN, "The pre-authorized code is unknown, used or expired.");
    let Some(offer) = tenant.offers.of_code(code).filter(|offer| request.now < offer.expires_at) else {
        return Err(unknown().into());
    };
    if let Err(error) = check_tx_code(offer, request.parameters.get("tx_code")) {
        if offer.failures >= choices::TX_CODE_ATTEMPTS {
            tenant.offers.end_code(code);
        }
        return Err(error.into());
    }
    let offer = offer.clone();
    let resources = resource::requested(request.parameters, RESOURCE)?;
    let authorization_details = authorization_details(tenant, &offer, request.parameters)?;
    let offered = match authorization_details.as_slice() {
        [] => offer.configuration_ids,
        // Then the request has said which of them it is about.
        _ => Vec::new(),
    };
    let details = Details {
        access_resources: resources.clone(),
        resources,
        authorization_details,
        jwt_claims: offer.jwt_claims,
        offered,
        ..Details::default()
    };
    let anonymous = request.client.client.is_unidentified();
    let grant = Grant {
        grant_type: "PRE_AUTHORIZED_CODE",
        authorized: Authorized {
            subject: Some(offer.subject),
            auth_time: offer.auth_time,
            acr: offer.acr,
            properties: grant::with_properties(offer.properties, &request.properties),
            details,
            ..Authorized::default()
        },
        refreshable: !anonymous && grant::refreshable(&tenant.settings, &request.client.client),
        alias_used: request.client.alias_used,
        ..Grant::default()
    };
    let (_, reply) = grant::issue(tenant, request, grant)?;
    tenant.offers.end_code(code);
    Ok(reply)
}

/// Whether the user has typed the right code, where one is wanted. A wrong one counts.
fn check_tx_code(offer: &mut Offer, given: Option<&str>) -> Result<(), OAuthError> {
    let refused = |error, message: &str| Err(OAuthError::new(error, TX_CODE, message));
    match (&offer.tx_code, given) {
        (None, None) => Ok(()),
        (Some(_), None) => refused("invalid_request", "The request has no tx_code, which the offer wants."),
        (None, Some(_)) => refused("invalid_request", "The request has a tx_code, which the offer does not want."),
        (Some(expected), Some(given)) if random::same(expected, given) => Ok(()),
        (Some(_), Some(_)) => {
            offer.failures += 1;
            refused("invalid_grant", "The tx_code is wrong.")
        }
    }
}

/// Which of the offered credentials the request is about, if it says so.
fn authorization_details(tenant: &Tenant, offer: &Offer, parameters: &Parameters) -> Result<Vec<Value>, OAuthError> {
    let Some(text) = parameters.get("authorization_details") else { return Ok(Vec::new()) };
    let refused = |message: &str| OAuthError::new("invalid_authorization_details", AUTHORIZATION_DETAILS, message);
    let elements: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|_| refused("authorization_details is not a JSON list of objects."))?;
    let issuer = Issuer::of(&tenant.settings);
    for element in &elements {
        if element.get("type").and_then(Value::as_str) != Some(vci::DETAIL_TYPE) {
            return Err(refused("An element of authorization_details asks for something that is not in the offer."));
        }
        issuable::check(&tenant.settings, element).map_err(refused)?;
        let wanted = issuable::wanted(&issuer, element);
        if !wanted.is_some_and(|wanted| offer.configuration_ids.iter().any(|id| id == wanted.id)) {
            return Err(refused("An element of authorization_details asks for a credential that is not offered."));
        }
    }
    Ok(elements.into_iter().map(Value::Object).collect())
}
