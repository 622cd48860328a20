//! `vci_offer_create_api`: makes a credential offer (OpenID4VCI 1.0, section 4.1).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::ops::properties;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Offer, Settings, Tenant};
use crate::vci::{self, Issuer, Refusal, choices};

const CREATED: Code = "A900020";
const NO_CONFIGURATION: Code = "A900021";
const UNKNOWN_CONFIGURATION: Code = "A900022";
const NO_SUBJECT: Code = "A900023";
const CLAIMS: Code = "A900024";
const MODE: Code = "A900025";
const NO_ISSUER: Code = "A900026";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    create(tenant, request).or_else(|refusal| reply_to_server(refusal, &tenant.settings))
}

/// The response of an operation that a wallet never hears of: it has no content.
pub(super) fn reply_to_server(refusal: Refusal, service: &Settings) -> Result<Reply, ApiError> {
    let reply = refusal.reply(service)?.with("responseContent", Value::Null);
    Ok(match &reply {
        Reply::Json(members) if members["action"] == "INTERNAL_SERVER_ERROR" => {
            reply.with("action", json!("AUTHLETE_ERROR"))
        }
        _ => reply,
    })
}

fn create(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let (identifier, offer) = offer(tenant, request)?;
    let info = offer.info.clone();
    tenant.offers.insert(identifier, offer);
    Ok(reply::action("CREATED", CREATED, "The offer is made.", json!({"info": info})))
}

fn offer(tenant: &Tenant, request: &Request) -> Result<(String, Offer), Refusal> {
    let body = &request.body;
    let issuer = Issuer::of(&tenant.settings);
    let Some(credential_issuer) = issuer.string("credentialIssuer") else {
        return Err(Refusal::service(NO_ISSUER, "The service's credentialIssuerMetadata has no credentialIssuer."));
    };
    let configuration_ids = body.strings("credentialConfigurationIds")?.unwrap_or_default();
    if configuration_ids.is_empty() {
        return Err(Refusal::caller(NO_CONFIGURATION, "The call has no credentialConfigurationIds."));
    }
    if let Some(unknown) = configuration_ids.iter().find(|id| issuer.configuration(id).is_none()) {
        return Err(Refusal::caller(UNKNOWN_CONFIGURATION, format!("There is no credential configuration {unknown}.")));
    }
    let Some(subject) = body.non_empty("subject")? else {
        return Err(Refusal::caller(NO_SUBJECT, "The call has no subject."));
    };
    let by_code = body.flag("authorizationCodeGrantIncluded")?;
    let with_state = by_code && body.flag("issuerStateIncluded")?;
    let pre_authorized = body.flag("preAuthorizedCodeGrantIncluded")?;
    let secret = |wanted: bool| if wanted { random::token::<32>().map(Some) } else { Ok(None) };
    let seconds = body.positive("duration")?;
    let seconds = seconds.unwrap_or_else(|| tenant.duration("credentialOfferDuration", choices::OFFER_SECONDS));
    let mut offer = Offer {
        configuration_ids,
        subject,
        issuer_state: secret(with_state)?,
        pre_authorized_code: secret(pre_authorized)?,
        tx_code: body.non_empty("txCode")?.filter(|_| pre_authorized),
        failures: 0,
        info: Map::new(),
        properties: properties(body)?,
        jwt_claims: body.object("jwtAtClaims", |message| Refusal::caller(CLAIMS, message))?,
        auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
        acr: body.non_empty("acr")?,
        expires_at: request.now + 1000 * seconds,
    };
    let content = content(credential_issuer, by_code, &offer, request)?;
    let identifier = random::token::<32>()?;
    let echoed = |name: &str| body.members.get(name).cloned().unwrap_or(Value::Null);
    let info = json!({
        "identifier": identifier,
        "credentialOffer": content.to_string(),
        "credentialIssuer": credential_issuer,
        "issuerState": offer.issuer_state,
        "preAuthorizedCode": offer.pre_authorized_code,
        "expiresAt": offer.expires_at,
        "credentialConfigurationIds": offer.configuration_ids,
        "authorizationCodeGrantIncluded": by_code,
        "issuerStateIncluded": with_state,
        "preAuthorizedCodeGrantIncluded": pre_authorized,
        "subject": offer.subject,
        "txCode": echoed("txCode"),
        "txCodeInputMode": echoed("txCodeInputMode"),
        "txCodeDescription": echoed("txCodeDescription"),
        "context": echoed("context"),
        "properties": echoed("properties"),
        "jwtAtClaims": echoed("jwtAtClaims"),
        "authTime": offer.auth_time,
        "acr": offer.acr,
    });
    offer.info = info.as_object().cloned().unwrap_or_default();
    Ok((identifier, offer))
}

/// What the wallet gets to see.
fn content(issuer: &str, by_code: bool, offer: &Offer, request: &Request) -> Result<Value, Refusal> {
    let mut grants = Map::new();
    if by_code {
        let mut grant = Map::new();
        if let Some(state) = &offer.issuer_state {
            grant.insert("issuer_state".to_owned(), json!(state));
        }
        grants.insert("authorization_code".to_owned(), Value::Object(grant));
    }
    if let Some(code) = &offer.pre_authorized_code {
        let mut grant = Map::new();
        grant.insert("pre-authorized_code".to_owned(), json!(code));
        if let Some(tx_code) = &offer.tx_code {
            grant.insert("tx_code".to_owned(), tx_code_of(tx_code, request)?);
        }
        grants.insert("urn:ietf:params:oauth:grant-type:pre-authorized_code".to_owned(), Value::Object(grant));
    }
    let mut content = json!({"credential_issuer": issuer, "credential_configuration_ids": offer.configuration_ids});
    if !grants.is_empty() {
        content["grants"] = Value::Object(grants);
    }
    Ok(content)
}

/// What helps the user to type the code, but not the code.
fn tx_code_of(tx_code: &str, request: &Request) -> Result<Value, Refusal> {
    let mut members = json!({"length": tx_code.chars().count()});
    if let Some(mode) = request.body.non_empty("txCodeInputMode")? {
        if !["numeric", "text"].contains(&mode.as_str()) {
            return Err(Refusal::caller(MODE, "txCodeInputMode is neither numeric nor text."));
        }
        members["input_mode"] = json!(mode);
    }
    if let Some(description) = request.body.non_empty("txCodeDescription")? {
        members["description"] = json!(description);
    }
    Ok(members)
}
