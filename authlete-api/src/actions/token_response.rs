//! The token response to grants that the server itself decides on.

use authlete_core::actions::{Action, ExtraHeaders, Reply};
use authlete_core::codegen::{Content, Rendering, ResponseParts, render};
use serde_json::{Map, Value};

use crate::generated::actions::{
    TokenAction, TokenCreateAction, TokenCreateOk, TokenJwtBearer, TokenNativeSso, TokenTokenExchange,
};

const fn json(status: u16) -> Rendering {
    Rendering { status, content: Content::Response("application/json"), headers: &[], no_store: true }
}

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
            ("expires_in", self.response.expires_in.map(Value::from)),
            ("scope", (!scopes.is_empty()).then(|| Value::from(scopes.join(" ")))),
            ("refresh_token", text(self.refresh_token())),
        ];
        let body: Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let parts = ResponseParts { content: Some(Value::Object(body).to_string()), ..ResponseParts::default() };
        render(TokenCreateAction::operation(), &json(200), parts, &self.extra_headers())
    }
}

fn refusal(error: &str, description: Option<&str>, extra_headers: &ExtraHeaders) -> Reply {
    let members = [("error", Some(error)), ("error_description", description)];
    let body: Map<_, _> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect();
    let parts = ResponseParts { content: Some(Value::Object(body).to_string()), ..ResponseParts::default() };
    render(TokenAction::operation(), &json(400), parts, extra_headers)
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
                    refusal(error, description, &self.extra_headers())
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
