//! Authorization details and scopes as clients write them.

use serde_json::Value;

use crate::generated::types::{AuthorizationDetails, AuthorizationDetailsElement, TokenInfo};

impl AuthorizationDetails {
    /// The value of `authorization_details`, a list (RFC 9396 2).
    pub fn to_json(&self) -> Value {
        self.elements.iter().flatten().map(AuthorizationDetailsElement::to_json).collect()
    }
}

impl AuthorizationDetailsElement {
    /// One element as the client sent it (RFC 9396 2): with the members that Authlete has no name for, which come as a string
    /// of JSON, among the others.
    pub fn to_json(&self) -> Value {
        let mut element = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(members) = &mut element
            && let Some(Value::String(others)) = members.remove("otherFields")
            && let Ok(Value::Object(others)) = serde_json::from_str(&others)
        {
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
