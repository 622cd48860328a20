//! `vci_nonce_api`: a nonce for proofs of keys (OpenID4VCI 1.0, section 7).

use serde_json::json;

use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::{self, Refusal, nonce};

const MADE: Code = "A900090";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let pretty = request.body.flag("pretty")?;
    if !vci::is_enabled(&tenant.settings) {
        return Refusal::Off.reply_to_reader(&tenant.settings);
    }
    let nonce = nonce::present(tenant, request.now)?;
    let document = json!({"c_nonce": nonce});
    let content = if pretty { format!("{document:#}") } else { document.to_string() };
    let members = json!({"cnonce": nonce, "responseContent": content});
    Ok(reply::action("OK", MADE, "Here is a nonce.", members))
}
