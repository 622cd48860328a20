//! Everything the emulator remembers. It is in memory only, and what has expired goes.

mod audit;
mod authorized;
mod client;
mod clients;
mod consents;
mod details;
mod expiring;
mod grants;
mod issuance;
pub(crate) mod names;
mod pending;
mod services;
mod settings;
mod tenant;
mod tokens;

use serde::{Deserialize, Serialize};

pub(crate) use audit::{AuditEntry, AuditLog};
pub(crate) use authorized::{Authorized, Lifetimes};
pub(crate) use client::{Client, Unresolved};
pub(crate) use clients::Clients;
pub(crate) use consents::Consents;
pub(crate) use details::{Binding, Details};
pub(crate) use expiring::{CAPACITY, Expiring};
pub(crate) use grants::{Grant, GrantAction, GrantRequest, Granted, GrantedScopes, Grants};
pub(crate) use issuance::{CNonce, CredentialRequest, Offer, Offers};
pub(crate) use pending::{Approval, Backchannel, Decision, Delivery, ErrorInfo, Pending, PendingTable, Poll};
pub(crate) use services::Services;
pub(crate) use settings::Settings;
pub(crate) use tenant::{Batch, Code, Pushed, Tenant, Ticket, TokenTicket};
pub(crate) use tokens::{Refresh, Session, Token, Tokens};

/// All services, and the token that manages them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) organization_token: String,
    pub(crate) services: Services,
    /// How many services there have ever been: the next one's `number`.
    pub(crate) created: u64,
    pub(crate) audit: AuditLog,
}

impl State {
    pub(crate) fn new(organization_token: String) -> Self {
        Self { organization_token, services: Services::default(), created: 0, audit: AuditLog::default() }
    }

    /// Whether the organization or a service has this token.
    pub(crate) fn knows_token(&self, token: &str) -> bool {
        token == self.organization_token || self.services.by_token(token).is_some()
    }
}
