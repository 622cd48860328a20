//! The token response to grants whose tokens the server itself had created.

use serde_json::{Map, Value};

use super::row::build;
use super::{Content, Outcome, Row, Said, TokenCreate, TokenCreateOk};
use crate::Reply;

impl TokenCreateOk {
    /// The token response with what was created, for a JWT bearer grant, or, with the type of the token that was issued,
    /// for a token exchange (RFC 8693).
    pub fn token_response(self, issued_token_type: Option<&str>) -> Reply {
        let text = |value: Option<&str>| value.map(Value::from);
        let scopes = self.scopes();
        let members = [
            ("access_token", text(self.jwt_access_token().or(self.access_token()))),
            ("issued_token_type", text(issued_token_type)),
            ("token_type", text(self.token_type().or(Some("Bearer")))),
            ("expires_in", self.expires_in().map(Value::from)),
            ("scope", (!scopes.is_empty()).then(|| Value::from(scopes.join(" ")))),
            ("refresh_token", text(self.refresh_token())),
        ];
        let body: Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let row = Row(200, Content::Body("application/json"), &[], true);
        let said = Said { content: Some(Value::Object(body).to_string()), ..Said::default() };
        build(TokenCreate::operation(), &row, said, &self.carried)
    }
}
