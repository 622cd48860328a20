//! What may be tried again: which operations, after which failures.

use http::{HeaderMap, StatusCode, header};

use crate::{Operation, TransportErrorKind};

/// When a call of an operation may be made again without asking the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// After any failure that may pass: the operation changes nothing.
    Always,
    /// Only when the first one surely did nothing: no connection was made, or the server says that it was too busy to
    /// look at it. Done twice, the operation may consume a ticket in vain, or revoke the tokens of a code.
    IfUnsent,
}

/// Operations that only look, although they are POST requests.
const READS: [&str; 6] = [
    "auth_authorization_ticket_info",
    "auth_introspection",
    "auth_introspection_standard",
    "client_authorization_get_list_post",
    "client_granted_scopes_get_post",
    "jose_verify",
];
/// Operations that do something, although they are GET requests.
const WRITES: [&str; 1] = ["client_secret_refresh"];

/// When the operation may be called again. This is the one place to ask.
pub(crate) fn of(operation: &Operation) -> Repeat {
    let read = operation.method == "GET" && !WRITES.contains(&operation.name);
    if read || READS.contains(&operation.name) { Repeat::Always } else { Repeat::IfUnsent }
}

/// What a failure means for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It will not pass.
    Lasting,
    /// It may pass, and the call surely did nothing.
    Unsent,
    /// It may pass; the call may have done what it does.
    Uncertain,
}

impl Failure {
    /// What an answer means; none when it is not a failure at all.
    pub(crate) fn of_answer(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Some(Self::Unsent),
            StatusCode::SERVICE_UNAVAILABLE if headers.contains_key(header::RETRY_AFTER) => Some(Self::Unsent),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Some(Self::Uncertain),
            status if status.is_success() => None,
            _ => Some(Self::Lasting),
        }
    }

    /// What the lack of an answer means.
    pub(crate) fn of_transport(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connect | TransportErrorKind::CircuitOpen => Self::Unsent,
            TransportErrorKind::Timeout | TransportErrorKind::Interrupted => Self::Uncertain,
        }
    }

    /// Whether the operation may be called again after it.
    pub(crate) fn allows(self, operation: &Operation) -> bool {
        match self {
            Self::Lasting => false,
            Self::Unsent => true,
            Self::Uncertain => operation.repeat() == Repeat::Always,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations;

    #[test]
    fn every_exception_names_an_operation() {
        for (name, method) in READS.iter().map(|name| (name, "POST")).chain(WRITES.iter().map(|name| (name, "GET"))) {
            let operation = operations::ALL.iter().find(|operation| operation.name == *name);
            assert!(operation.is_some_and(|operation| operation.method == method), "{name}");
        }
    }

    #[test]
    fn what_consumes_something_is_repeated_only_if_unsent() {
        for operation in [
            &operations::AUTH_TOKEN,
            &operations::AUTH_TOKEN_ISSUE,
            &operations::AUTH_AUTHORIZATION_ISSUE,
            &operations::CLIENT_SECRET_REFRESH,
            &operations::SERVICE_CREATE,
        ] {
            assert_eq!(operation.repeat(), Repeat::IfUnsent, "{operation}");
            assert!(!Failure::Uncertain.allows(operation) && Failure::Unsent.allows(operation));
        }
        for operation in [&operations::SERVICE_GET, &operations::AUTH_INTROSPECTION, &operations::CLIENT_GET] {
            assert!(Failure::Uncertain.allows(operation) && !Failure::Lasting.allows(operation), "{operation}");
        }
    }
}
