//! Tokens that are sent to the client without a token request (CIBA, section 10.3.1).

use serde_json::{Map, Value, json};

use super::{TokenRequest, grant, poll};
use crate::oauth::id_token::IdToken;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OperationError, lifetime};
use crate::reply::Reply;
use crate::state::{Approval, Client, Pending, Tenant};

/// The claim that binds an ID token to the request.
const AUTH_REQ_ID: &str = "urn:openid:params:jwt:claim:auth_req_id";

/// Members of a token response that a response about a notification has too.
const MEMBERS: &[&str] =
    &["accessToken", "accessTokenDuration", "refreshToken", "refreshTokenDuration", "jwtAccessToken"];

/// Issues the tokens of an approval, and returns the members of the API's response that are about them.
pub(crate) fn tokens(
    tenant: &mut Tenant,
    client: &Client,
    pending: &Pending,
    auth_req_id: &str,
    approval: Approval,
    now: u64,
) -> Result<Map<String, Value>, OperationError> {
    let none = Parameters::default();
    let request = TokenRequest {
        lifetimes: approval.lifetimes,
        chosen_token: approval.access_token.clone(),
        ..TokenRequest::of_server(&none, client, pending.alias_used, now)
    };
    let mut grant = poll::grant(tenant, &request, "CIBA", pending.alias_used, pending.details.clone(), approval);
    grant.authorized.details.add_claims([(AUTH_REQ_ID.to_owned(), json!(auth_req_id))]);
    grant.no_id_token = true;
    let id_token_seconds = lifetime::ID_TOKEN.of(&tenant.settings, client, &grant.authorized.scopes);
    let (number, reply) = grant::issue(tenant, &request, grant)?;
    let (Some(token), Reply::Json(Value::Object(mut issued))) = (tenant.tokens.get(number).cloned(), reply) else {
        return Ok(Map::new());
    };
    let id_token = IdToken { refresh_token: token.refresh.as_deref(), ..IdToken::of(client, &token) };
    let id_token = match token.authorized.has_scope("openid") {
        true => Some(id_token.sign(tenant, now)?),
        false => None,
    };
    let content = grant::content(tenant, &request, &token, id_token.as_deref(), &[("auth_req_id", auth_req_id)]);
    issued.retain(|name, _| MEMBERS.contains(&name.as_str()));
    issued.insert("idToken".to_owned(), json!(id_token));
    issued.insert("idTokenDuration".to_owned(), json!(id_token.map(|_| id_token_seconds)));
    issued.insert("responseContent".to_owned(), json!(content));
    Ok(issued)
}
