//! Response types (RFC 6749; OAuth 2.0 Multiple Response Type Encoding Practices).

use serde::{Deserialize, Serialize};

/// What an authorization response has. `none` has nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseType {
    pub(crate) code: bool,
    pub(crate) token: bool,
    pub(crate) id_token: bool,
}

impl ResponseType {
    /// From the words of `response_type`, in any order.
    pub(crate) fn parse(words: &[String]) -> Option<Self> {
        let mut parsed = Self::default();
        if words == ["none"] {
            return Some(parsed);
        }
        for word in words {
            let part = match word.as_str() {
                "code" => &mut parsed.code,
                "token" => &mut parsed.token,
                "id_token" => &mut parsed.id_token,
                _ => return None,
            };
            if std::mem::replace(part, true) {
                return None;
            }
        }
        (parsed != Self::default()).then_some(parsed)
    }

    /// The name among the settings of services and clients.
    pub(crate) fn name(self) -> &'static str {
        match (self.code, self.id_token, self.token) {
            (false, false, false) => "NONE",
            (true, false, false) => "CODE",
            (false, false, true) => "TOKEN",
            (false, true, false) => "ID_TOKEN",
            (true, false, true) => "CODE_TOKEN",
            (true, true, false) => "CODE_ID_TOKEN",
            (false, true, true) => "ID_TOKEN_TOKEN",
            (true, true, true) => "CODE_ID_TOKEN_TOKEN",
        }
    }

    /// The grant type that it belongs to (RFC 7591, section 2.1), if to any.
    pub(crate) fn grant_type(self) -> Option<&'static str> {
        match (self.code, self.is_in_front()) {
            (true, _) => Some("AUTHORIZATION_CODE"),
            (false, true) => Some("IMPLICIT"),
            (false, false) => None,
        }
    }

    /// Whether tokens go through the browser.
    pub(crate) fn is_in_front(self) -> bool {
        self.token || self.id_token
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseType;

    fn name(text: &str) -> Option<&'static str> {
        let words: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        ResponseType::parse(&words).map(ResponseType::name)
    }

    #[test]
    fn words_in_any_order_but_each_once() {
        assert_eq!(name("token id_token code"), Some("CODE_ID_TOKEN_TOKEN"));
        assert_eq!(name("none"), Some("NONE"));
        for wrong in ["", "code code", "none code", "CODE", "magic"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
