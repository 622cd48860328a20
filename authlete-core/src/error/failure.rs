//! What a failure means for another attempt; what an operation allows is in its [`Idempotency`], from an overlay.

use http::StatusCode;

use super::TransportErrorKind;
use crate::operation::Idempotency;

/// What a failure means for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It will not pass.
    Lasting,
    /// It may pass, and the call surely did nothing.
    NotProcessed,
    /// It may pass; the call may have done what it does.
    Uncertain,
}

impl Failure {
    /// What the status of a response means; none when it is not a failure at all.
    pub(crate) fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Some(Self::NotProcessed),
            // 503 too, whatever `Retry-After` says: a gateway sends it as well for a request that a server may have processed.
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Some(Self::Uncertain),
            status if status.is_success() => None,
            _ => Some(Self::Lasting),
        }
    }

    /// What the lack of a response means.
    pub(crate) fn of_transport(kind: TransportErrorKind) -> Self {
        match kind {
            // The provider has its own ways to try again.
            TransportErrorKind::Credentials => Self::Lasting,
            TransportErrorKind::Tls | TransportErrorKind::TooLarge => Self::Lasting,
            TransportErrorKind::Connect | TransportErrorKind::CircuitOpen => Self::NotProcessed,
            TransportErrorKind::Timeout | TransportErrorKind::Interrupted => Self::Uncertain,
        }
    }

    /// Whether the operation may be called again after it.
    pub(crate) fn allows(self, idempotency: Idempotency) -> bool {
        match self {
            Self::Lasting => false,
            Self::NotProcessed => true,
            Self::Uncertain => idempotency != Idempotency::NotIdempotent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_consumes_something_is_sent_again_only_if_it_was_not_processed() {
        use Idempotency::{Idempotent, NotIdempotent, Safe};
        assert!(!Failure::Uncertain.allows(NotIdempotent) && Failure::NotProcessed.allows(NotIdempotent));
        for idempotency in [Safe, Idempotent] {
            assert!(Failure::Uncertain.allows(idempotency) && !Failure::Lasting.allows(idempotency));
        }
    }

    #[test]
    fn a_success_is_no_failure_and_a_redirect_is_one() {
        let of = |status: u16| Failure::of_status(StatusCode::from_u16(status).unwrap());
        assert_eq!((of(200), of(204)), (None, None));
        assert_eq!(
            (of(302), of(404), of(501)),
            (Some(Failure::Lasting), Some(Failure::Lasting), Some(Failure::Lasting))
        );
    }
}
