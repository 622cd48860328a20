//! `vci_batch_issue_api`: issues or defers the credentials that a request for many asked for.

use serde_json::{Value, json};

use super::{defer, no_batches, renew_nonce, requested};
use crate::error::ApiError;
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::order::Order;
use crate::vci::response::{self, Outcome};
use crate::vci::{self, Refusal, Version, choices, token};

const NO_ORDERS: Code = "A900080";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    issue(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let bearer = token::check(tenant, request)?;
    if Version::of(&tenant.settings) == Version::Final {
        return Err(no_batches());
    }
    let orders = request.body.members.get("orders").and_then(Value::as_array).filter(|orders| !orders.is_empty());
    let Some(orders) = orders else { return Err(Refusal::caller(NO_ORDERS, "The call has no orders.")) };
    let mut made = Vec::new();
    for order in orders {
        let order = Order::read(Some(order))?;
        let record = requested(tenant, &order, false, Some(&bearer))?;
        let outcome = match order.deferred {
            true => Outcome::Deferred(order.request.clone(), choices::INTERVAL_SECONDS),
            false => Outcome::Issued(order.make(&tenant.settings, &record, request.now)?),
        };
        made.push((order, record, outcome));
    }
    let responses: Vec<Value> = made
        .iter()
        .map(|(_, record, outcome)| response::members(Version::Draft, record.format.as_deref(), outcome))
        .collect();
    let nonce = renew_nonce(tenant, &bearer, request.now)?;
    let members = response::with_nonce(json!({"credential_responses": responses}), nonce.as_ref(), request.now);
    let all_deferred = made.iter().all(|(order, _, _)| order.deferred);
    let encryption = made.iter().find_map(|(_, record, _)| record.encryption.clone());
    let reply = response::reply(all_deferred, &members, encryption.as_ref())?;
    for (order, record, _) in made {
        tenant.credential_requests.remove(&order.request);
        if order.deferred {
            defer(tenant, &order.request, record, request.now);
        }
    }
    Ok(reply)
}
