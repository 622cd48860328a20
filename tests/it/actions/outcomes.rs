//! Every outcome by the name of its operation, read from JSON.

use authlete_api::Reply;
use authlete_api::actions::{self, Action};
use serde_json::Value;

/// What a response was read as.
pub(crate) struct Read {
    /// The outcome, printed.
    pub(crate) printed: String,
    /// The answer, when one is ready.
    pub(crate) reply: Option<Reply>,
}

pub(crate) type Reader = fn(Value) -> Read;

fn outcome<O: Action + std::fmt::Debug>(response: Value) -> (String, O)
where
    O::Response: serde::de::DeserializeOwned,
{
    let outcome = O::of(serde_json::from_value(response).expect("the response has its type"));
    (format!("{outcome:?}"), outcome)
}

macro_rules! outcomes {
    (proceed { $($name:ident $working:ident,)* } reply { $($other:ident $ready:ident,)* }) => {
        /// By the names of operations.
        pub(crate) const OUTCOMES: &[(&str, Reader)] = &[
            $((stringify!($name), |response| {
                let (printed, outcome) = outcome::<actions::$working>(response);
                Read { printed, reply: outcome.proceed().err() }
            }),)*
            $((stringify!($other), |response| {
                let (printed, outcome) = outcome::<actions::$ready>(response);
                Read { printed, reply: Some(outcome.into_reply()) }
            }),)*
        ];
    };
}

outcomes! {
    proceed {
    auth_authorization AuthorizationAction,
    auth_authorization_ticket_info TicketInfoAction,
    auth_authorization_ticket_update TicketUpdateAction,
    auth_introspection IntrospectionAction,
    auth_token TokenAction,
    auth_token_create TokenCreateAction,
    auth_token_update TokenUpdateAction,
    auth_userinfo UserInfoAction,
    backchannel_authentication BackchannelAuthenticationAction,
    backchannel_authentication_complete BackchannelAuthenticationCompleteAction,
    backchannel_logout_token BackchannelLogoutTokenAction,
    device_complete DeviceCompleteAction,
    device_verification DeviceVerificationAction,
    hsk_create HskCreateAction,
    hsk_delete HskDeleteAction,
    hsk_get HskGetAction,
    hsk_get_list HskGetListAction,
    native_sso_logout NativeSsoLogoutAction,
    vci_batch_parse VciBatchParseAction,
    vci_deferred_parse VciDeferredParseAction,
    vci_offer_create VciOfferCreateAction,
    vci_single_parse VciSingleParseAction,
    }
    reply {
    attestation_challenge AttestationChallengeAction,
    auth_authorization_fail AuthorizationFailAction,
    auth_authorization_issue AuthorizationIssueAction,
    auth_introspection_standard StandardIntrospectionAction,
    auth_revocation RevocationAction,
    auth_token_fail TokenFailAction,
    auth_token_issue TokenIssueAction,
    auth_userinfo_issue UserInfoIssueAction,
    backchannel_authentication_fail BackchannelAuthenticationFailAction,
    backchannel_authentication_issue BackchannelAuthenticationIssueAction,
    client_registration ClientRegistrationAction,
    client_registration_delete ClientRegistrationDeleteAction,
    client_registration_get ClientRegistrationGetAction,
    client_registration_update ClientRegistrationUpdateAction,
    device_authorization DeviceAuthorizationAction,
    federation_configuration FederationConfigurationAction,
    federation_registration FederationRegistrationAction,
    grant_management GrantManagementAction,
    id_token_reissue IdTokenReissueAction,
    native_sso NativeSsoAction,
    pushed_auth_req PushedAuthorizationAction,
    vci_batch_issue VciBatchIssueAction,
    vci_deferred_issue VciDeferredIssueAction,
    vci_jwks VciJwksAction,
    vci_jwt_issuer VciJwtIssuerAction,
    vci_metadata VciMetadataAction,
    vci_nonce VciNonceAction,
    vci_offer_info VciOfferInfoAction,
    vci_single_issue VciSingleIssueAction,
    }
}
