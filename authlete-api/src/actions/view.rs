//! What all variants that hold a response have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Carried;
use crate::lenient;

/// The response behind a view.
macro_rules! view {
    ($view:ident, $response:ty) => {
        impl $view {
            /// The whole response.
            pub fn response(&self) -> &$response {
                &self.response
            }

            /// Headers that the answer to the client's request has, whoever makes it.
            pub fn carried(&self) -> Carried {
                carry(&*self.response, self.carried.clone())
            }
        }

        impl ::std::fmt::Debug for $view {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($view)).field(&self.response).finish()
            }
        }
    };
}

/// A view that a session can keep: it is written as one text, which every format of sessions can hold.
macro_rules! kept {
    ($view:ident, $outcome:ident, $variant:ident) => {
        impl ::serde::Serialize for $view {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text = to_text(&*self.response, &self.carried).map_err(::serde::ser::Error::custom)?;
                serializer.serialize_str(&text)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $view {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                let step = from_text(&text).map(|(response, carried)| $outcome::read(response, carried));
                match step {
                    Some($outcome::$variant(step)) => Ok(step),
                    _ => Err(::serde::de::Error::custom(concat!("this is no ", stringify!($view)))),
                }
            }
        }
    };
}

pub(crate) use {kept, view};

/// A response as a text: what is carried on the first line, the response on the second.
pub(crate) fn to_text<R: Serialize>(response: &R, carried: &Carried) -> Result<String, serde_json::Error> {
    Ok(format!("{}\n{}", serde_json::to_string(carried)?, serde_json::to_string(response)?))
}

/// The response that a text was made from.
pub(crate) fn from_text<R: DeserializeOwned>(text: &str) -> Option<(Box<R>, Carried)> {
    let (carried, response) = text.split_once('\n')?;
    Some((Box::new(lenient::from_slice(response.as_bytes()).ok()?), serde_json::from_str(carried).ok()?))
}
