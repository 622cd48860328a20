//! The operations that the emulator implements: one file each, or one for a family.

mod approval;
mod authorization;
mod authorization_fail;
mod authorization_issue;
mod authorization_ticket;
mod backchannel;
mod client;
mod device;
mod introspection;
mod jose_verify;
mod misc;
mod pushed_auth_req;
mod service;
mod token;
mod userinfo;

use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{State, Tenant};

/// How an operation is served, and with which token.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Without any token.
    Open(fn(&Request) -> Result<Reply, ApiError>),
    /// With a token of the emulator; what it sees is up to the handler.
    Global(fn(&mut State, &Caller, &Request) -> Result<Reply, ApiError>),
    /// With a token that reaches the service of the path.
    Service(fn(&mut Tenant, &Request) -> Result<Reply, ApiError>),
}

/// Whose token a call came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Organization,
    Service(u64),
}

/// The handlers by operation id. An operation of the table that is not here is answered with 501.
const HANDLERS: &[(&str, Handler)] = &[
    ("auth_authorization_api", Handler::Service(authorization::handle)),
    ("auth_authorization_fail_api", Handler::Service(authorization_fail::handle)),
    ("auth_authorization_issue_api", Handler::Service(authorization_issue::handle)),
    ("auth_introspection_api", Handler::Service(introspection::handle)),
    ("auth_token_api", Handler::Service(token::handle)),
    ("auth_token_fail_api", Handler::Service(token::password::fail)),
    ("auth_token_issue_api", Handler::Service(token::password::issue)),
    ("auth_userinfo_api", Handler::Service(userinfo::look)),
    ("auth_userinfo_issue_api", Handler::Service(userinfo::issue)),
    ("backchannel_authentication_api", Handler::Service(backchannel::authenticate)),
    ("backchannel_authentication_complete_api", Handler::Service(backchannel::complete)),
    ("backchannel_authentication_fail_api", Handler::Service(backchannel::fail)),
    ("backchannel_authentication_issue_api", Handler::Service(backchannel::issue)),
    ("client_create_api", Handler::Service(client::create)),
    ("client_get_api", Handler::Service(client::get)),
    ("client_get_list_api", Handler::Service(client::list)),
    ("device_authorization_api", Handler::Service(device::authorize)),
    ("device_complete_api", Handler::Service(device::complete)),
    ("device_verification_api", Handler::Service(device::verify)),
    ("getAuthorizationTicketInfo", Handler::Service(authorization_ticket::info)),
    ("idtoken_reissue_api", Handler::Service(token::id_token_reissue::handle)),
    ("info_api", Handler::Open(misc::info)),
    ("jose_verify_api", Handler::Service(jose_verify::handle)),
    ("lifecycle_healthcheck_api", Handler::Open(misc::healthcheck)),
    ("misc_echo_api", Handler::Global(misc::echo)),
    ("native_sso_api", Handler::Service(token::native_sso::issue)),
    ("native_sso_logout_api", Handler::Service(token::native_sso::logout)),
    ("pushed_auth_req_api", Handler::Service(pushed_auth_req::handle)),
    ("service_create_api", Handler::Global(service::create)),
    ("service_get_api", Handler::Service(service::get)),
    ("service_get_list_api", Handler::Global(service::list)),
    ("service_jwks_get_api", Handler::Service(service::jwks)),
    ("service_update_api", Handler::Service(service::update)),
    ("updateAuthorizationTicket", Handler::Service(authorization_ticket::update)),
];

/// The handler of an operation, if there is one.
pub(crate) fn handler(id: &str) -> Option<Handler> {
    HANDLERS.iter().find(|(known, _)| *known == id).map(|(_, handler)| *handler)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::HANDLERS;
    use crate::generated::OPERATIONS;

    #[test]
    fn every_handler_serves_an_operation_of_the_table() {
        let known: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        let unknown: Vec<&str> = HANDLERS.iter().map(|(id, _)| *id).filter(|id| !known.contains(id)).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(HANDLERS.is_sorted_by(|(left, _), (right, _)| left < right));
        let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
    }

    #[test]
    fn a_service_handler_has_a_service_in_its_path() {
        for (id, handler) in HANDLERS {
            let operation = OPERATIONS.iter().find(|operation| operation.id == *id);
            let has_service = operation.is_some_and(|operation| operation.path.contains("{serviceId}"));
            assert_eq!(matches!(handler, super::Handler::Service(_)), has_service, "{id}");
        }
    }
}
