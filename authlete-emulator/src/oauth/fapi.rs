//! What FAPI demands beyond OAuth: FAPI 1.0 Baseline and Advanced, FAPI 2.0 Security Profile and Message Signing.

use serde_json::{Map, Value};
use url::Url;

use super::OAuthError;
use super::authorization::Origin;
use super::pkce::{Challenge, Method};
use super::response_type::ResponseType;
use super::scope;
use crate::reply::Code;
use crate::state::{Binding, Client, Settings};

const REQUEST: Code = "A004330";
const METHOD: Code = "A000310";
const BINDING: Code = "A050344";

/// An authorization code of FAPI 2.0 lasts a minute at most (Security Profile, section 5.3.2.1).
const LONGEST_CODE_SECONDS: u64 = 60;

/// A request object is good for an hour at most (FAPI 1.0 Advanced, section 5.2.2; FAPI 2.0 Message Signing, section 5.3.1).
const LONGEST_OBJECT_SECONDS: u64 = 3_600;

/// The profiles that a request is held to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Profiles {
    baseline: bool,
    advanced: bool,
    security: bool,
    signed_requests: bool,
    signed_responses: bool,
    signed_introspection: bool,
    signed_resource_requests: bool,
    signed_resource_responses: bool,
    /// A request object of FAPI 1.0 Advanced may do without `nbf`.
    nbf_optional: bool,
}

impl Profiles {
    /// Those that the settings `fapiModes` of the service and the client name.
    pub(crate) fn of(service: &Settings, client: &Settings) -> Self {
        let has = |mode: &str| service.has("fapiModes", mode) || client.has("fapiModes", mode);
        let signed_requests = has("FAPI2_MESSAGE_SIGNING_AUTH_REQ");
        let signed_responses = has("FAPI2_MESSAGE_SIGNING_AUTH_RES");
        let signed_introspection = has("FAPI2_MESSAGE_SIGNING_INTROSPECTION_RES");
        let signed_resource_requests = has("FAPI2_MESSAGE_SIGNING_RESOURCE_REQ");
        let signed_resource_responses = has("FAPI2_MESSAGE_SIGNING_RESOURCE_RES");
        let signed = [
            signed_requests,
            signed_responses,
            signed_introspection,
            signed_resource_requests,
            signed_resource_responses,
        ];
        Self {
            baseline: has("FAPI1_BASELINE"),
            advanced: has("FAPI1_ADVANCED"),
            // Message Signing is the Security Profile with more.
            security: has("FAPI2_SECURITY") || signed.contains(&true),
            signed_requests,
            signed_responses,
            signed_introspection,
            signed_resource_requests,
            signed_resource_responses,
            nbf_optional: service.flag("nbfOptional"),
        }
    }

    /// Those of a request for these scopes. Where `fapiModes` names none, a service with the profile FAPI or OPEN_BANKING
    /// has them by its scopes: the attribute `fapi` of a scope is `r` for Baseline and `rw` for Advanced.
    pub(crate) fn of_scopes(service: &Settings, client: &Settings, scopes: &[String]) -> Self {
        let by_mode = Self::of(service, client);
        let profiles = ["FAPI", "OPEN_BANKING"];
        if by_mode.is_any() || !profiles.iter().any(|one| service.has("supportedServiceProfiles", one)) {
            return by_mode;
        }
        let values = scope::attributes(service, scopes, "fapi");
        let has = |value: &str| values.iter().any(|one| one == value);
        Self { baseline: has("r"), advanced: has("rw"), ..by_mode }
    }

    /// Whether the request is one of FAPI at all.
    pub(crate) fn is_any(self) -> bool {
        self.baseline || self.advanced || self.security
    }

    /// Whether the client has to sign its requests to protected resources (RFC 9421).
    pub(crate) fn signs_resource_requests(self) -> bool {
        self.signed_resource_requests
    }

    /// Whether the responses of protected resources have to be signed (RFC 9421).
    pub(crate) fn signs_resource_responses(self) -> bool {
        self.signed_resource_responses
    }

    /// Whether the introspection response of RFC 9701 is demanded.
    pub(crate) fn signs_introspection(self) -> bool {
        self.signed_introspection
    }

    /// The seconds that a code lasts of those that the service gives it.
    pub(crate) fn code_seconds(self, seconds: u64) -> u64 {
        if self.security { seconds.min(LONGEST_CODE_SECONDS) } else { seconds }
    }

    /// Whether the client may authenticate by this method.
    pub(crate) fn check_method(self, method: &str) -> Result<(), OAuthError> {
        let strong = ["PRIVATE_KEY_JWT", "TLS_CLIENT_AUTH", "SELF_SIGNED_TLS_CLIENT_AUTH"].contains(&method);
        let good = match (self.advanced || self.security, self.baseline) {
            (true, _) => strong,
            (false, true) => strong || ["CLIENT_SECRET_JWT", "NONE"].contains(&method),
            (false, false) => true,
        };
        if good {
            return Ok(());
        }
        let message = "FAPI wants the client to authenticate by private_key_jwt or mutual TLS.";
        Err(OAuthError::new("invalid_client", METHOD, message))
    }

    /// Whether tokens may be bound to these keys, or to none.
    pub(crate) fn check_binding(self, binding: &Binding) -> Result<(), OAuthError> {
        if self.advanced && binding.x5t.is_none() {
            let message = "FAPI 1.0 Advanced wants access tokens that are bound to the client's certificate.";
            return Err(OAuthError::new("invalid_request", BINDING, message));
        }
        if self.security && binding.x5t.is_none() && binding.jkt.is_none() {
            let message = "FAPI 2.0 wants access tokens that are bound by DPoP or to the client's certificate.";
            return Err(OAuthError::new("invalid_request", BINDING, message));
        }
        Ok(())
    }

    /// Whether an authorization request is one that the profiles allow.
    pub(crate) fn check_request(
        self,
        client: &Client,
        origin: &Origin,
        response_type: ResponseType,
        challenge: Option<&Challenge>,
    ) -> Result<(), OAuthError> {
        let refused = |message: &str| Err(OAuthError::new("invalid_request", REQUEST, message));
        let s256 = challenge.is_some_and(|challenge| challenge.method == Method::S256);
        let code_alone = response_type.code && !response_type.is_in_front();
        let source = &origin.source;
        if (self.security || self.advanced) && client.is_public() {
            return refused("FAPI wants a confidential client.");
        }
        if self.security {
            if !source.pushed {
                return refused("FAPI 2.0 wants the request to be pushed (RFC 9126).");
            }
            if !code_alone {
                return refused("FAPI 2.0 wants the response_type code.");
            }
            if !s256 {
                return refused("FAPI 2.0 wants a code_challenge with the method S256.");
            }
            if self.signed_requests && source.payload.is_none() {
                return refused("FAPI 2.0 Message Signing wants a signed request object.");
            }
            if self.signed_responses && !origin.destination.mode.jwt {
                return refused("FAPI 2.0 Message Signing wants a response_mode with a JWT.");
            }
        }
        if self.advanced {
            if source.payload.is_none() {
                return refused("FAPI 1.0 Advanced wants a signed request object.");
            }
            let detached = response_type == ResponseType { code: true, id_token: true, token: false };
            if !(detached || code_alone && origin.destination.mode.jwt) {
                return refused(
                    "FAPI 1.0 Advanced wants the response_type code id_token, or code with a response_mode with a JWT.",
                );
            }
            if source.pushed && !s256 {
                return refused("FAPI 1.0 Advanced wants a code_challenge with the method S256 in a pushed request.");
            }
        }
        if self.advanced || self.signed_requests {
            // The setting is about FAPI 1.0 alone.
            let nbf_optional = self.nbf_optional && !self.signed_requests;
            check_object(source.payload.as_deref(), nbf_optional).or_else(refused)?;
        }
        if self.baseline || self.advanced {
            self.check_baseline(origin, s256)?;
        }
        Ok(())
    }

    /// FAPI 1.0 Baseline, section 5.2.2, which Advanced builds on.
    fn check_baseline(self, origin: &Origin, s256: bool) -> Result<(), OAuthError> {
        let refused = |message: &str| Err(OAuthError::new("invalid_request", REQUEST, message));
        let parameters = &origin.source.parameters;
        if !parameters.has("redirect_uri") {
            return refused("FAPI 1.0 wants a redirect_uri in the request.");
        }
        if Url::parse(&origin.destination.redirect_uri).is_ok_and(|uri| uri.scheme() == "http") {
            return refused("FAPI 1.0 wants a redirect_uri with https.");
        }
        if self.baseline && !s256 {
            return refused("FAPI 1.0 Baseline wants a code_challenge with the method S256.");
        }
        let openid = origin.scopes.iter().any(|scope| scope == "openid");
        if openid && !parameters.has("nonce") {
            return refused("FAPI 1.0 wants a nonce with the scope openid.");
        }
        if !openid && !parameters.has("state") {
            return refused("FAPI 1.0 wants a state where there is no scope openid.");
        }
        Ok(())
    }
}

/// Whether the claims of a request object say from when and until when it is good, an hour at most.
fn check_object(payload: Option<&str>, nbf_optional: bool) -> Result<(), &'static str> {
    let claims: Map<String, Value> = payload.and_then(|payload| serde_json::from_str(payload).ok()).unwrap_or_default();
    let seconds = |name: &str| claims.get(name).and_then(Value::as_u64);
    let has_audience = claims.contains_key("aud");
    match (seconds("nbf"), seconds("exp")) {
        (None, Some(_)) if nbf_optional && has_audience => Ok(()),
        (Some(start), Some(end)) if end.saturating_sub(start) <= LONGEST_OBJECT_SECONDS && has_audience => Ok(()),
        _ => Err("FAPI wants nbf, exp and aud in the request object, with an hour at most from nbf to exp."),
    }
}
