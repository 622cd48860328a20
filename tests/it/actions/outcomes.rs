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
    auth_authorization Authorization,
    auth_authorization_ticket_info TicketInfo,
    auth_authorization_ticket_update TicketUpdate,
    auth_introspection Introspection,
    auth_token Token,
    auth_token_create TokenCreate,
    auth_token_update TokenUpdate,
    auth_userinfo UserInfo,
    backchannel_authentication BackchannelAuthentication,
    backchannel_authentication_complete BackchannelAuthenticationComplete,
    backchannel_logout_token BackchannelLogoutToken,
    device_complete DeviceComplete,
    device_verification DeviceVerification,
    hsk_create HskCreate,
    hsk_delete HskDelete,
    hsk_get HskGet,
    hsk_get_list HskGetList,
    native_sso_logout NativeSsoLogout,
    vci_batch_parse VciBatchParse,
    vci_deferred_parse VciDeferredParse,
    vci_offer_create VciOfferCreate,
    vci_single_parse VciSingleParse,
    }
    reply {
    attestation_challenge AttestationChallenge,
    auth_authorization_fail AuthorizationFail,
    auth_authorization_issue AuthorizationIssue,
    auth_introspection_standard StandardIntrospection,
    auth_revocation Revocation,
    auth_token_fail TokenFail,
    auth_token_issue TokenIssue,
    auth_userinfo_issue UserInfoIssue,
    backchannel_authentication_fail BackchannelAuthenticationFail,
    backchannel_authentication_issue BackchannelAuthenticationIssue,
    client_registration ClientRegistration,
    client_registration_delete ClientRegistrationDelete,
    client_registration_get ClientRegistrationGet,
    client_registration_update ClientRegistrationUpdate,
    device_authorization DeviceAuthorization,
    federation_configuration FederationConfiguration,
    federation_registration FederationRegistration,
    grant_management GrantManagement,
    id_token_reissue IdTokenReissue,
    native_sso NativeSso,
    pushed_auth_req PushedAuthorization,
    vci_batch_issue VciBatchIssue,
    vci_deferred_issue VciDeferredIssue,
    vci_jwks VciJwks,
    vci_jwt_issuer VciJwtIssuer,
    vci_metadata VciMetadata,
    vci_nonce VciNonce,
    vci_offer_info VciOfferInfo,
    vci_single_issue VciSingleIssue,
    }
}
