//! `vci_offer_info_api`: what is known of an offer. Looking at it does not use it up.

use serde_json::{Value, json};

use super::offer_create::reply_to_server;
use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::{self, Refusal};

const FOUND: Code = "A900030";
const NO_IDENTIFIER: Code = "A900031";
const UNKNOWN: Code = "A900032";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    find(tenant, request).or_else(|refusal| reply_to_server(refusal, &tenant.settings))
}

fn find(tenant: &Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let Some(identifier) = request.body.non_empty("identifier")? else {
        return Err(Refusal::caller(NO_IDENTIFIER, "The call has no identifier."));
    };
    match tenant.offers.get(&identifier) {
        Some(offer) => Ok(reply::action("OK", FOUND, "The offer is there.", json!({"info": offer.info}))),
        None => Ok(reply::action("NOT_FOUND", UNKNOWN, "The offer is unknown or has expired.", Value::Null)),
    }
}
