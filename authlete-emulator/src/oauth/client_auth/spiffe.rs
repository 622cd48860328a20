//! Authentication by a JWT-SVID: the identity that a SPIFFE workload was given by its own platform (OAuth SPIFFE Client
//! Authentication, a draft). The platform's keys are those of its bundle.

use crate::fetch::{Kind, Wanted};
use crate::jose::jwk::{self, Jwk};
use crate::jose::{Algorithm, Jwt};
use crate::oauth::{CheckError, OAuthError, OperationError};
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Client, Settings, Tenant};

const BUNDLE: Code = "A000208";

/// The value of `client_assertion_type`.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

/// The SPIFFE ID that an assertion names, before anything is verified.
pub(crate) fn subject(assertion: &str) -> Option<String> {
    let jwt = Jwt::read(assertion).ok()?;
    jwt.string("sub").filter(|subject| subject.starts_with("spiffe://")).map(str::to_owned)
}

/// The client of a SPIFFE ID, if there is one and no other.
pub(crate) fn client_of<'a>(tenant: &'a Tenant, id: &str) -> Option<&'a Client> {
    let mut found = tenant.clients.values().filter(|client| is_of(&client.settings, id));
    found.next().filter(|_| found.next().is_none())
}

/// Whether the client has this SPIFFE ID. The last segment of a registered one may be `*`, for any segment.
fn is_of(client: &Settings, id: &str) -> bool {
    let Some(registered) = client.string("spiffeId") else { return false };
    match registered.strip_suffix("/*") {
        Some(parent) => {
            let segment = id.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
            segment.is_some_and(|segment| !segment.is_empty() && !segment.contains('/'))
        }
        None => registered == id,
    }
}

/// The bundle, which has to be fetched before a client can authenticate by it.
pub(crate) fn wanted(client: &Settings) -> Option<Wanted> {
    let by_svid = client.string("tokenAuthMethod") == Some("SPIFFE_JWT");
    client.string("spiffeBundleEndpoint").filter(|_| by_svid).map(|url| Wanted::new(Kind::KeySet, url))
}

/// The keys of the bundle that are for JWT-SVIDs.
fn keys(tenant: &Tenant, client: &Settings) -> Result<Vec<Jwk>, OperationError> {
    let unknown = |message: String| OperationError::Client(OAuthError::new("invalid_client", BUNDLE, message));
    let Some(wanted) = wanted(client) else {
        return Err(unknown("The client has no spiffeBundleEndpoint.".to_owned()));
    };
    let url = wanted.url.clone();
    let text = match tenant.documents.get(wanted) {
        Ok(Ok(document)) => document.text().map(str::to_owned),
        Ok(Err(error)) => {
            return Err(unknown(format!("The bundle at the client's spiffeBundleEndpoint is not known: {error}.")));
        }
        Err(_) => return Err(unknown(format!("{url} was not fetched."))),
    };
    let mut keys = text.as_deref().map(jwk::set).unwrap_or_default();
    keys.retain(|key| jwk::string(key, "use") == Some("jwt-svid"));
    // JOSE knows no such use.
    keys.iter_mut().for_each(|key| drop(key.remove("use")));
    Ok(keys)
}

/// Verifies the JWT-SVID of a client. It may be used again until it expires.
pub(super) fn check(
    tenant: &Tenant,
    request: &Request,
    client: &Client,
    assertion: &str,
) -> Result<(), CheckError<&'static str>> {
    let rejected = |reason| Err(CheckError::Rejected(reason));
    let Ok(jwt) = Jwt::read(assertion) else { return rejected("The client_assertion is not a JWT.") };
    let Some(algorithm) = Algorithm::parse(jwt.alg()).filter(|algorithm| !algorithm.is_symmetric()) else {
        return rejected("The client_assertion is not signed by a known algorithm.");
    };
    if jwt.is_critical() {
        return rejected("The client_assertion has critical extensions.");
    }
    if !jwt.string("sub").is_some_and(|id| is_of(&client.settings, id)) {
        return rejected("sub of the client_assertion is not the client's SPIFFE ID.");
    }
    if !jwt.is_signed_by_one_of(algorithm, &keys(tenant, &client.settings)?) {
        return rejected("The client_assertion is not signed by a key of the client's SPIFFE bundle.");
    }
    let issuer: Vec<&str> = tenant.settings.string("issuer").into_iter().collect();
    if !jwt.is_for(&issuer) {
        return rejected("The client_assertion is for another audience than the issuer.");
    }
    let skew = tenant.settings.number("allowableClockSkew");
    if jwt.seconds("exp").is_none() || !jwt.is_current(request.now / 1000, skew) {
        return rejected("The client_assertion has no exp, has expired or is not valid yet.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_of;
    use crate::state::Settings;

    #[test]
    fn the_last_segment_may_be_any() {
        let client = |id: &str| Settings([("spiffeId".to_owned(), json!(id))].into_iter().collect());
        for (registered, id, expected) in [
            ("spiffe://example.org/shop", "spiffe://example.org/shop", true),
            ("spiffe://example.org/shop", "spiffe://example.org/shop/1", false),
            ("spiffe://example.org/*", "spiffe://example.org/shop", true),
            ("spiffe://example.org/*", "spiffe://example.org/shop/1", false),
            ("spiffe://example.org/*", "spiffe://example.org/", false),
            ("spiffe://example.org/*", "spiffe://example.org.evil/shop", false),
            ("spiffe://example.org/*", "spiffe://example.org", false),
        ] {
            assert_eq!(is_of(&client(registered), id), expected, "{registered} {id}");
        }
    }
}
