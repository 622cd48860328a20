//! `vci_single_issue_api`: issues the credential that a request asked for, defers it, or denies it.

use serde_json::json;

use super::{defer, interval, is_denied, renew_nonce, requested};
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::order::Order;
use crate::vci::response::{self, Outcome};
use crate::vci::{self, Refusal, Version, token};

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    issue(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let bearer = token::check(tenant, request)?;
    let order = Order::read(request.body.members.get("order"))?;
    let record = requested(tenant, &order, false, Some(&bearer))?;
    if is_denied(request)? {
        tenant.credential_requests.remove(&order.request);
        return Err(response::denied());
    }
    let outcome = match order.deferred {
        true => Outcome::Deferred(order.request.clone(), interval(request)?),
        false => Outcome::Issued(order.make(&tenant.settings, &record, request.now)?),
    };
    let nonce = renew_nonce(tenant, &bearer, request.now)?;
    let members = response::members(Version::of(&tenant.settings), record.format.as_deref(), &outcome);
    let members = response::with_nonce(members, nonce.as_ref(), request.now);
    let reply = response::reply(order.deferred, &members, record.encryption.as_ref())?;
    tenant.credential_requests.remove(&order.request);
    if !order.deferred {
        return Ok(reply);
    }
    defer(tenant, &order.request, record, request.now);
    Ok(reply.with("transactionId", json!(order.request)))
}
