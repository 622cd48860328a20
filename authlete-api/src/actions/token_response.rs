//! Replies to requests that the server itself decides on: the token response, and the errors of token and credential requests.

use authlete_core::actions::{Action, Reply};
use authlete_core::call::Operation;
use authlete_core::codegen::{Content, Exchange, Rendering, ResponseParts, TakeParts, exchange, render};
use serde_json::{Map, Value};

use crate::generated::actions::{
    TokenCreateAction, TokenCreateOk, TokenJwtBearer, TokenNativeSso, TokenTokenExchange, VciBatchParseOk,
    VciDeferredParseOk, VciSingleParseOk,
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
    ($($step:ident of $action:ident: $when:literal;)*) => {
        $(
            impl $step {
                #[doc = $when]
                ///
                /// The status is 400. The description is for the client's developer.
                pub fn refuse(self, error: &str, description: Option<&str>) -> Reply {
                    let members = [("error", Some(error.into())), ("error_description", description.map(Value::from))];
                    let exchange = exchange(&*self.response, self.exchange);
                    reply(crate::generated::actions::$action::operation(), 400, members, &exchange)
                }
            }
        )*
    };
}

refusing! {
    TokenTokenExchange of TokenAction: "The error response (RFC 6749 5.2): `invalid_request` for a token that is not accepted, \
        `invalid_target` for a resource (RFC 8693 2.2.2), `invalid_client` for a client that did not identify itself. A server \
        that does not do this at all sends [`decline`](Self::decline).";
    TokenJwtBearer of TokenAction: "The error response (RFC 6749 5.2): `invalid_grant` for an assertion that is not valid (RFC 7521 \
        4.1.1). A server that does not do this at all sends [`decline`](Self::decline).";
    TokenNativeSso of TokenAction: "The error response (RFC 6749 5.2): `invalid_grant` for a session that has ended, or a device \
        secret that does not fit (Native SSO). A server that does not do this at all sends [`decline`](Self::decline).";
    VciSingleParseOk of VciSingleParseAction: "The credential error response (OpenID4VCI 1.0, 8.3.1): \
        `unknown_credential_configuration` or `unknown_credential_identifier` for a credential that there is not, \
        `invalid_credential_request` for one that the token is not for, `credential_request_denied` for a user who does not get \
        it.";
    VciBatchParseOk of VciBatchParseAction: "The error response of the batch: `invalid_credential_request` for a credential that the \
        token is not for, `credential_request_denied` for a user who does not get it.";
    VciDeferredParseOk of VciDeferredParseAction: "The deferred credential error response (OpenID4VCI 1.0, 9.3): \
        `invalid_transaction_id` for a transaction that is unknown or over, `credential_request_denied` for a user who does not \
        get the credential, and `issuance_pending`, in drafts before the final version, where it is not ready yet.";
}
