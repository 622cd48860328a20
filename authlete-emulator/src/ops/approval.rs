//! What the authorization server says of the user's decision, in the device flow and in CIBA.

use serde_json::Value;

use super::properties;
use super::token::deferred;
use crate::error::ApiError;
use crate::oauth::{CheckError, grant, scope};
use crate::request::{Body, Request};
use crate::state::{Approval, Authorized, Client, Decision, ErrorInfo, Pending, Settings, Tenant};

/// A decision as the call has it: its scopes are not yet those that the client may have.
pub(super) struct Given {
    result: String,
    approval: Approval,
    /// The scopes, where they are not to be those of the request.
    scopes: Option<Vec<String>>,
    info: ErrorInfo,
}

/// Reads the decision. A rejection says what is wrong with the call.
pub(super) fn read(request: &Request) -> Result<Given, CheckError<String>> {
    let body = &request.body;
    let text = |name| body.non_empty(name);
    let Some(result) = text("result")? else { return Err(rejected("The call has no result.")) };
    if !["AUTHORIZED", "ACCESS_DENIED", "TRANSACTION_FAILED"].contains(&result.as_str()) {
        let message = "The member result is not one of the results that Authlete defines.";
        return Err(ApiError::invalid(message).into());
    }
    let subject = text("subject")?.unwrap_or_default();
    if result == "AUTHORIZED" && (subject.is_empty() || subject.len() > 100 || !subject.is_ascii()) {
        return Err(rejected("The subject has to have 1 to 100 ASCII characters."));
    }
    let authorized = Authorized {
        subject: Some(subject),
        details: deferred::added(body, CheckError::Rejected)?,
        ..authorized(body)?
    };
    let approval = Approval { authorized, lifetimes: body.lifetimes()?, access_token: body.non_empty("accessToken")? };
    let info = ErrorInfo { description: text("errorDescription")?, uri: text("errorUri")? };
    // An empty list takes all scopes away; no list leaves them.
    let scopes = if body.members.get("scopes").is_none_or(Value::is_null) { None } else { body.strings("scopes")? };
    Ok(Given { result, approval, scopes, info })
}

fn rejected(message: &str) -> CheckError<String> {
    CheckError::Rejected(message.to_owned())
}

/// What every call about a user's decision may say of the login and of the tokens.
pub(super) fn authorized(body: &Body) -> Result<Authorized, ApiError> {
    Ok(Authorized {
        sub: body.non_empty("sub")?,
        auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
        acr: body.non_empty("acr")?,
        properties: properties(body)?,
        consented_claims: body.strings("consentedClaims")?.unwrap_or_default(),
        ..Authorized::default()
    })
}

/// Does what the request asked for to a grant, now that the user has agreed (Grant Management for OAuth 2.0).
pub(super) fn apply_grant(
    tenant: &mut Tenant,
    pending: &Pending,
    decision: &mut Decision,
    now: u64,
) -> Result<(), ApiError> {
    let (Decision::Approved(approval), Some(asked)) = (decision, &pending.grant_request) else { return Ok(()) };
    let authorized = &mut approval.authorized;
    let Some(subject) = authorized.subject.clone() else { return Ok(()) };
    let owner = (pending.client_id, subject.as_str());
    let id = grant::apply(tenant, asked, owner, &authorized.scopes, &pending.details, now)?;
    authorized.details.grant_id = Some(id);
    Ok(())
}

impl Given {
    /// The decision about a request of this client's. `openid` cannot be added.
    pub(super) fn about(self, pending: &Pending, service: &Settings, client: &Client) -> Decision {
        match self.result.as_str() {
            "AUTHORIZED" => {
                let had_openid = pending.scopes.iter().any(|scope| scope == "openid");
                let scopes = match self.scopes {
                    None => pending.scopes.clone(),
                    Some(replacing) => {
                        let mut scopes = scope::grantable(service, client, Some(&replacing));
                        scopes.retain(|scope| scope != "openid" || had_openid);
                        scopes
                    }
                };
                let authorized = Authorized { scopes, ..self.approval.authorized };
                Decision::Approved(Box::new(Approval { authorized, ..self.approval }))
            }
            "ACCESS_DENIED" => Decision::Denied(self.info),
            _ => Decision::Failed(self.info),
        }
    }
}
