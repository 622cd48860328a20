//! `auth_introspection_api`: whether an access token is good for what a resource server asks.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::{CheckError, OperationError, dpop, grant, possession, rar, scope, signed_request};
use crate::reply::{self, Code, Reply, result_message};
use crate::request::Request;
use crate::state::{Tenant, Token};
use crate::vci::{self, issuable};
use crate::views;

const VALID: Code = "A056001";
const NO_TOKEN: Code = "A056301";
const UNKNOWN: Code = "A056302";
const EXPIRED: Code = "A056303";
const SCOPES: Code = "A056304";
const SUBJECT: Code = "A056305";
const AUTHENTICATION: Code = "A056306";
const RESOURCES: Code = "A056307";
const SIGNATURE: Code = "A056309";
const PROOF: Code = "A056308";
const UNREADABLE: Code = "A056201";

/// Why a token is not good: the action, the error of RFC 6750, 9449 or 9470, and a further attribute of the challenge.
pub(super) struct Refusal {
    pub(super) action: &'static str,
    scheme: &'static str,
    pub(super) code: Code,
    error: &'static str,
    pub(super) message: Cow<'static, str>,
    pub(super) attribute: Option<String>,
}

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let reply = introspect(tenant, request).or_else(|error| match error {
        OperationError::Api(error) => Err(error),
        OperationError::Client(error) | OperationError::Server(error) => {
            let members = json!({"responseContent": "Bearer error=\"server_error\""});
            Ok(reply::action("INTERNAL_SERVER_ERROR", error.code, &error.message, members))
        }
    })?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn introspect(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let given = request.body.non_empty("token")?;
    let Some(given) = given else {
        let refusal = Refusal::new("BAD_REQUEST", NO_TOKEN, "invalid_request", "There is no access token.");
        return Ok(refused(tenant, &refusal, None, request.now));
    };
    let Some(token) = tenant.tokens.by_access(&given).cloned() else {
        let refusal = Refusal::new("UNAUTHORIZED", UNKNOWN, "invalid_token", "The access token does not exist.");
        return Ok(refused(tenant, &refusal, None, request.now));
    };
    let mut found = refusal(&token, request)?;
    if found.is_none() {
        found = unproven(tenant, request, &token, &given)?;
    }
    if found.is_none() {
        found = unsigned(tenant, request, &token)?;
    }
    if let Some(refusal) = found {
        return Ok(refused(tenant, &refusal, Some(&token), request.now));
    }
    let mut members = members(tenant, &token, request.now);
    members["responseContent"] = json!("Bearer error=\"invalid_request\"");
    members["sufficient"] = json!(true);
    members["responseSigningRequired"] = json!(signed_request::is_response_signed(tenant, &token));
    Ok(reply::action("OK", VALID, "The access token is valid.", members))
}

impl Refusal {
    pub(super) fn new(
        action: &'static str,
        code: Code,
        error: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { action, scheme: "Bearer", code, error, message: message.into(), attribute: None }
    }

    /// The value of the header `WWW-Authenticate`.
    pub(super) fn challenge(&self, omit_description: bool) -> String {
        let mut challenge = format!("{} error=\"{}\"", self.scheme, self.error);
        if !omit_description {
            challenge += &format!(",error_description=\"{}\"", result_message(self.code, &self.message));
        }
        if let Some(attribute) = &self.attribute {
            challenge.push(',');
            challenge += attribute;
        }
        challenge
    }
}

/// Whether the request lacks the signature that it has to have.
fn unsigned(tenant: &Tenant, request: &Request, token: &Token) -> Result<Option<Refusal>, OperationError> {
    match signed_request::check(tenant, request, token, None) {
        Ok(()) => Ok(None),
        Err(CheckError::Rejected(why)) => Ok(Some(Refusal::new("BAD_REQUEST", SIGNATURE, "invalid_request", why))),
        Err(CheckError::Failed(error)) => Err(error),
    }
}

/// Whether whoever presents the token lacks a key that it is bound to.
pub(super) fn unproven(
    tenant: &mut Tenant,
    request: &Request,
    token: &Token,
    given: &str,
) -> Result<Option<Refusal>, OperationError> {
    let unproven = match possession::check(tenant, request, token, given, UNREADABLE) {
        Ok(()) => return Ok(None),
        Err(CheckError::Rejected(unproven)) => unproven,
        Err(CheckError::Failed(error)) => return Err(error),
    };
    let mut refusal = Refusal::new("UNAUTHORIZED", PROOF, unproven.error, unproven.message);
    refusal.scheme = unproven.scheme;
    if unproven.scheme == "DPoP" {
        refusal.attribute = Some(format!("algs=\"{}\"", dpop::ALGORITHMS));
    }
    Ok(Some(refusal))
}

fn refusal(token: &Token, request: &Request) -> Result<Option<Refusal>, ApiError> {
    if !token.is_alive(request.now) {
        return Ok(Some(Refusal::new("UNAUTHORIZED", EXPIRED, "invalid_token", "The access token has expired.")));
    }
    let required = request.body.strings("scopes")?.unwrap_or_default();
    if !required.iter().all(|scope| token.authorized.scopes.contains(scope)) {
        let message = "The access token does not cover the required scopes.";
        let mut refusal = Refusal::new("FORBIDDEN", SCOPES, "insufficient_scope", message);
        refusal.attribute = Some(format!("scope=\"{}\"", quotable(&required.join(" "))));
        return Ok(Some(refusal));
    }
    let subject = request.body.non_empty("subject")?;
    if subject.is_some() && subject != token.authorized.subject {
        let message = "The access token belongs to another subject.";
        return Ok(Some(Refusal::new("FORBIDDEN", SUBJECT, "invalid_request", message)));
    }
    let resources = request.body.strings("resources")?.unwrap_or_default();
    if !resources.iter().all(|resource| token.authorized.details.access_resources.contains(resource)) {
        let message = "The access token is not for a required resource.";
        return Ok(Some(Refusal::new("FORBIDDEN", RESOURCES, "invalid_target", message)));
    }
    let acrs = request.body.strings("acrValues")?.unwrap_or_default();
    let max_age = request.body.number("maxAge")?.filter(|seconds| *seconds > 0);
    let message = "The user has to authenticate in another way, or again.";
    let mut refusal = Refusal::new("UNAUTHORIZED", AUTHENTICATION, "insufficient_user_authentication", message);
    if !acrs.is_empty() && !token.authorized.acr.as_ref().is_some_and(|acr| acrs.contains(acr)) {
        refusal.attribute = Some(format!("acr_values=\"{}\"", quotable(&acrs.join(" "))));
        return Ok(Some(refusal));
    }
    if let Some(max_age) = max_age {
        let since = token.authorized.auth_time.map(|time| (request.now / 1000).saturating_sub(time));
        if since.is_none_or(|age| age > max_age) {
            refusal.attribute = Some(format!("max_age=\"{max_age}\""));
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}

/// String without what would end a quoted string or a header.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

fn refused(tenant: &Tenant, refusal: &Refusal, token: Option<&Token>, now: u64) -> Reply {
    let mut members = match token {
        Some(token) => members(tenant, token, now),
        None => json!({"existent": false, "usable": false, "refreshable": false}),
    };
    members["responseContent"] = json!(refusal.challenge(tenant.settings.flag("errorDescriptionOmitted")));
    members["sufficient"] = json!(refusal.action != "FORBIDDEN" && token.is_some());
    reply::action(refusal.action, refusal.code, &refusal.message, members)
}

fn members(tenant: &Tenant, token: &Token, now: u64) -> Value {
    let client = tenant.clients.get(&token.client_id).map(|client| &client.settings);
    let details = &token.authorized.details;
    let issuable = issuable::of(&tenant.settings, &token.authorized);
    // The text of Authlete's library names these two ways, and not a scope alone.
    let for_issuance = token.grant_type == "PRE_AUTHORIZED_CODE"
        || details.authorization_details.iter().any(|element| element["type"] == vci::DETAIL_TYPE);
    let nonce = token.c_nonce.as_ref();
    json!({
        "forCredentialIssuance": for_issuance && vci::is_enabled(&tenant.settings),
        "issuableCredentials": issuable::to_api(&tenant.settings, &issuable),
        "cnonce": nonce.map(|nonce| &nonce.value),
        "cnonceExpiresAt": nonce.map(|nonce| nonce.expires_at),
        "existent": true,
        "usable": token.is_alive(now),
        "refreshable": token.is_refreshable(now),
        "clientId": token.client_id,
        "clientIdAlias": client.and_then(|client| client.string("clientIdAlias")),
        "clientIdAliasUsed": token.alias_used,
        "clientEntityIdUsed": token.entity_id_used,
        "metadataDocumentUsed": token.metadata_document_used,
        "subject": token.authorized.subject,
        "scopes": views::listed(&token.authorized.scopes),
        "scopeDetails": views::listed(&scope::details(&tenant.settings, &token.authorized.scopes)),
        "expiresAt": token.expires_at,
        "properties": views::listed(&token.authorized.properties),
        "consentedClaims": views::listed(&token.authorized.consented_claims),
        "grantType": token.grant_type,
        "forExternalAttachment": token.authorized.details.for_external_attachment,
        "certificateThumbprint": token.authorized.details.binding.x5t,
        "resources": views::listed(&token.authorized.details.resources),
        "accessTokenResources": views::listed(&token.authorized.details.access_resources),
        "authorizationDetails": rar::to_api(&issuable::identified(&tenant.settings, &details.authorization_details)),
        "grantId": token.authorized.details.grant_id,
        "grant": token.authorized.details.grant_id.as_deref().and_then(|id| tenant.grants.get(id)).map(|g| grant::to_api(&g.granted)),
        "acr": token.authorized.acr,
        "authTime": token.authorized.auth_time,
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.and_then(|client| client.0.get("attributes")),
    })
}
