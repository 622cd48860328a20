//! What all steps have in common: variants of actions that hold the response, for a server that has something left to do.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exchange::Exchange;
use crate::wire::lenient;

/// The response behind a step.
#[doc(hidden)]
#[macro_export]
macro_rules! __step {
    ($step:ident, $response:ty) => {
        impl $step {
            /// The whole response.
            pub fn response(&self) -> &$response {
                &self.response
            }

            /// Headers that the reply to the client's request has, whoever makes it.
            pub fn extra_headers(&self) -> $crate::codegen::ExtraHeaders {
                $crate::codegen::extra_headers(&*self.response, self.exchange.headers.clone())
            }
        }

        impl ::std::fmt::Debug for $step {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($step)).field(&self.response).finish()
            }
        }
    };
}

/// A step that a session can keep: it is written as one string, which every format of sessions can hold.
#[doc(hidden)]
#[macro_export]
macro_rules! __stored_step {
    ($step:ident, $action:ident, $variant:ident) => {
        impl ::serde::Serialize for $step {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                let text =
                    $crate::codegen::to_text(&*self.response, &self.exchange).map_err(::serde::ser::Error::custom)?;
                serializer.serialize_str(&text)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $step {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                let step = $crate::codegen::from_text(&text)
                    .map(|(response, exchange)| <$action as $crate::codegen::Action>::read(response, exchange));
                match step {
                    Some($action::$variant(step)) => Ok(step),
                    _ => Err(::serde::de::Error::custom(concat!("this is not a ", stringify!($step)))),
                }
            }
        }
    };
}

/// A response as a string: what the exchange has beside it on the first line, the response on the second.
///
/// # Errors
/// When the response has no form in JSON.
pub fn to_text<R: Serialize>(response: &R, exchange: &Exchange) -> Result<String, serde_json::Error> {
    Ok(format!("{}\n{}", serde_json::to_string(exchange)?, serde_json::to_string(response)?))
}

/// The response that a string was made from.
pub fn from_text<R: DeserializeOwned>(text: &str) -> Option<(Box<R>, Exchange)> {
    let (exchange, response) = text.split_once('\n')?;
    Some((Box::new(lenient::from_slice(response.as_bytes()).ok()?), serde_json::from_str(exchange).ok()?))
}
