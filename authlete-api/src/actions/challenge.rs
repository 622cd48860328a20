//! Refusing an access token: status and challenge, where it is the server itself that refuses.

use authlete_core::actions::Reply;
use authlete_core::codegen::Details;
use authlete_core::http_inputs::{TokenScheme, add_parameter};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::generated::actions::{IntrospectionOk, UserInfoOk};

/// A refusal of an access token: a status and the challenge in `WWW-Authenticate` (RFC 6750 3, RFC 9449 7.1, RFC 9470 3),
/// without a body.
///
/// Authlete's own refusals are ready to send. This is for what the server finds out itself: an initial access token that lets
/// nobody register, a user who no longer exists, a token that is not enough for what is asked. It becomes a [`Reply`]:
///
/// ```
/// use authlete_api::Reply;
/// use authlete_api::actions::Challenge;
///
/// /// Who may register a client (RFC 7591 3).
/// fn may_register(initial_access_token: Option<&str>, known: &str) -> Result<(), Reply> {
///     match initial_access_token {
///         Some(token) if token == known => Ok(()),
///         Some(_) => Err(Challenge::invalid_token().into()),
///         None => Err(Challenge::missing_token().into()),
///     }
/// }
///
/// let refused = may_register(Some("forged"), "genuine").expect_err("it is refused");
/// assert_eq!(refused.status(), 401);
/// assert_eq!(refused.headers()["www-authenticate"], r#"Bearer error="invalid_token""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it is sent when it is made a reply"]
pub struct Challenge {
    status: StatusCode,
    scheme: Option<TokenScheme>,
    parameters: Vec<(&'static str, String)>,
}

impl Challenge {
    fn new(status: StatusCode, error: &str) -> Self {
        Self { status, scheme: None, parameters: vec![("error", error.to_owned())] }
    }

    /// There is no access token: 401, without an error (RFC 6750 3.1).
    pub fn missing_token() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, scheme: None, parameters: Vec::new() }
    }

    /// The request is not as it has to be: 400 with `invalid_request`.
    pub fn invalid_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request")
    }

    /// The token is expired, revoked, unknown, or good no longer for another reason: 401 with `invalid_token`.
    pub fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token")
    }

    /// The token lacks scopes: 403 with `insufficient_scope`, and those that it would need.
    pub fn insufficient_scope<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> Self {
        let mut scope = String::new();
        for name in scopes {
            if !scope.is_empty() {
                scope.push(' ');
            }
            scope.push_str(name.as_ref());
        }
        Self::new(StatusCode::FORBIDDEN, "insufficient_scope").with("scope", scope)
    }

    /// The user has to authenticate again or better: 401 with `insufficient_user_authentication` (RFC 9470 3). `acr_values`
    /// are the authentication context classes that would do, `max_age` is how old the authentication may be in seconds;
    /// whichever does not matter is left out.
    pub fn insufficient_user_authentication(acr_values: &[impl AsRef<str>], max_age: Option<u64>) -> Self {
        let acrs: Vec<&str> = acr_values.iter().map(AsRef::as_ref).collect();
        Self::new(StatusCode::UNAUTHORIZED, "insufficient_user_authentication")
            .with("acr_values", acrs.join(" "))
            .with("max_age", max_age.map(|age| age.to_string()).unwrap_or_default())
    }

    /// With an explanation for the client's developer, in English (`error_description`). Characters that RFC 6750 does not
    /// allow in it become `?`, and double quotes single ones.
    pub fn description(self, description: impl Into<String>) -> Self {
        self.with("error_description", description.into())
    }

    /// With the protected part of the server that the challenge is for (RFC 9110 11.5).
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.parameters.insert(0, ("realm", realm.into()));
        self
    }

    /// With the scheme that the client is to use: the one with which it presented the token. The default is `Bearer`, or
    /// what the client used where a step refuses.
    pub fn scheme(mut self, scheme: TokenScheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        if !value.is_empty() {
            self.parameters.push((name, value));
        }
        self
    }

    fn header(&self) -> String {
        let mut header = String::from(match self.scheme {
            Some(TokenScheme::DPoP) => "DPoP",
            _ => "Bearer",
        });
        for (name, value) in &self.parameters {
            add_parameter(&mut header, name, value);
        }
        header
    }
}

impl From<Challenge> for Reply {
    fn from(challenge: Challenge) -> Self {
        let mut reply = Self::empty(challenge.status, Details::because("the server refuses the access token"));
        if let Ok(value) = HeaderValue::try_from(challenge.header()) {
            reply.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        reply
    }
}

macro_rules! refusing {
    ($($step:ident: $when:literal;)*) => {
        $(
            impl $step {
                /// The reply of a server that refuses although Authlete found the token good:
                #[doc = concat!(" ", $when)]
                ///
                /// The scheme is that of the request, unless the challenge says otherwise, and the headers that the response asks
                /// for are in the reply.
                pub fn refuse(self, challenge: Challenge) -> Reply {
                    let used = if self.exchange.request.has_proof { TokenScheme::DPoP } else { TokenScheme::Bearer };
                    let scheme = challenge.scheme.unwrap_or(used);
                    Reply::from(challenge.scheme(scheme)).with_extra_headers(&self.extra_headers())
                }
            }
        )*
    };
}

refusing! {
    UserInfoOk: "[`Challenge::invalid_token`] where the user no longer exists (OpenID Connect Core 1.0, 5.3.3).";
    IntrospectionOk: "[`Challenge::insufficient_scope`] or [`Challenge::insufficient_user_authentication`] where the token is not \
                      enough for what is asked.";
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;

    use super::*;

    #[test]
    fn a_challenge_is_one_header() {
        for (challenge, status, header) in [
            (Challenge::missing_token(), 401, "Bearer"),
            (Challenge::missing_token().realm("api"), 401, r#"Bearer realm="api""#),
            (Challenge::invalid_request().scheme(TokenScheme::DPoP), 400, r#"DPoP error="invalid_request""#),
            (
                Challenge::insufficient_scope(["a", "b"]).description("say \"a\\b\" é\r\nX: y"),
                403,
                r#"Bearer error="insufficient_scope", scope="a b", error_description="say 'a?b' ???X: y""#,
            ),
            (
                Challenge::insufficient_user_authentication(&["gold"], Some(60)),
                401,
                r#"Bearer error="insufficient_user_authentication", acr_values="gold", max_age="60""#,
            ),
        ] {
            let reply = Reply::from(challenge);
            let found = reply.headers()[WWW_AUTHENTICATE].to_str().expect("it is ASCII");
            assert_eq!((reply.status().as_u16(), found), (status, header));
            assert_eq!(
                (reply.body().len(), &reply.headers()[CACHE_CONTROL]),
                (0, &HeaderValue::from_static("no-store"))
            );
        }
    }
}
