//! Authentication by a signed assertion (RFC 7523, section 3; OpenID Connect Core 1.0, section 9).

use crate::error::ApiError;
use crate::jose::{Algorithm, Jwt, Unreadable};
use crate::oauth::client_keys::client_keys;
use crate::oauth::{CheckError, OperationError, endpoint};
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Client, Tenant};

pub(super) const KEYS: Code = "A000207";

/// The only value of `client_assertion_type`.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What an assertion says about who sends it, before anything is verified.
pub(super) fn subject(assertion: &str) -> Result<Option<String>, ApiError> {
    Ok(read(assertion)?.and_then(|jwt| jwt.string("sub").map(str::to_owned)))
}

fn read(assertion: &str) -> Result<Option<Jwt<'_>>, ApiError> {
    match Jwt::read(assertion) {
        Ok(jwt) => Ok(Some(jwt)),
        Err(Unreadable::Encrypted) => Err(ApiError::not_implemented("an encrypted client_assertion")),
        Err(Unreadable::Malformed) => Ok(None),
    }
}

/// Verifies the assertion of a client.
pub(super) fn check(
    tenant: &mut Tenant,
    request: &Request,
    client: &Client,
    identifier: &str,
    assertion: &str,
) -> Result<(), CheckError<&'static str>> {
    let rejected = |reason| Err(CheckError::Rejected(reason));
    let Some(jwt) = read(assertion)? else { return rejected("The client_assertion is not a JWT.") };
    let registered = client.settings.string("tokenAuthSignAlg");
    if registered.is_some_and(|registered| registered != jwt.alg()) {
        return rejected("The client_assertion is not signed by the client's tokenAuthSignAlg.");
    }
    let Some(algorithm) = Algorithm::parse(jwt.alg()) else {
        return rejected("The client_assertion is not signed by a known algorithm.");
    };
    if jwt.is_critical() {
        return rejected("The client_assertion has critical extensions.");
    }
    if !is_signed(tenant, &jwt, algorithm, client)? {
        return rejected("The signature of the client_assertion is wrong.");
    }
    if jwt.string("iss") != Some(identifier) || jwt.string("sub") != Some(identifier) {
        return rejected("iss and sub of the client_assertion have to be the client's id.");
    }
    if !jwt.is_for(&audiences(tenant, request)) {
        return rejected("The client_assertion is for another audience.");
    }
    let skew = tenant.settings.number("allowableClockSkew");
    let (Some(end), true) = (jwt.seconds("exp"), jwt.is_current(request.now / 1000, skew)) else {
        return rejected("The client_assertion has no exp, has expired or is not valid yet.");
    };
    let Some(id) = jwt.string("jti") else { return rejected("The client_assertion has no jti.") };
    let ends_at = end.saturating_add(skew).saturating_mul(1000);
    if !tenant.is_first_assertion(client.id, id, ends_at) {
        return rejected("The client_assertion has been used.");
    }
    Ok(())
}

/// The secret signs for `client_secret_jwt`, and only for that: a public key must never serve as one.
fn is_signed(tenant: &Tenant, jwt: &Jwt<'_>, algorithm: Algorithm, client: &Client) -> Result<bool, OperationError> {
    let by_secret = algorithm.is_symmetric();
    if by_secret != (client.settings.string("tokenAuthMethod") == Some("CLIENT_SECRET_JWT")) {
        return Ok(false);
    }
    if by_secret {
        let secret = client.settings.string("clientSecret").unwrap_or_default();
        return Ok(jwt.is_signed_by_secret(algorithm, secret));
    }
    let keys = client_keys(tenant, &client.settings).map_err(|unknown| unknown.as_error("invalid_client", KEYS))?;
    Ok(jwt.is_signed_by_one_of(algorithm, &keys))
}

/// What `aud` may be: the issuer and, unless the service is strict, the token endpoint and the one that was called.
fn audiences<'a>(tenant: &'a Tenant, request: &Request) -> Vec<&'a str> {
    let mut members = vec!["issuer"];
    if !tenant.settings.flag("clientAssertionAudRestrictedToIssuer") {
        members.push("tokenEndpoint");
        members.extend(endpoint::setting(request));
    }
    members.into_iter().filter_map(|member| tenant.settings.string(member)).collect()
}
