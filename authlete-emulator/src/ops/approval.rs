//! What the authorization server says of the user's decision, in the device flow and in CIBA.

use serde_json::Value;

use super::properties;
use super::token::late;
use crate::error::ApiError;
use crate::oauth::scope;
use crate::request::Request;
use crate::state::{Approval, Client, Decision, Denial, Pending, Settings};

/// A decision as the call has it: its scopes are not yet those that the client may have.
pub(super) struct Given {
    result: String,
    approval: Approval,
    scopes: Option<Vec<String>>,
    denial: Denial,
}

/// Reads the decision; the inner error says what is wrong with the call.
pub(super) fn read(request: &Request) -> Result<Result<Given, &'static str>, ApiError> {
    let body = &request.body;
    let text = |name| Ok::<_, ApiError>(body.text(name)?.filter(|text| !text.is_empty()));
    let Some(result) = text("result")? else { return Ok(Err("The call has no result.")) };
    if !["AUTHORIZED", "ACCESS_DENIED", "TRANSACTION_FAILED"].contains(&result.as_str()) {
        return Err(ApiError::invalid("The member result is not one of the results that Authlete defines."));
    }
    let subject = text("subject")?.unwrap_or_default();
    if result == "AUTHORIZED" && (subject.is_empty() || subject.len() > 100 || !subject.is_ascii()) {
        return Ok(Err("The subject has to have 1 to 100 ASCII characters."));
    }
    let Some(added) = late::added(body)? else {
        return Ok(Err("One of claims, idtHeaderParams and jwtAtClaims is not a JSON object as a text."));
    };
    let approval = Approval {
        subject,
        sub: text("sub")?,
        scopes: Vec::new(),
        auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
        acr: text("acr")?,
        properties: properties(body)?,
        consented_claims: body.texts("consentedClaims")?.unwrap_or_default(),
        added,
        access_duration: body.seconds("accessTokenDuration")?,
        refresh_duration: body.seconds("refreshTokenDuration")?,
    };
    let denial = Denial { description: text("errorDescription")?, uri: text("errorUri")? };
    // An empty list takes all scopes away; no list leaves them.
    let scopes = if body.members.get("scopes").is_none_or(Value::is_null) { None } else { body.texts("scopes")? };
    Ok(Ok(Given { result, approval, scopes, denial }))
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
                Decision::Approved(Box::new(Approval { scopes, ..self.approval }))
            }
            "ACCESS_DENIED" => Decision::Denied(self.denial),
            _ => Decision::Failed(self.denial),
        }
    }
}
