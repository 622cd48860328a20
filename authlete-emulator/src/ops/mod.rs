//! The operations that the emulator implements: one file each, or one for a family.

mod approval;
mod attestation;
mod authorization;
mod authorization_fail;
mod authorization_issue;
mod authorization_ticket;
mod backchannel;
mod backchannel_logout;
pub(crate) mod client;
mod configuration;
mod device;
pub(crate) mod federation;
mod grant_management;
mod hsk;
mod idp;
mod introspection;
mod introspection_standard;
mod jose_verify;
mod misc;
mod pushed_auth_req;
mod revocation;
mod service;
mod token;
mod token_management;
mod userinfo;
mod vci;

use serde_json::Value;

use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::{Body, Request};
use crate::schema;
use crate::state::{State, Tenant};

/// How an operation is served, and with which token.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Without any token.
    Open(fn(&Request) -> Result<Reply, ApiError>),
    /// With a token of the emulator; what it sees is up to the handler.
    Global(fn(&mut State, &Caller, &Request) -> Result<Reply, ApiError>),
    /// With the organization token, and with errors of the form that Authlete's identity provider has.
    IdentityProvider(fn(&mut State, &Request) -> Result<Reply, ApiError>),
    /// With a token that reaches the service of the path.
    Service(fn(&mut Tenant, &Request) -> Result<Reply, ApiError>),
    /// The same, but the handler gets the service's id among all services.
    ServiceById(fn(&mut State, u64, &Request) -> Result<Reply, ApiError>),
}

/// Whose token a call came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Organization,
    Service(u64),
}

/// The handlers by operation id. An operation of the table that is not here is answered with 501.
const HANDLERS: &[(&str, Handler)] = &[
    ("attestation_challenge_api", Handler::Service(attestation::challenge)),
    ("audit_entries_get_idp_api", Handler::IdentityProvider(idp::audit_entries)),
    ("audit_types_get_idp_api", Handler::IdentityProvider(idp::audit_types)),
    ("auth_authorization_api", Handler::Service(authorization::handle)),
    ("auth_authorization_fail_api", Handler::Service(authorization_fail::handle)),
    ("auth_authorization_issue_api", Handler::Service(authorization_issue::handle)),
    ("auth_introspection_api", Handler::Service(introspection::handle)),
    ("auth_introspection_standard_api", Handler::Service(introspection_standard::handle)),
    ("auth_revocation_api", Handler::Service(revocation::handle)),
    ("auth_token_api", Handler::Service(token::handle)),
    ("auth_token_create_api", Handler::Service(token_management::create::one)),
    ("auth_token_create_batch_api", Handler::Service(token_management::create::batch)),
    ("auth_token_create_batch_status_api", Handler::Service(token_management::create::batch_status)),
    ("auth_token_delete_api", Handler::Service(token_management::delete)),
    ("auth_token_fail_api", Handler::Service(token::password::fail)),
    ("auth_token_get_list_api", Handler::Service(token_management::list)),
    ("auth_token_issue_api", Handler::Service(token::password::issue)),
    ("auth_token_revoke_api", Handler::Service(token_management::revoke)),
    ("auth_token_update_api", Handler::Service(token_management::update::handle)),
    ("auth_userinfo_api", Handler::Service(userinfo::look)),
    ("auth_userinfo_issue_api", Handler::Service(userinfo::issue)),
    ("backchannel_authentication_api", Handler::Service(backchannel::authenticate)),
    ("backchannel_authentication_complete_api", Handler::Service(backchannel::complete)),
    ("backchannel_authentication_fail_api", Handler::Service(backchannel::fail)),
    ("backchannel_authentication_issue_api", Handler::Service(backchannel::issue)),
    ("backchannel_logout_token_api", Handler::Service(backchannel_logout::handle)),
    ("client_authorization_delete_api", Handler::Service(client::authorization::delete)),
    ("client_authorization_delete_api_post", Handler::Service(client::authorization::delete)),
    ("client_authorization_delete_by_subject_api", Handler::Service(client::authorization::delete)),
    ("client_authorization_get_list_api", Handler::Service(client::authorization::list)),
    ("client_authorization_get_list_api_post", Handler::Service(client::authorization::list)),
    ("client_authorization_get_list_by_subject_api", Handler::Service(client::authorization::list)),
    ("client_authorization_update_api", Handler::Service(client::authorization::update)),
    ("client_create_api", Handler::Service(client::create)),
    ("client_delete_api", Handler::Service(client::delete)),
    ("client_extension_requestables_scopes_delete_api", Handler::Service(client::requestable_scopes::delete)),
    ("client_extension_requestables_scopes_get_api", Handler::Service(client::requestable_scopes::get)),
    ("client_extension_requestables_scopes_update_api", Handler::Service(client::requestable_scopes::update)),
    ("client_extension_requestables_scopes_update_api_post", Handler::Service(client::requestable_scopes::update)),
    ("client_flag_update_api", Handler::Service(client::credentials::lock)),
    ("client_get_api", Handler::Service(client::get)),
    ("client_get_list_api", Handler::Service(client::list)),
    ("client_granted_scopes_delete_api", Handler::Service(client::granted_scopes::delete)),
    ("client_granted_scopes_delete_by_subject_api", Handler::Service(client::granted_scopes::delete)),
    ("client_granted_scopes_get_api", Handler::Service(client::granted_scopes::get)),
    ("client_granted_scopes_get_api_post", Handler::Service(client::granted_scopes::get)),
    ("client_granted_scopes_get_by_subject_api", Handler::Service(client::granted_scopes::get)),
    ("client_registration_api", Handler::Service(client::registration::register)),
    ("client_registration_delete_api", Handler::Service(client::registration::delete)),
    ("client_registration_get_api", Handler::Service(client::registration::get)),
    ("client_registration_update_api", Handler::Service(client::registration::update)),
    ("client_secret_refresh_api", Handler::Service(client::credentials::refresh_secret)),
    ("client_secret_update_api", Handler::Service(client::credentials::update_secret)),
    ("client_update_api", Handler::Service(client::update)),
    ("device_authorization_api", Handler::Service(device::authorize)),
    ("device_complete_api", Handler::Service(device::complete)),
    ("device_verification_api", Handler::Service(device::verify)),
    ("federation_configuration_api", Handler::Service(federation::configure)),
    ("federation_registration_api", Handler::Service(federation::register)),
    ("getAuthorizationTicketInfo", Handler::Service(authorization_ticket::info)),
    ("grant_m_api", Handler::Service(grant_management::handle)),
    ("hsk_create_api", Handler::Service(hsk::create)),
    ("hsk_delete_api", Handler::Service(hsk::delete)),
    ("hsk_get_api", Handler::Service(hsk::get)),
    ("hsk_get_list_api", Handler::Service(hsk::list)),
    ("idtoken_reissue_api", Handler::Service(token::id_token_reissue::handle)),
    ("info_api", Handler::Open(misc::info)),
    ("jose_verify_api", Handler::Service(jose_verify::handle)),
    ("lifecycle_healthcheck_api", Handler::Open(misc::healthcheck)),
    ("misc_echo_api", Handler::Open(misc::echo)),
    ("native_sso_api", Handler::Service(token::native_sso::issue)),
    ("native_sso_logout_api", Handler::Service(token::native_sso::logout)),
    ("pushed_auth_req_api", Handler::Service(pushed_auth_req::handle)),
    ("service_configuration_api", Handler::Service(configuration::handle)),
    ("service_create_api", Handler::Global(service::create)),
    ("service_create_idp_api", Handler::IdentityProvider(idp::create)),
    ("service_delete_api", Handler::ServiceById(service::delete)),
    ("service_get_api", Handler::Service(service::get)),
    ("service_get_list_api", Handler::Global(service::list)),
    ("service_jwks_get_api", Handler::Service(service::jwks)),
    ("service_remove_idp_api", Handler::IdentityProvider(idp::remove)),
    ("service_update_api", Handler::Service(service::update)),
    ("updateAuthorizationTicket", Handler::Service(authorization_ticket::update)),
    ("vci_batch_issue_api", Handler::Service(vci::batch_issue::handle)),
    ("vci_batch_parse_api", Handler::Service(vci::batch_parse::handle)),
    ("vci_deferred_issue_api", Handler::Service(vci::deferred_issue::handle)),
    ("vci_deferred_parse_api", Handler::Service(vci::deferred_parse::handle)),
    ("vci_jwks_api", Handler::Service(vci::jwks::handle)),
    ("vci_jwtissuer_api", Handler::Service(vci::jwt_issuer::handle)),
    ("vci_metadata_api", Handler::Service(vci::metadata::handle)),
    ("vci_nonce_api", Handler::Service(vci::nonce::handle)),
    ("vci_offer_create_api", Handler::Service(vci::offer_create::handle)),
    ("vci_offer_info_api", Handler::Service(vci::offer_info::handle)),
    ("vci_single_issue_api", Handler::Service(vci::single_issue::handle)),
    ("vci_single_parse_api", Handler::Service(vci::single_parse::handle)),
];

/// The handler of an operation, if there is one.
pub(crate) fn handler(id: &str) -> Option<Handler> {
    HANDLERS.iter().find(|(known, _)| *known == id).map(|(_, handler)| *handler)
}

/// Extra properties: objects with a key and a value.
fn properties(body: &Body) -> Result<Vec<Value>, ApiError> {
    let mut elements = match body.members.get("properties") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().filter(|element| !element.is_null()).cloned().collect(),
        Some(_) => vec![Value::Bool(false)],
    };
    if elements.iter_mut().all(schema::is_property) {
        return Ok(elements);
    }
    Err(ApiError::invalid("The member properties is not a list of objects with a key, a value and, perhaps, hidden."))
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
            let for_service = matches!(handler, super::Handler::Service(_) | super::Handler::ServiceById(_));
            assert_eq!(for_service, has_service, "{id}");
        }
    }

    /// The README's rows, as id and state.
    fn rows() -> Vec<(&'static str, &'static str)> {
        let lines = include_str!("../../README.md").lines().filter_map(|line| line.strip_prefix("| `"));
        let cells = lines.map(|line| line.trim_end_matches(['|', ' ']).split(" | ").collect::<Vec<_>>());
        cells
            .filter_map(|cells| match cells.as_slice() {
                [id, path, state] if path.contains('/') => Some((id.trim_end_matches('`'), *state)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_readme_has_every_operation_and_says_whether_it_is_implemented() {
        let rows = rows();
        let mut ids: Vec<&str> = rows.iter().map(|(id, _)| *id).collect();
        let mut known: Vec<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        ids.sort_unstable();
        known.sort_unstable();
        assert_eq!(ids, known);
        for (id, state) in rows {
            let implemented = state == "implemented" || state.starts_with("partial: without ");
            assert!(implemented || state == "not", "{id}: {state}");
            assert_eq!(implemented, super::handler(id).is_some(), "{id}: {state}");
        }
    }
}
