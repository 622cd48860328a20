//! The call that follows another: its request, and the headers that the first call asked for in the reply.

use super::{Action, sealed};
use crate::call::{Call, Client};
use crate::error::{Error, TransportErrorKind};

/// A request that can follow another call. Only generated types implement it.
pub trait FollowUp: sealed::Sealed {
    /// The actions of the call.
    type Action: Action;

    /// Makes the call.
    fn call<'a>(&self, client: &'a Client, service_id: &str) -> Call<'a, <Self::Action as Action>::Response>;
}

/// Whether a call that failed surely did not arrive, so that it can be made again.
pub fn was_not_sent(error: &Error) -> bool {
    match error {
        Error::Transport(error) => matches!(
            error.kind(),
            TransportErrorKind::Connect
                | TransportErrorKind::Tls
                | TransportErrorKind::Credentials
                | TransportErrorKind::CircuitOpen
        ),
        Error::Configuration(_) | Error::Request(_) | Error::RateLimited(_) => true,
        Error::Api(_) | Error::Decode(_) => false,
    }
}

/// Declares `PendingRequest` and `SendError` in a generated crate, which adds methods to `PendingRequest` for each request.
#[doc(hidden)]
#[macro_export]
macro_rules! __pending_request {
    ($service:ty) => {
        /// The call that follows another. It dereferences to its request, so that optional fields can be set; it cannot be
        /// cloned, as what it holds can be used once.
        #[must_use = "nothing happens until it is sent"]
        pub struct PendingRequest<Q> {
            request: Q,
            exchange: $crate::codegen::Exchange,
        }

        impl<Q> PendingRequest<Q> {
            pub(crate) fn new(request: Q, exchange: $crate::codegen::Exchange) -> Self {
                Self { request, exchange }
            }
        }

        impl<Q: $crate::codegen::FollowUp> PendingRequest<Q> {
            /// Makes the call, and reads the action in its response.
            ///
            /// # Errors
            /// What went wrong, with this step when the call surely did not arrive.
            pub fn send(self, service: &$service) -> $crate::codegen::BoxFuture<'_, Result<Q::Action, SendError<Q>>>
            where
                Q: Send + 'static,
                <Q::Action as $crate::codegen::Action>::Response: 'static,
            {
                let call = self.request.call(service.client(), service.id().as_str());
                Box::pin(async move {
                    match call.await {
                        Ok(response) => Ok(self.finish(response.into_inner())),
                        Err(error) => {
                            let again = $crate::codegen::was_not_sent(&error);
                            let extra_headers = self.exchange.headers.clone();
                            let step = again.then(|| Box::new(self));
                            Err(SendError { error: Box::new(error), step, extra_headers })
                        }
                    }
                })
            }

            /// Reads the response to a call that was made with this request by other means.
            pub fn finish(self, response: <Q::Action as $crate::codegen::Action>::Response) -> Q::Action {
                <Q::Action as $crate::codegen::Action>::read(Box::new(response), self.exchange)
            }
        }

        impl<Q> ::std::ops::Deref for PendingRequest<Q> {
            type Target = Q;

            fn deref(&self) -> &Q {
                &self.request
            }
        }

        impl<Q> ::std::ops::DerefMut for PendingRequest<Q> {
            fn deref_mut(&mut self) -> &mut Q {
                &mut self.request
            }
        }

        impl<Q: ::std::fmt::Debug> ::std::fmt::Debug for PendingRequest<Q> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple("PendingRequest").field(&self.request).finish()
            }
        }

        /// Why a [`PendingRequest`] brought no action.
        pub struct SendError<Q> {
            /// What went wrong.
            pub error: Box<$crate::codegen::Error>,
            /// The step, when the call surely did not arrive and can be made again.
            pub step: Option<Box<PendingRequest<Q>>>,
            /// Headers that the reply to the client's request has all the same. A `Reply` that is made of this has them already.
            pub extra_headers: $crate::codegen::ExtraHeaders,
        }

        impl<Q> ::std::fmt::Debug for SendError<Q> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct("SendError").field("error", &self.error).field("step", &self.step.is_some()).finish()
            }
        }

        impl<Q> ::std::fmt::Display for SendError<Q> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.error.fmt(f)
            }
        }

        impl<Q> ::std::error::Error for SendError<Q> {
            fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
                Some(&*self.error)
            }
        }

        impl<Q> From<SendError<Q>> for $crate::codegen::Reply {
            fn from(error: SendError<Q>) -> Self {
                let SendError { error, extra_headers, .. } = error;
                Self::from(*error).with_extra_headers(&extra_headers)
            }
        }

        impl<Q> From<SendError<Q>> for $crate::codegen::Error {
            fn from(error: SendError<Q>) -> Self {
                *error.error
            }
        }
    };
}
