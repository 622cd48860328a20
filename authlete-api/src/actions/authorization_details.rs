//! Authorization details and scopes as clients write them.

use std::time::Duration;

use serde_json::Value;

use crate::generated::actions::IntrospectionOk;
use crate::generated::types::{AuthorizationDetails, AuthorizationDetailsElement, Scope, TokenInfo};

impl AuthorizationDetails {
    /// The value of `authorization_details`, a list (RFC 9396 2).
    pub fn to_json(&self) -> Value {
        self.elements.iter().flatten().map(AuthorizationDetailsElement::to_json).collect()
    }
}

impl AuthorizationDetailsElement {
    /// One element as the client sent it (RFC 9396 2): with the members that Authlete has no name for, which come as a string
    /// of JSON, among the others. A string that is no JSON object stays as `otherFields`, so that nothing is hidden.
    pub fn to_json(&self) -> Value {
        let mut element = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(members) = &mut element
            && let Some(Value::String(others)) = members.get("otherFields")
            && let Ok(Value::Object(others)) = serde_json::from_str(others)
        {
            members.remove("otherFields");
            for (name, value) in others {
                members.entry(name).or_insert(value);
            }
        }
        element
    }
}

impl TokenInfo {
    /// The names of the token's scopes, to be compared with those of a request, which has names alone.
    pub fn scope_names(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().flatten().filter_map(|scope| scope.name.as_deref())
    }

    /// Whether the token has all of these scopes.
    pub fn has_scopes<S: AsRef<str>>(&self, scopes: impl IntoIterator<Item = S>) -> bool {
        scopes.into_iter().all(|wanted| self.scope_names().any(|scope| scope == wanted.as_ref()))
    }
}

impl IntrospectionOk {
    /// The settings of one of the token's scopes: its description, its attributes, and the lifetimes that they set. `None` for a
    /// scope that the token does not have.
    pub fn scope(&self, name: &str) -> Option<&Scope> {
        self.scope_details().iter().find(|scope| scope.name.as_deref() == Some(name))
    }
}

/// Lifetimes that the attributes of a scope set. Of all lifetimes that apply to a token, those of its scopes, of the client and
/// of the service, Authlete takes the shortest.
///
/// ```
/// use std::time::Duration;
///
/// use authlete_api::types::{KeyValuePair, Scope};
///
/// let payments = Scope::default().name("payments").attributes([KeyValuePair::default().key("access_token.duration").value("300")]);
/// assert_eq!(payments.access_token_duration(), Some(Duration::from_secs(300)));
/// assert_eq!(payments.refresh_token_duration(), None);
/// ```
impl Scope {
    /// The value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter().flatten();
        attributes
            .find(|attribute| attribute.key.as_deref() == Some(key))
            .and_then(|attribute| attribute.value.as_deref())
    }

    /// How long access tokens with the scope are good at most (`access_token.duration`, in seconds). `None` where it sets no
    /// time, or one that is no positive number.
    pub fn access_token_duration(&self) -> Option<Duration> {
        self.duration("access_token.duration")
    }

    /// How long refresh tokens with the scope are good at most (`refresh_token.duration`, in seconds). `None` where it sets no
    /// time, or one that is no positive number.
    pub fn refresh_token_duration(&self) -> Option<Duration> {
        self.duration("refresh_token.duration")
    }

    /// How long ID tokens with the scope are good at most (`id_token.duration`, in seconds). `None` where it sets no time, or
    /// one that is no positive number.
    pub fn id_token_duration(&self) -> Option<Duration> {
        self.duration("id_token.duration")
    }

    fn duration(&self, key: &str) -> Option<Duration> {
        self.attribute(key)?.trim().parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }
}
