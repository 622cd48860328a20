//! Client authentication (RFC 6749, section 2.3), by the method that the client is registered with.

mod assertion;
mod attestation;
pub(crate) mod spiffe;

use attestation::Presented;
pub(crate) use attestation::{challenge, with_challenge};

use super::certificate::Certificate;
use super::client_keys::client_keys;
use super::fapi::Profiles;
use super::haip;
use super::parameters::Parameters;
use super::{CheckError, OAuthError, OperationError};
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
    /// The credentials are wrong, whatever they are.
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
    tenant: &mut Tenant,
    request: &Request,
    parameters: &Parameters,
    codes: Codes,
) -> Result<Authenticated, OperationError> {
    let given = Credentials::read(request, parameters, codes)?;
    let invalid_client = |code, message: &str| OperationError::Client(OAuthError::new("invalid_client", code, message));
    let identifier = given.identifier.clone().or_else(|| {
        let workload = given.svid.and_then(spiffe::subject);
        let client = workload.and_then(|id| spiffe::client_of(tenant, &id));
        client.map(|client| client.id.to_string()).or_else(|| public_client_of_grant(tenant, parameters))
    });
    let Some(identifier) = identifier.as_deref() else {
        return Err(invalid_client(codes.missing, "The request does not say which client it is from."));
    };
    let Some((client, alias_used)) = tenant.client(identifier) else {
        return Err(tenant.unknown_client(identifier, "invalid_client", codes.unknown).into());
    };
    let client = client.clone();
    if client.settings.flag("locked") {
        return Err(ApiError::locked(client.id).into());
    }
    let method = method(&client)?;
    if !tenant.settings.has("supportedTokenAuthMethods", method) {
        let message = "The service does not accept this client's authentication method.";
        return Err(invalid_client(codes.method, message));
    }
    Profiles::of(&tenant.settings, &client.settings).check_method(method)?;
    if haip::applies(&tenant.settings, &client.settings, &[]) {
        haip::check_method(method)?;
    }
    match given.check(tenant, request, &client, method, codes)? {
        Outcome::Right => Ok(Authenticated { client, alias_used, method }),
        Outcome::OtherMethod => {
            Err(invalid_client(codes.method, "The client did not authenticate by its registered method."))
        }
        Outcome::Wrong(message) => Err(invalid_client(codes.secret, message)),
    }
}

/// The public client that a token request without `client_id` is from, by its code or its refresh token, where the service
/// lets clients leave it out.
fn public_client_of_grant(tenant: &Tenant, parameters: &Parameters) -> Option<String> {
    if !tenant.settings.flag("missingClientIdAllowed") {
        return None;
    }
    let id = match parameters.get("grant_type")? {
        "authorization_code" => tenant.codes.get(parameters.get("code")?)?.ticket.client_id,
        "refresh_token" => tenant.tokens.of_refresh(parameters.get("refresh_token")?)?.client_id,
        _ => return None,
    };
    tenant.clients.get(&id).filter(|client| client.is_public()).map(|client| client.id.to_string())
}

/// The method that the client is held to.
fn method(client: &Client) -> Result<&'static str, ApiError> {
    if client.is_public() {
        return Ok("NONE");
    }
    let registered = client.settings.string("tokenAuthMethod").unwrap_or("NONE");
    let known = [
        "NONE",
        "CLIENT_SECRET_BASIC",
        "CLIENT_SECRET_POST",
        "CLIENT_SECRET_JWT",
        "PRIVATE_KEY_JWT",
        "TLS_CLIENT_AUTH",
        "SELF_SIGNED_TLS_CLIENT_AUTH",
        "ATTEST_JWT_CLIENT_AUTH",
        "SPIFFE_JWT",
    ];
    let found = known.into_iter().find(|known| *known == registered);
    found.ok_or_else(|| ApiError::not_implemented(format!("client authentication by {registered}")))
}

/// How credentials compare with what is expected.
enum Outcome {
    Right,
    /// There are none of the expected kind.
    OtherMethod,
    Wrong(&'static str),
}

/// What the request says about its client.
struct Credentials<'a> {
    identifier: Option<String>,
    basic_secret: Option<String>,
    posted_secret: Option<&'a str>,
    assertion: Option<&'a str>,
    /// An assertion that is a JWT-SVID.
    svid: Option<&'a str>,
    attestation: Option<Presented>,
}

impl<'a> Credentials<'a> {
    fn read(request: &Request, parameters: &'a Parameters, codes: Codes) -> Result<Self, OperationError> {
        let invalid = |message: &str| OperationError::Client(OAuthError::new("invalid_request", codes.method, message));
        let basic_id = request.body.non_empty("clientId")?;
        let basic_secret = request.body.non_empty("clientSecret")?;
        let posted_secret = parameters.get("client_secret");
        let assertion = parameters.get("client_assertion");
        match parameters.get("client_assertion_type") {
            None if assertion.is_some() => return Err(invalid("The request has no client_assertion_type.")),
            Some(_) if assertion.is_none() => return Err(invalid("The request has no client_assertion.")),
            Some(other) if other != assertion::TYPE && other != spiffe::TYPE => {
                return Err(invalid("There is no such client_assertion_type."));
            }
            _ => {}
        }
        let is_svid = parameters.get("client_assertion_type") == Some(spiffe::TYPE);
        let (svid, assertion) = if is_svid { (assertion, None) } else { (None, assertion) };
        let attestation = Presented::read(request, codes.secret);
        let attestation = attestation.map_err(|error| error.or_reject(|error| error))?;
        let kinds = [
            basic_secret.is_some(),
            posted_secret.is_some(),
            assertion.is_some() || svid.is_some(),
            attestation.is_some(),
        ];
        if kinds.into_iter().filter(|given| *given).count() > 1 {
            return Err(invalid("The client authenticates in more than one way."));
        }
        let asserted = assertion.map(assertion::subject).transpose()?.flatten();
        let mut identifier: Option<String> = None;
        let attested = attestation.as_ref().and_then(Presented::subject);
        let named = parameters.get("client_id").map(str::to_owned);
        for one in [basic_id, named, asserted, attested].into_iter().flatten() {
            if identifier.as_ref().is_some_and(|known| *known != one) {
                return Err(invalid("The request names two different clients."));
            }
            identifier = Some(one);
        }
        Ok(Self { identifier, basic_secret, posted_secret, assertion, svid, attestation })
    }

    fn check(
        &self,
        tenant: &mut Tenant,
        request: &Request,
        client: &Client,
        method: &str,
        codes: Codes,
    ) -> Result<Outcome, OperationError> {
        let secret = |given: Option<&str>| match given {
            None => Outcome::OtherMethod,
            Some(given) if random::same(given, client.settings.string("clientSecret").unwrap_or_default()) => {
                Outcome::Right
            }
            Some(_) => Outcome::Wrong("The client's credentials are wrong."),
        };
        match method {
            "CLIENT_SECRET_BASIC" => Ok(secret(self.basic_secret.as_deref())),
            "CLIENT_SECRET_POST" => Ok(secret(self.posted_secret)),
            "CLIENT_SECRET_JWT" | "PRIVATE_KEY_JWT" => {
                let (Some(assertion), Some(identifier)) = (self.assertion, &self.identifier) else {
                    return Ok(Outcome::OtherMethod);
                };
                match assertion::check(tenant, request, client, identifier, assertion) {
                    Ok(()) => Ok(Outcome::Right),
                    Err(CheckError::Rejected(reason)) => Ok(Outcome::Wrong(reason)),
                    Err(CheckError::Failed(error)) => Err(error),
                }
            }
            "SPIFFE_JWT" => {
                let Some(svid) = self.svid else { return Ok(Outcome::OtherMethod) };
                match spiffe::check(tenant, request, client, svid) {
                    Ok(()) => Ok(Outcome::Right),
                    Err(CheckError::Rejected(reason)) => Ok(Outcome::Wrong(reason)),
                    Err(CheckError::Failed(error)) => Err(error),
                }
            }
            "ATTEST_JWT_CLIENT_AUTH" => {
                let Some(attestation) = &self.attestation else { return Ok(Outcome::OtherMethod) };
                let checked = attestation.check(tenant, request, client, codes.secret);
                checked.map(|()| Outcome::Right).map_err(|error| error.or_reject(|error| error))
            }
            "TLS_CLIENT_AUTH" | "SELF_SIGNED_TLS_CLIENT_AUTH" => by_certificate(tenant, request, client, method, codes),
            _ => Ok(Outcome::Right),
        }
    }
}

/// Mutual TLS (RFC 8705, section 2).
fn by_certificate(
    tenant: &Tenant,
    request: &Request,
    client: &Client,
    method: &str,
    codes: Codes,
) -> Result<Outcome, OperationError> {
    let Some(certificate) = Certificate::presented(request, codes.secret)? else { return Ok(Outcome::OtherMethod) };
    let settings = &client.settings;
    let right = if method == "TLS_CLIENT_AUTH" {
        if tenant.settings.flag("mutualTlsValidatePkiCertChain") {
            let path = request.body.strings("clientCertificatePath")?.unwrap_or_default();
            let roots: Vec<&str> = tenant.settings.strings("trustedRootCertificates").collect();
            if !certificate.leads_to(&roots, &path, request.now) {
                return Ok(Outcome::Wrong("The certificate does not lead to a root that the service trusts."));
            }
        }
        certificate.is_valid_at(request.now) && certificate.is_of_subject(settings)?
    } else {
        let keys = client_keys(tenant, settings);
        let keys = keys.map_err(|unknown| unknown.as_error("invalid_client", assertion::KEYS))?;
        certificate.is_in(&keys, settings.string("selfSignedCertificateKeyId"))
    };
    Ok(if right { Outcome::Right } else { Outcome::Wrong("The certificate is not the client's.") })
}
