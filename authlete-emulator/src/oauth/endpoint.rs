//! Which endpoint of the authorization server a call of the API stands for.

use crate::request::Request;

/// Operations, and the member of a service that has the address of the endpoint.
const ENDPOINTS: &[(&str, &str)] = &[
    ("auth_introspection_standard_api", "introspectionEndpoint"),
    ("auth_revocation_api", "revocationEndpoint"),
    ("auth_token_api", "tokenEndpoint"),
    ("auth_userinfo_api", "userInfoEndpoint"),
    ("backchannel_authentication_api", "backchannelAuthenticationEndpoint"),
    ("device_authorization_api", "deviceAuthorizationEndpoint"),
    ("pushed_auth_req_api", "pushedAuthReqEndpoint"),
];

/// The member of a service that has the address of the called endpoint.
pub(crate) fn setting(request: &Request) -> Option<&'static str> {
    ENDPOINTS.iter().find(|(id, _)| *id == request.operation.id).map(|(_, member)| *member)
}

#[cfg(test)]
mod tests {
    use super::ENDPOINTS;
    use crate::generated::OPERATIONS;

    #[test]
    fn every_endpoint_has_an_operation() {
        for (id, _) in ENDPOINTS {
            assert!(OPERATIONS.iter().any(|operation| operation.id == *id), "{id}");
        }
    }
}
