//! What Authlete's own libraries call and the description does not have.

/// Operations that are also called by another method than the description's: by Authlete's Java library, for one.
const FURTHER_METHODS: &[(&str, &str)] =
    &[("client_granted_scopes_delete_api", "POST"), ("hsk_delete_api", "GET"), ("service_configuration_api", "POST")];

/// Paths under a service that are called without being described, with a name for the error.
const PATHS: &[(&str, &str, &str)] = &[
    ("POST", "attestation/challenge", "attestation_challenge_api"),
    ("POST", "backchannel/logout/token", "backchannel_logout_token_api"),
    ("POST", "vci/nonce", "vci_nonce_api"),
];

/// The other method by which an operation is called.
pub(crate) fn further_method(operation_id: &str) -> Option<&'static str> {
    FURTHER_METHODS.iter().find(|(id, _)| *id == operation_id).map(|(_, method)| *method)
}

/// The name of what is called at a path that the description does not have.
pub(crate) fn named(method: &str, path: &str) -> Option<&'static str> {
    let (_, rest) = path.strip_prefix("/api/")?.split_once('/')?;
    PATHS.iter().find(|(known, path, _)| *known == method && *path == rest).map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use super::FURTHER_METHODS;
    use crate::generated::OPERATIONS;

    #[test]
    fn further_methods_are_for_operations_that_there_are() {
        for (id, method) in FURTHER_METHODS {
            let operation = OPERATIONS.iter().find(|operation| operation.id == *id).expect(id);
            assert_ne!(operation.method, *method, "{id}");
        }
    }
}
