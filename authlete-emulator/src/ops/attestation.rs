//! `attestation_challenge_api`: a challenge for proofs of possession that come with attestations.

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::client_auth;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const ISSUED: Code = "A506001";

pub(crate) fn challenge(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let challenge = client_auth::challenge(tenant, request.now)?;
    let content = json!({"attestation_challenge": challenge});
    let content = if request.body.flag("pretty")? { format!("{content:#}") } else { content.to_string() };
    let members = json!({"attestationChallenge": challenge, "responseContent": content});
    Ok(reply::action("OK", ISSUED, "The challenge is good for the present time window.", members))
}
