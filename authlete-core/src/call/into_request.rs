//! What can be given as a request.

use std::borrow::Borrow;

pub(crate) mod sealed {
    /// Implemented for requests, and by generated code.
    pub trait Sealed<T> {}

    impl<T> Sealed<T> for T {}

    impl<T> Sealed<T> for &T {}
}

/// What can be given where a request of type `T` is wanted: the request, a reference to it, and where a single text is
/// all that the request requires, that text. It is sealed.
///
/// ```no_run
/// use authlete_api::types::AuthorizationRequest;
///
/// # async fn example(service: authlete_api::AuthleteService) -> Result<(), authlete_api::Error> {
/// let query = "response_type=code&client_id=1";
/// let answer = service.authorization().process(query).await?;
/// let request = AuthorizationRequest::new(query).context("web");
/// let answer = service.authorization().process(&request).await?;
/// # Ok(())
/// # }
/// ```
pub trait IntoRequest<T>: sealed::Sealed<T> {
    /// What holds the request until it is written.
    type Holder: Borrow<T>;

    /// The request.
    fn into_request(self) -> Self::Holder;
}

impl<T> IntoRequest<T> for T {
    type Holder = T;

    fn into_request(self) -> T {
        self
    }
}

impl<'a, T> IntoRequest<T> for &'a T {
    type Holder = &'a T;

    fn into_request(self) -> &'a T {
        self
    }
}

/// Lets requests be given as the one string that they require.
#[doc(hidden)]
#[macro_export]
macro_rules! __made_of_string {
    ($($request:ident $(of $text:ident)?),* $(,)?) => {
        $(
            $(
                impl $crate::codegen::SealedRequest<types::$request> for $crate::codegen::$text {}

                impl $crate::codegen::IntoRequest<types::$request> for $crate::codegen::$text {
                    type Holder = types::$request;

                    fn into_request(self) -> types::$request {
                        types::$request::new(self)
                    }
                }

                impl $crate::codegen::SealedRequest<types::$request> for &$crate::codegen::$text {}

                impl $crate::codegen::IntoRequest<types::$request> for &$crate::codegen::$text {
                    type Holder = types::$request;

                    fn into_request(self) -> types::$request {
                        types::$request::new(self)
                    }
                }
            )?

            impl $crate::codegen::SealedRequest<types::$request> for &str {}

            impl $crate::codegen::IntoRequest<types::$request> for &str {
                type Holder = types::$request;

                fn into_request(self) -> types::$request {
                    types::$request::new(self)
                }
            }

            impl $crate::codegen::SealedRequest<types::$request> for ::std::string::String {}

            impl $crate::codegen::IntoRequest<types::$request> for ::std::string::String {
                type Holder = types::$request;

                fn into_request(self) -> types::$request {
                    types::$request::new(self)
                }
            }
        )*
    };
}
