//! `backchannel_authentication_complete_api`: notes what the user decided, and says whether and how to notify the client
//! (CIBA, sections 10.2 and 10.3).

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::{CheckError, OAuthError, OperationError, rar};
use crate::ops::approval;
use crate::ops::token::push;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Client, Decision, Delivery, ErrorInfo, Pending, Tenant};
use crate::views;

const NOTED: Code = "A198001";
const NOTIFY: Code = "A210002";
const WRONG: Code = "A210201";
const DEAD_TICKET: Code = "A210202";
const EXPIRED: Code = "A210301";
const DENIED: Code = "A210302";
const FAILED: Code = "A210303";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let server_error = |code, message: &str| Ok(reply::action("SERVER_ERROR", code, message, json!({})));
    let Some(ticket) = request.body.non_empty("ticket")? else {
        return server_error(WRONG, "The call has no ticket.");
    };
    let given = match approval::read(request) {
        Ok(given) => given,
        Err(CheckError::Rejected(message)) => return server_error(WRONG, &message),
        Err(CheckError::Failed(error)) => return error.reply(&tenant.settings, "SERVER_ERROR"),
    };
    let found = tenant.backchannels.for_server(&ticket).map(|(id, pending)| (id.to_owned(), pending.clone()));
    let found = found.and_then(|(id, pending)| {
        let client = tenant.clients.get(&pending.client_id)?.clone();
        Some((id, pending, client))
    });
    let Some((id, pending, client)) = found else {
        return server_error(DEAD_TICKET, "The ticket is unknown, used or expired.");
    };
    let Some(backchannel) = pending.backchannel.as_ref().filter(|backchannel| backchannel.issued) else {
        return server_error(DEAD_TICKET, "The ticket has not been used to issue an auth_req_id.");
    };
    let delivery = backchannel.delivery;
    let expired = request.now >= pending.expires_at;
    if expired && delivery == Delivery::Poll {
        return server_error(EXPIRED, "The auth_req_id has expired.");
    }
    let mut decision = given.about(&pending, &tenant.settings, &client);
    approval::apply_grant(tenant, &pending, &mut decision, request.now)?;
    tenant.record_consent(client.id, &decision, request.now);
    tenant.backchannels.decide(&ticket, decision.clone());
    let members = members(tenant, &client, &pending, &id);
    let about_request = json!({"auth_req_id": id}).to_string();
    match delivery {
        Delivery::Poll => {
            Ok(reply::action("NO_ACTION", NOTED, "The decision is noted; the client will ask for it.", members))
        }
        Delivery::Ping => {
            let reply =
                reply::action("NOTIFICATION", NOTIFY, "The client is to be told to ask for its tokens.", members);
            Ok(reply.with("responseContent", json!(about_request)))
        }
        Delivery::Push => {
            let decision = if expired { None } else { Some(decision) };
            let sent = sent(tenant, request, &client, &pending, &id, decision)?;
            let reply = reply::action("NOTIFICATION", NOTIFY, "The client is to be sent the result.", members);
            Ok(sent.into_iter().fold(reply, |reply, (name, value)| reply.with(&name, value)))
        }
    }
}

/// What every response about the request has.
fn members(tenant: &Tenant, client: &Client, pending: &Pending, id: &str) -> Value {
    let settings = &client.settings;
    let backchannel = pending.backchannel.as_ref();
    json!({
        "deliveryMode": backchannel.map(|backchannel| backchannel.delivery),
        "authReqId": id,
        "clientId": client.id,
        "clientIdAlias": settings.string("clientIdAlias"),
        "clientIdAliasUsed": pending.alias_used,
        "clientName": settings.string("clientName"),
        "clientNotificationEndpoint": settings.string("bcNotificationEndpoint"),
        "clientNotificationToken": backchannel.map(|backchannel| &backchannel.notification_token),
        "resources": views::listed(&pending.details.resources),
        "authorizationDetails": rar::to_api(&pending.details.authorization_details),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": settings.0.get("attributes"),
    })
}

/// What the client is sent in the delivery mode push: tokens, or an error. `None` for a decision that came too late.
fn sent(
    tenant: &mut Tenant,
    request: &Request,
    client: &Client,
    pending: &Pending,
    id: &str,
    decision: Option<Decision>,
) -> Result<serde_json::Map<String, Value>, ApiError> {
    let failed = |error, code, message: &str, info| OAuthError { info, ..OAuthError::new(error, code, message) };
    let error = match decision {
        None => failed("expired_token", EXPIRED, "The time for a decision is over.", ErrorInfo::default()),
        Some(Decision::Denied(info)) => failed("access_denied", DENIED, "The user denied the request.", info),
        Some(Decision::Failed(info)) => failed("expired_token", FAILED, "The user's decision could not be had.", info),
        Some(Decision::Approved(approval)) => match push::tokens(tenant, client, pending, id, *approval, request.now) {
            Ok(members) => return Ok(members),
            Err(OperationError::Api(error)) => return Err(error),
            Err(OperationError::Client(error) | OperationError::Server(error)) => error,
        },
    };
    let mut content = error.to_value(&tenant.settings);
    content["auth_req_id"] = json!(id);
    Ok([("responseContent".to_owned(), json!(content.to_string()))].into_iter().collect())
}
