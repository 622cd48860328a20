//! `vci_deferred_issue_api`: issues a credential that was deferred, defers it further, or denies it.

use super::{interval, is_denied, requested};
use crate::error::ApiError;
use crate::oauth::OAuthError;
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::vci::order::Order;
use crate::vci::response::{self, Outcome};
use crate::vci::{self, Refusal, Version};

const PENDING: Code = "A900060";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    issue(tenant, request).or_else(|refusal| refusal.reply(&tenant.settings))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, Refusal> {
    if !vci::is_enabled(&tenant.settings) {
        return Err(Refusal::Off);
    }
    let order = Order::read(request.body.members.get("order"))?;
    let record = requested(tenant, &order, true, None)?;
    let version = Version::of(&tenant.settings);
    if is_denied(request)? {
        tenant.credential_requests.remove(&order.request);
        return Err(response::denied());
    }
    let outcome = match (order.deferred, version) {
        (true, Version::Draft) => {
            let message = "The credential is not ready yet.";
            return Err(OAuthError::new("issuance_pending", PENDING, message).into());
        }
        (true, Version::Final) => Outcome::Deferred(order.request.clone(), interval(request)?),
        (false, _) => Outcome::Issued(order.make(&tenant.settings, &record, request.now)?),
    };
    let members = response::members(version, record.format.as_deref(), &outcome);
    let reply = response::reply(order.deferred, &members, record.encryption.as_ref())?;
    if !order.deferred {
        tenant.credential_requests.remove(&order.request);
    }
    Ok(reply)
}
