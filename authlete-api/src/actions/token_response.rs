//! Replies to requests that the server itself decides on: the token response, and the errors of token requests.

use authlete_core::actions::{Action, Reply};
use authlete_core::codegen::{Content, Exchange, Rendering, ResponseParts, TakeParts, exchange, render};
use authlete_core::http_inputs::description_text;
use authlete_core::operation::Operation;
use serde_json::{Map, Value};

use crate::generated::actions::{
    TokenAction, TokenCreateAction, TokenCreateOk, TokenJwtBearer, TokenNativeSso, TokenTokenExchange,
};
use crate::generated::types::AuthorizationDetails;

const fn json(status: u16) -> Rendering {
    Rendering { status, content: Content::Response("application/json"), headers: &[], no_store: true }
}

/// A reply with the members that have a value.
fn reply<const N: usize>(
    operation: &'static Operation,
    status: u16,
    members: [(&str, Option<Value>); N],
    exchange: &Exchange,
) -> Reply {
    let body: Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let parts = ResponseParts { content: Some(Value::Object(body).to_string()), ..ResponseParts::default() };
    render(operation, &json(status), parts, exchange)
}

impl TokenCreateOk {
    /// The token response with what was created, for a JWT bearer grant, or, with the type of the token that was issued,
    /// for a token exchange (RFC 8693). It has the scopes and the authorization details of the token (RFC 9396 7).
    pub fn token_response(self, issued_token_type: Option<&str>) -> Reply {
        let text = |value: Option<&str>| value.map(Value::from);
        let scopes = self.scopes();
        let details = self.authorization_details().map(AuthorizationDetails::to_json);
        let members = [
            ("access_token", text(self.jwt_access_token().or(Some(self.access_token())))),
            ("issued_token_type", text(issued_token_type)),
            ("token_type", text(self.token_type().or(Some("Bearer")))),
            ("expires_in", self.response.expires_in.map(Value::from)),
            ("scope", (!scopes.is_empty()).then(|| Value::from(scopes.join(" ")))),
            ("refresh_token", text(self.refresh_token())),
            ("authorization_details", details.filter(|details| *details != Value::Array(Vec::new()))),
        ];
        let response: &dyn TakeParts = &*self.response;
        reply(TokenCreateAction::operation(), 200, members, &exchange(response, self.exchange.clone()))
    }
}

/// The error response to a request that the server refuses, with what the first call said for the headers.
macro_rules! refusing {
    ($($step:ident: $when:literal;)*) => {
        $(
            impl $step {
                #[doc = $when]
                ///
                /// The status is 400. The description is for the client's developer: of printable ASCII without quotation mark and
                /// backslash, as the specification has it. Double quotes become single ones, and other characters become `?`.
                pub fn refuse(self, error: &str, description: Option<&str>) -> Reply {
                    let description = description.map(|text| description_text(text).into());
                    let members = [("error", Some(error.into())), ("error_description", description)];
                    let exchange = exchange(&*self.response, self.exchange);
                    reply(TokenAction::operation(), 400, members, &exchange)
                }
            }
        )*
    };
}

refusing! {
    TokenTokenExchange: "The error response (RFC 6749 5.2): `invalid_request` for a token that is not accepted, \
        `invalid_target` for a resource (RFC 8693 2.2.2), `invalid_client` for a client that did not identify itself. A server \
        that does not do this at all sends [`decline`](Self::decline).";
    TokenJwtBearer: "The error response (RFC 6749 5.2): `invalid_grant` for an assertion that is not valid (RFC 7521 \
        4.1.1). A server that does not do this at all sends [`decline`](Self::decline).";
    TokenNativeSso: "The error response (RFC 6749 5.2): `invalid_grant` for a session that has ended, or a device \
        secret that does not fit (Native SSO). A server that does not do this at all sends [`decline`](Self::decline).";
}
