//! Values that have a shorter form: a scope is its name, and pairs are tuples.

use crate::generated::types::{DynamicScope, KeyValuePair, NamedUri, Property, Scope, TaggedValue};

macro_rules! of_name {
    ($($text:ty)*) => {
        $(
            /// A scope of this name, without a description.
            impl From<$text> for Scope {
                fn from(name: $text) -> Self {
                    Self::default().name(name)
                }
            }
        )*
    };
}

of_name!(&str String);

macro_rules! of_pair {
    ($($pair:ident { $first:ident, $second:ident }: $doc:literal;)*) => {
        $(
            #[doc = $doc]
            impl<K: Into<String>, V: Into<String>> From<(K, V)> for $pair {
                fn from(($first, $second): (K, V)) -> Self {
                    Self::default().$first($first).$second($second)
                }
            }
        )*
    };
}

of_pair! {
    DynamicScope { name, value }: "The name of a scope, and its value.";
    KeyValuePair { key, value }: "A key, and its value.";
    NamedUri { name, uri }: "A name, and its URI.";
    Property { key, value }: "A key, and its value; the client sees it.";
    TaggedValue { tag, value }: "A language tag (RFC 5646), and the text in that language.";
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::types::{OAuthClient, Service, TokenCreateRequest};

    #[test]
    fn names_and_pairs_are_enough() {
        let service = Service::default().supported_scopes(["openid", "profile"]).supported_service_profiles(["FAPI"]);
        let client = OAuthClient::default().client_names([("ja", "\u{5e97}")]).attributes([("plan", "gold")]);
        let token = TokenCreateRequest::new("AUTHORIZATION_CODE").properties([("order", "12")]);
        for (value, name, expected) in [
            (serde_json::to_value(service), "supportedScopes", json!([{"name": "openid"}, {"name": "profile"}])),
            (serde_json::to_value(client.clone()), "clientNames", json!([{"tag": "ja", "value": "\u{5e97}"}])),
            (serde_json::to_value(client), "attributes", json!([{"key": "plan", "value": "gold"}])),
            (serde_json::to_value(token), "properties", json!([{"key": "order", "value": "12"}])),
        ] {
            assert_eq!(value.unwrap()[name], expected);
        }
    }
}
