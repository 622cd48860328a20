//! What a failure means for another try; what an operation allows is in its [`RetryClass`], from an overlay.

use http::{HeaderMap, StatusCode, header};

use crate::{Operation, RetryClass, TransportErrorKind};

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
            // The provider has its own ways to try again.
            TransportErrorKind::Credentials => Self::Lasting,
            TransportErrorKind::Tls | TransportErrorKind::TooLarge => Self::Lasting,
            TransportErrorKind::Connect | TransportErrorKind::CircuitOpen => Self::Unsent,
            TransportErrorKind::Timeout | TransportErrorKind::Interrupted => Self::Uncertain,
        }
    }

    /// Whether the operation may be called again after it.
    pub(crate) fn allows(self, operation: &Operation) -> bool {
        match self {
            Self::Lasting => false,
            Self::Unsent => true,
            Self::Uncertain => operation.retry != RetryClass::Unsent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations;

    #[test]
    fn what_consumes_something_is_repeated_only_if_unsent() {
        for operation in [
            &operations::AUTH_TOKEN,
            &operations::AUTH_TOKEN_ISSUE,
            &operations::AUTH_AUTHORIZATION_ISSUE,
            &operations::CLIENT_SECRET_REFRESH,
            &operations::SERVICE_CREATE,
        ] {
            assert_eq!(operation.retry, RetryClass::Unsent, "{operation}");
            assert!(!Failure::Uncertain.allows(operation) && Failure::Unsent.allows(operation));
        }
        for operation in [&operations::SERVICE_GET, &operations::AUTH_INTROSPECTION, &operations::CLIENT_GET] {
            assert!(Failure::Uncertain.allows(operation) && !Failure::Lasting.allows(operation), "{operation}");
        }
    }
}
