//! `idtoken_reissue_api`: a token response with a new ID token, after `auth_token_api` answered `ID_TOKEN_REISSUABLE`.

use super::deferred;
use crate::error::ApiError;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const ISSUED: Code = "A450001";
const ERROR: Code = "A450201";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    reissue(tenant, request).or_else(|error| error.reply(&tenant.settings, "CALLER_ERROR"))
}

fn reissue(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    if request.body.string("refreshToken")?.is_none_or(|token| token.is_empty()) {
        return Err(OAuthError::new("server_error", ERROR, "The call has no refreshToken.").into());
    }
    // OpenID Connect Core 1.0, section 12.2: no nonce at a refresh.
    let members = deferred::read(tenant, request, ERROR)?.respond(tenant, request.now, None, &[])?;
    Ok(reply::action("OK", ISSUED, "The token response is complete.", members))
}
