//! What a grant is about beyond its scopes: it goes from the ticket to the code, and from the code to its tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The rest of a grant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Details {
    /// The resources of the authorization request (RFC 8707).
    pub(crate) resources: Vec<String>,
    /// The resources that an access token is for: those, or fewer.
    pub(crate) access_resources: Vec<String>,
    /// The elements of `authorization_details` (RFC 9396), as the client wrote them.
    pub(crate) authorization_details: Vec<Value>,
    /// The credential configurations of the offer that this came from (OpenID4VCI 1.0).
    pub(crate) offered: Vec<String>,
    /// The names of the claims that the client asked for in the ID token.
    pub(crate) id_token_claims: Vec<String>,
    /// The names of the claims that the client asked for in the response of the UserInfo endpoint.
    pub(crate) userinfo_claims: Vec<String>,
    /// The member `userinfo` of the parameter `claims`.
    pub(crate) userinfo_request: Option<Map<String, Value>>,
    /// The member `id_token` of it.
    pub(crate) id_token_request: Option<Map<String, Value>>,
    /// The member `transformed_claims` of it: definitions by name.
    pub(crate) transformed_claims: Map<String, Value>,
    /// Verified and transformed claims of ID tokens, as they were made when the request was granted.
    pub(crate) computed_claims: Map<String, Value>,
    /// The values that the authorization server gave for claims.
    pub(crate) claims: Map<String, Value>,
    /// The session of the user, which becomes `sid` in ID tokens.
    pub(crate) session_id: Option<String>,
    /// The form of `aud` in ID tokens, where the call and not the service decides.
    pub(crate) audience_form: Option<String>,
    /// What the authorization server adds to the headers of ID tokens.
    pub(crate) id_token_header: Map<String, Value>,
    /// What it adds to the claims of access tokens that are JWTs.
    pub(crate) jwt_claims: Map<String, Value>,
    /// The grant (Grant Management for OAuth 2.0) that this belongs to.
    pub(crate) grant_id: Option<String>,
    pub(crate) binding: Binding,
    /// Whether the access token is for attachments that are elsewhere (OpenID Connect for Identity Assurance).
    pub(crate) for_external_attachment: bool,
    /// The access token in the form of a JWT (RFC 9068), where the service issues such.
    pub(crate) jwt: Option<String>,
}

/// Keys that whoever presents a token has to prove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binding {
    /// The thumbprint of a DPoP key (RFC 9449): of an authorization request, then of an access token.
    pub(crate) jkt: Option<String>,
    /// The thumbprint of a certificate (RFC 8705).
    pub(crate) x5t: Option<String>,
}

impl Details {
    /// Adds claims that go into ID tokens whether the client asked for them or not.
    pub(crate) fn add_claims(&mut self, claims: impl IntoIterator<Item = (String, Value)>) {
        for (name, value) in claims {
            if !self.id_token_claims.contains(&name) {
                self.id_token_claims.push(name.clone());
            }
            self.claims.insert(name, value);
        }
    }

    /// The names of all claims that the client asked for, each once.
    pub(crate) fn claim_names(&self) -> Vec<String> {
        let mut names = self.id_token_claims.clone();
        names.extend(self.userinfo_claims.iter().filter(|name| !self.id_token_claims.contains(name)).cloned());
        names
    }

    /// The same rest for an access token that is bound to these keys.
    pub(crate) fn bound_to(self, binding: Binding) -> Self {
        Self { binding, jwt: None, ..self }
    }
}
