//! The token response to grants that the server itself decides on.
//!
//! For operations of the committed description alone.

use serde_json::{Map, Value};

use super::row::build;
use super::{Carried, Content, Outcome, Row, Said, Token, TokenCreate, TokenCreateOk};
use super::{TokenJwtBearer, TokenNativeSso, TokenTokenExchange};
use crate::Reply;

impl TokenCreateOk {
    /// The token response with what was created, for a JWT bearer grant, or, with the type of the token that was issued,
    /// for a token exchange (RFC 8693).
    pub fn token_response(self, issued_token_type: Option<&str>) -> Reply {
        let text = |value: Option<&str>| value.map(Value::from);
        let scopes = self.scopes();
        let members = [
            ("access_token", text(self.jwt_access_token().or(Some(self.access_token())))),
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

fn refusal(error: &str, description: Option<&str>, carried: &Carried) -> Reply {
    let members = [("error", Some(error)), ("error_description", description)];
    let body: Map<_, _> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect();
    let row = Row(400, Content::Body("application/json"), &[], true);
    let said = Said { content: Some(Value::Object(body).to_string()), ..Said::default() };
    build(Token::operation(), &row, said, carried)
}

/// The error response to a grant that the server refuses, with what the first call said for the headers.
macro_rules! refusing {
    ($($step:ident: $when:literal;)*) => {
        $(
            impl $step {
                /// The error response (RFC 6749 5.2), with status 400:
                #[doc = concat!(" ", $when)]
                ///
                /// A server that does not do this at all sends [`decline`](Self::decline).
                pub fn refuse(self, error: &str, description: Option<&str>) -> Reply {
                    refusal(error, description, &self.carried())
                }
            }
        )*
    };
}

refusing! {
    TokenTokenExchange: "`invalid_request` for a token that is not accepted, `invalid_target` for a resource (RFC 8693 2.2.2).";
    TokenJwtBearer: "`invalid_grant` for an assertion that is not valid (RFC 7521 4.1.1).";
    TokenNativeSso: "`invalid_grant` for a session that has ended, or a device secret that does not fit (Native SSO).";
}
