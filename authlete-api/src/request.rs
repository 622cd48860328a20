//! What can be given as a request.

use std::borrow::Borrow;

/// What can be given where a request of type `T` is wanted: the request, a reference to it, and where a single text is
/// all that the request requires, that text.
///
/// ```no_run
/// use authlete_api::types::AuthorizationRequest;
///
/// # async fn example(service: authlete_api::Service) -> Result<(), authlete_api::Error> {
/// let query = "response_type=code&client_id=1";
/// let answer = service.authorization().process(query).await?;
/// let request = AuthorizationRequest { context: Some("web".to_owned()), ..AuthorizationRequest::new(query) };
/// let answer = service.authorization().process(&request).await?;
/// # Ok(())
/// # }
/// ```
pub trait IntoRequest<T> {
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

/// Lets requests be given as the one text that they require.
macro_rules! made_of_text {
    ($($request:ident $(of $text:ty)?),* $(,)?) => {
        $(
            $(
                impl $crate::IntoRequest<$crate::types::$request> for $text {
                    type Holder = $crate::types::$request;

                    fn into_request(self) -> $crate::types::$request {
                        $crate::types::$request::new(self)
                    }
                }

                impl $crate::IntoRequest<$crate::types::$request> for &$text {
                    type Holder = $crate::types::$request;

                    fn into_request(self) -> $crate::types::$request {
                        $crate::types::$request::new(self)
                    }
                }
            )?

            impl $crate::IntoRequest<$crate::types::$request> for &str {
                type Holder = $crate::types::$request;

                fn into_request(self) -> $crate::types::$request {
                    $crate::types::$request::new(self)
                }
            }

            impl $crate::IntoRequest<$crate::types::$request> for ::std::string::String {
                type Holder = $crate::types::$request;

                fn into_request(self) -> $crate::types::$request {
                    $crate::types::$request::new(self)
                }
            }
        )*
    };
}

pub(crate) use made_of_text;
