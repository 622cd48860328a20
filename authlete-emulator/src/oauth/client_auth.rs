//! Client authentication (RFC 6749, section 2.3).

use super::parameters::Parameters;
use super::{OAuthError, Stop};
use crate::error::ApiError;
use crate::random;
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Client, Tenant};

/// The codes for what can go wrong, which differ between operations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes {
    pub(crate) missing: Code,
    pub(crate) unknown: Code,
    pub(crate) method: Code,
    pub(crate) secret: Code,
}

/// A client that is who it says it is.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated {
    pub(crate) client: Client,
    pub(crate) alias_used: bool,
    /// How it authenticated.
    pub(crate) method: &'static str,
}

/// Finds the client of a request and authenticates it by the method that it is registered with.
pub(crate) fn authenticate(
    tenant: &Tenant,
    request: &Request,
    parameters: &Parameters,
    codes: Codes,
) -> Result<Authenticated, Stop> {
    request.refuse(&["oauthClientAttestation", "oauthClientAttestationPop", "dpop"])?;
    if let Some(name) = parameters.first_of(&["client_assertion", "client_assertion_type"]) {
        return Err(ApiError::not_implemented(format!("client authentication by {name}")).into());
    }
    let fail = |error, code, message: &str| Stop::Client(OAuthError::new(error, code, message));

    let basic_id = request.body.text("clientId")?.filter(|id| !id.is_empty());
    let basic_secret = request.body.text("clientSecret")?.filter(|secret| !secret.is_empty());
    let posted_id = parameters.get("client_id");
    let posted_secret = parameters.get("client_secret");
    if let (Some(basic), Some(posted)) = (&basic_id, posted_id)
        && basic != posted
    {
        return Err(fail("invalid_request", codes.method, "The request names two different clients."));
    }
    if basic_secret.is_some() && posted_secret.is_some() {
        return Err(fail("invalid_request", codes.method, "The client authenticates in more than one way."));
    }
    if tenant.settings.flag("missingClientIdAllowed") && basic_id.is_none() && posted_id.is_none() {
        return Err(ApiError::not_implemented("the service setting missingClientIdAllowed").into());
    }
    let Some(identifier) = basic_id.as_deref().or(posted_id) else {
        return Err(fail("invalid_client", codes.missing, "The request does not say which client it is from."));
    };
    let Some((client, alias_used)) = tenant.client(identifier) else {
        return Err(fail("invalid_client", codes.unknown, "There is no such client."));
    };
    if client.settings.flag("locked") {
        return Err(ApiError::locked(client.id).into());
    }

    let registered = client.settings.text("tokenAuthMethod").unwrap_or("NONE");
    let (method, secret) = match registered {
        _ if client.is_public() => ("NONE", None),
        "NONE" => ("NONE", None),
        "CLIENT_SECRET_BASIC" => ("CLIENT_SECRET_BASIC", Some(basic_secret.as_deref())),
        "CLIENT_SECRET_POST" => ("CLIENT_SECRET_POST", Some(posted_secret)),
        other => return Err(ApiError::not_implemented(format!("client authentication by {other}")).into()),
    };
    if !tenant.settings.has("supportedTokenAuthMethods", method) {
        return Err(fail(
            "invalid_client",
            codes.method,
            "The service does not accept this client's authentication method.",
        ));
    }
    if let Some(secret) = secret {
        let Some(secret) = secret else {
            return Err(fail(
                "invalid_client",
                codes.method,
                "The client did not authenticate by its registered method.",
            ));
        };
        if !random::same(secret, client.settings.text("clientSecret").unwrap_or_default()) {
            return Err(fail("invalid_client", codes.secret, "The client's credentials are wrong."));
        }
    }
    Ok(Authenticated { client: client.clone(), alias_used, method })
}
