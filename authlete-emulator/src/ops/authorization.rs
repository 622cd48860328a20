//! `auth_authorization_api`: looks at an authorization request and opens a ticket for it.

use serde_json::{Map, Value, json};

use super::token::native_sso;
use crate::error::ApiError;
use crate::oauth::authorization::{self, Checked, Origin, PROMPTS};
use crate::oauth::parameters::Parameters;
use crate::oauth::{OperationError, grant, rar, redirect, scope, transformed_claims};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema::TICKET_SECONDS;
use crate::state::{Authorized, Details, Settings, Tenant, Ticket};
use crate::vci::{self, issuable};
use crate::{random, views};

const INTERACTION: Code = "A004001";
const NO_INTERACTION: Code = "A004002";
const NO_PARAMETERS: Code = "A004201";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let Some(text) = request.body.string("parameters")? else {
        return OperationError::server(NO_PARAMETERS, "The call has no parameters member.").reply(&tenant.settings, "");
    };
    // Until it is known where to send the browser, it is the browser that gets to see an error.
    let origin = authorization::from_browser(tenant, Parameters::parse(&text), request.now)
        .and_then(|source| Ok(authorization::origin(tenant, source)?));
    let result = origin.and_then(|origin| match open(tenant, request, &origin) {
        Err(OperationError::Client(error)) => redirect::error(&origin.destination, tenant, request.now, &error),
        result => result,
    });
    result.or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

fn open(tenant: &mut Tenant, request: &Request, origin: &Origin) -> Result<Reply, OperationError> {
    let checked = authorization::check(tenant, origin)?;
    let ticket = random::token::<32>()?;
    let reply = respond(tenant, origin, &checked, &ticket);
    let parameters = &origin.source.parameters;
    let record = Ticket {
        client_id: origin.source.client.id,
        alias_used: origin.source.alias_used,
        destination: origin.destination.clone(),
        redirect_uri_given: parameters.has("redirect_uri"),
        scopes: origin.scopes.clone(),
        nonce: parameters.get("nonce").map(str::to_owned),
        challenge: checked.challenge,
        response_type: checked.response_type,
        grant_request: checked.grant_request,
        subject: checked.subject,
        max_age: checked.max_age,
        opened_at: request.now,
        essential_acrs: if checked.acr_essential { checked.acrs } else { Vec::new() },
        context: request.body.string("context")?,
        details: checked.details,
    };
    tenant.tickets.insert(ticket, request.now + TICKET_SECONDS * 1000, record);
    Ok(reply)
}

fn respond(tenant: &Tenant, origin: &Origin, checked: &Checked, ticket: &str) -> Reply {
    let service = &tenant.settings;
    let parameters = &origin.source.parameters;
    let lowest = PROMPTS.iter().find(|prompt| checked.prompts.contains(prompt));
    let text = |claims: &Option<Map<String, Value>>| claims.as_ref().map(|claims| json!(claims).to_string());
    let offer = parameters.get("issuer_state").and_then(|state| tenant.offers.of_issuer_state(state));
    let offer = offer.filter(|_| vci::is_enabled(service));
    let authorized =
        Authorized { scopes: origin.scopes.clone(), details: checked.details.clone(), ..Authorized::default() };
    let asked = checked.id_token_claims.as_ref();
    let mut members = json!({
        "ticket": ticket,
        "client": views::client(&origin.source.client),
        "service": views::service(service),
        "clientIdAliasUsed": origin.source.alias_used,
        "scopes": views::listed(&scope::details(service, &origin.scopes)),
        "display": checked.display,
        "maxAge": checked.max_age.unwrap_or_default(),
        "acrs": views::listed(&checked.acrs),
        "acrEssential": checked.acr_essential,
        "subject": checked.subject,
        "claims": views::listed(&checked.details.id_token_claims),
        "claimsAtUserInfo": views::listed(&checked.details.userinfo_claims),
        "idTokenClaims": text(&checked.id_token_claims),
        "userInfoClaims": text(&checked.userinfo_claims),
        "transformedClaims": transformed_text(&checked.details),
        "requestedClaimsForTx": views::listed(&transformed_claims::sources(service, &checked.details, asked)),
        "requestedVerifiedClaimsForTx":
            views::listed(&transformed_claims::verified_sources(service, &checked.details, asked)),
        "resources": views::listed(&checked.details.resources),
        "credentialOfferInfo": offer.map(|offer| &offer.info),
        "issuableCredentials": issuable::to_api(service, &issuable::of(service, &authorized)),
        "authorizationDetails": rar::to_api(&checked.details.authorization_details),
        "requestObjectPayload": origin.source.payload,
        "nativeSsoRequested": checked.response_type.code && native_sso::applies(service, &origin.scopes),
        "uiLocales": views::listed(&supported(service, "supportedUiLocales", parameters.words("ui_locales"))),
        "claimsLocales": views::listed(&supported(service, "supportedClaimLocales", parameters.words("claims_locales"))),
        "loginHint": parameters.get("login_hint"),
        "purpose": parameters.get("purpose"),
        "prompts": views::listed(&checked.prompts),
        "lowestPrompt": lowest.copied().map_or(Value::Null, |prompt| json!(prompt)),
    });
    if let Some(members) = members.as_object_mut() {
        members.extend(grant::members(tenant, checked.grant_request.as_ref()));
    }
    let (action, code, message) = match checked.prompts.as_slice() {
        ["NONE"] => ("NO_INTERACTION", NO_INTERACTION, "The request is valid and must be answered without the user."),
        _ => ("INTERACTION", INTERACTION, "The request is valid and waits for the user."),
    };
    reply::action(action, code, message, members)
}

/// The words that the service supports; all of them where it does not say.
fn supported(service: &Settings, list: &str, mut words: Vec<String>) -> Vec<String> {
    if service.strings(list).next().is_some() {
        words.retain(|word| service.has(list, word));
    }
    words
}

/// The definitions of transformed claims that the client sent.
pub(crate) fn transformed_text(details: &Details) -> Option<String> {
    let definitions = &details.transformed_claims;
    (!definitions.is_empty()).then(|| json!(definitions).to_string())
}
