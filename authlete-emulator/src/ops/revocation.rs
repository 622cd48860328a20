//! `auth_revocation_api`: the revocation endpoint (RFC 7009).

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::client_auth::{self, Codes};
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Refresh, Tenant};

const REVOKED: Code = "A113001";
const NO_PARAMETERS: Code = "A113201";
const NO_TOKEN: Code = "A113301";
const OTHER_CLIENT: Code = "A113302";
const REPEATED: Code = "A113303";
const CLIENT: Codes = Codes { missing: "A113304", unknown: "A113305", method: "A113306", secret: "A113307" };

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    revoke(tenant, request).or_else(|error| error.reply_to_client(&tenant.settings, "INVALID_CLIENT"))
}

fn revoke(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let client = client_auth::authenticate(tenant, request, &parameters, CLIENT)?;
    let Some(value) = parameters.get("token") else {
        return Err(OAuthError::new("invalid_request", NO_TOKEN, "The request has no token.").into());
    };
    // The hint only says where to look first (section 2.1), and both places are at hand.
    let number = match tenant.tokens.by_refresh(value) {
        Some(Refresh::Current(number) | Refresh::Spent(number)) => Some(number),
        None => tenant.tokens.number_by_access(value),
    };
    let owner = number.and_then(|number| Some((number, tenant.tokens.get(number)?.client_id)));
    if let Some((number, owner)) = owner {
        if owner != client.client.id {
            let message = "The token was issued to another client.";
            return Err(OAuthError::new("invalid_request", OTHER_CLIENT, message).into());
        }
        // Both tokens go: an access token that is revoked must not come back by its refresh token.
        tenant.tokens.remove(number);
    }
    // A token that is not known is none that could do harm (section 2.2).
    let callback = parameters.get("callback").map(|name| format!("{name}();")).filter(|_| is_name(&parameters));
    Ok(reply::action("OK", REVOKED, "The token is good for nothing any more.", json!({"responseContent": callback})))
}

/// Whether the `callback` parameter (section 2.3) is a name, and not a script of its own.
fn is_name(parameters: &Parameters) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_$.".contains(&b);
    parameters.get("callback").is_some_and(|name| name.len() <= 100 && name.bytes().all(allowed))
}
