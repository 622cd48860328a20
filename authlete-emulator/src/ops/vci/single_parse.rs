//! `vci_single_parse_api`: checks a credential request, and keeps it until its credential is ordered.

use serde_json::json;

use super::{content, with_next_nonce};
use crate::error::ApiError;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::token::{self, Bearer};
use crate::vci::{self, Refusal, choices, encryption, request as credential_request};

const PARSED: Code = "A900040";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    parse(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn parse(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let bearer = token::check(tenant, request)?;
    checked(tenant, &bearer, request).map_err(|refusal| with_next_nonce(tenant, &bearer, request.now, refusal))
}

fn checked(tenant: &mut Tenant, bearer: &Bearer, request: &Request) -> Result<Reply, Refusal> {
    let message = encryption::read(&tenant.settings, &content(request)?)?;
    let record = credential_request::parse(tenant, bearer, &message, request.now)?;
    let identifier = random::token::<32>()?;
    let info = credential_request::info(&tenant.settings, &identifier, &record);
    let ends_at = bearer.token.expires_at.min(request.now + 1000 * choices::REQUEST_SECONDS);
    tenant.credential_requests.insert(identifier, ends_at, record);
    Ok(reply::action("OK", PARSED, "The credential request is valid.", json!({"info": info})))
}
