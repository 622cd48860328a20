//! Methods by which Authlete's own libraries call what the description has under another.

/// Operations that are also called by another method than the description's: by Authlete's Java library, for one.
const FURTHER_METHODS: &[(&str, &str)] =
    &[("client_granted_scopes_delete_api", "POST"), ("hsk_delete_api", "GET"), ("service_configuration_api", "POST")];

/// The other method by which an operation is called.
pub(crate) fn of(operation_id: &str) -> Option<&'static str> {
    FURTHER_METHODS.iter().find(|(id, _)| *id == operation_id).map(|(_, method)| *method)
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
