//! Clients of a federation (OpenID Federation 1.0): superiors vouch for them, up to a trust anchor of the service's.

mod chain;
mod registration;
mod statement;

pub(crate) use chain::{ChainError, RELYING_PARTY, TrustChain};
pub(crate) use registration::{Presented, register, resolve_automatic, resolve_explicit};
pub(crate) use statement::TYP;
