//! What the high assurance profile demands of issuance (OpenID4VC HAIP 1.0, section 4), where the service, the client or a
//! requested scope asks for it. Which error the real service gives for each breach, nobody says.

use super::OAuthError;
use super::authorization::Origin;
use super::pkce::{Challenge, Method};
use super::response_type::ResponseType;
use super::scope;
use crate::certificates::Chain;
use crate::jose::Jwk;
use crate::reply::Code;
use crate::state::{Binding, Settings};
use crate::vci::Issuer;

const REQUEST: Code = "A004340";
const METHOD: Code = "A000320";
const BINDING: Code = "A050345";

/// The version that is known. Another one is refused where it is set.
pub(crate) const VERSION: &str = "1.0";

/// Whether the profile holds for a client that asks for these scopes.
pub(crate) fn applies(service: &Settings, client: &Settings, scopes: &[String]) -> bool {
    is_set(service) || is_set(client) || !scope::attributes(service, scopes, "haip").is_empty()
}

/// Whether a service, or a client, is held to the profile whatever is asked for.
pub(crate) fn is_set(settings: &Settings) -> bool {
    settings.string("haipVersion").is_some_and(|version| !version.is_empty())
}

/// Whether the client may authenticate by this method: every wallet authenticates (section 4.4.1), as FAPI 2.0 wants it or
/// by an attestation.
pub(crate) fn check_method(method: &str) -> Result<(), OAuthError> {
    let good = ["ATTEST_JWT_CLIENT_AUTH", "PRIVATE_KEY_JWT", "TLS_CLIENT_AUTH", "SELF_SIGNED_TLS_CLIENT_AUTH"];
    if good.contains(&method) {
        return Ok(());
    }
    let message = "HAIP wants the client to authenticate by an attestation, private_key_jwt or mutual TLS.";
    Err(OAuthError::new("invalid_client", METHOD, message))
}

/// Whether tokens may be bound to these keys, or to none: DPoP is what HAIP takes from FAPI 2.0.
pub(crate) fn check_binding(binding: &Binding) -> Result<(), OAuthError> {
    if binding.jkt.is_some() && binding.x5t.is_none() {
        return Ok(());
    }
    Err(OAuthError::new(
        "invalid_request",
        BINDING,
        "HAIP wants access tokens that are bound by DPoP, and by that alone.",
    ))
}

/// Whether an authorization request is one that the profile allows.
pub(crate) fn check_request(
    service: &Settings,
    origin: &Origin,
    response_type: ResponseType,
    challenge: Option<&Challenge>,
) -> Result<(), OAuthError> {
    let refused = |message: &str| Err(OAuthError::new("invalid_request", REQUEST, message));
    if !origin.source.pushed {
        return refused("HAIP wants the request to be pushed (RFC 9126).");
    }
    if !response_type.code || response_type.is_in_front() {
        return refused("HAIP wants the response_type code.");
    }
    if challenge.is_none_or(|challenge| challenge.method != Method::S256) {
        return refused("HAIP wants a code_challenge with the method S256.");
    }
    let issuer = Issuer::of(service);
    let of_credential = |scope: &String| issuer.configurations().any(|one| one.string("scope") == Some(scope));
    if !origin.scopes.iter().any(of_credential) {
        let message = "HAIP wants a scope that names a credential configuration.";
        return Err(OAuthError::new("invalid_scope", REQUEST, message));
    }
    Ok(())
}

/// What is wrong with an issuer that is held to the profile (section 4.1), if anything is.
pub(crate) fn check_issuer(issuer: &Issuer<'_>) -> Result<(), String> {
    for configuration in issuer.configurations() {
        if configuration.string("scope").is_none() {
            return Err(format!(
                "HAIP wants a scope for every credential configuration; {} has none.",
                configuration.id
            ));
        }
        if configuration.members.contains_key("cryptographic_binding_methods_supported")
            && issuer.get("nonceEndpoint").is_none()
        {
            return Err("HAIP wants a nonceEndpoint where credentials are bound to keys.".to_owned());
        }
    }
    Ok(())
}

/// What is wrong with a key that signs SD-JWT VCs (section 6.1.1), if anything is.
pub(crate) fn check_signer(jwk: &Jwk) -> Result<(), &'static str> {
    let Some(chain) = jwk.get("x5c").and_then(Chain::from_x5c) else {
        return Err("HAIP wants the key that signs to have its certificates in x5c.");
    };
    match chain.is_self_signed() {
        true => Err("HAIP wants certificates in x5c that are not self-signed, and no trust anchor among them."),
        false => Ok(()),
    }
}
