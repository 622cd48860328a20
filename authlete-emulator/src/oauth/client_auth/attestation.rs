//! Authentication by an attestation (draft-ietf-oauth-attestation-based-client-auth): an attester vouches for an instance
//! of the client, which proves that it holds the key that the attestation names.

use serde_json::{Value, json};

use crate::certificates::{Chain, from_text};
use crate::jose::{Algorithm, Jwk, Jwt, jwk};
use crate::oauth::{CheckError, OAuthError, window};
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::{Client, Tenant};

/// How far from the present a proof may have been made, in seconds, apart from the service's `allowableClockSkew`.
const WINDOW_SECONDS: u64 = 300;

/// How long a challenge is good for, in seconds, unless the service says otherwise.
const CHALLENGE_SECONDS: u64 = 300;

const PURPOSE: &str = "client attestation";

/// An attestation with its proof of possession.
#[derive(Debug)]
pub(super) struct Presented {
    attestation: String,
    proof: String,
}

impl Presented {
    /// What the call has of both. One without the other is the client's mistake.
    pub(super) fn read(request: &Request, code: Code) -> Result<Option<Self>, CheckError<OAuthError>> {
        let (attestation, proof) =
            (request.body.non_empty("oauthClientAttestation")?, request.body.non_empty("oauthClientAttestationPop")?);
        match (attestation, proof) {
            (None, None) => Ok(None),
            (Some(attestation), Some(proof)) => Ok(Some(Self { attestation, proof })),
            _ => Err(CheckError::Rejected(error(
                code,
                "There is an attestation or a proof of possession, but not both.",
            ))),
        }
    }

    /// The client that the attestation is for, before anything is verified.
    pub(super) fn subject(&self) -> Option<String> {
        Jwt::read(&self.attestation).ok()?.string("sub").map(str::to_owned)
    }

    /// Verifies both for a client that the request names so.
    pub(super) fn check(
        &self,
        tenant: &mut Tenant,
        request: &Request,
        client: &Client,
        code: Code,
    ) -> Result<(), CheckError<OAuthError>> {
        let rejected = |message: &str| Err(CheckError::Rejected(error(code, message)));
        let skew = tenant.settings.number("allowableClockSkew");
        let Ok(attestation) = Jwt::read(&self.attestation) else { return rejected("The attestation is not a JWT.") };
        let Some(algorithm) = algorithm(&attestation, "oauth-client-attestation+jwt") else {
            return rejected("The header of the attestation is not that of one.");
        };
        if !attestation.string("sub").is_some_and(|sub| client.is_called(sub)) {
            return rejected("The attestation is for another client.");
        }
        let key = attestation.claims.get("cnf").and_then(|cnf| cnf.get("jwk")).and_then(Value::as_object);
        let Some(key) = key.filter(|key| !jwk::is_private(key)) else {
            return rejected("The attestation has no public key in cnf.");
        };
        let attester = attester(tenant, &attestation, request.now);
        match attester {
            Ok(attester) if attestation.is_signed_by(algorithm, &attester) => {}
            Ok(_) => return rejected("The signature of the attestation is not its attester's."),
            Err(why) => return rejected(&why),
        }
        if attestation.seconds("exp").is_none() || !attestation.is_current(request.now / 1000, skew) {
            let message = "The attestation has no exp, has expired or is not valid yet.";
            return Err(CheckError::Rejected(OAuthError::new("use_fresh_attestation", code, message)));
        }
        self.check_proof(tenant, request, key, code)
    }

    fn check_proof(
        &self,
        tenant: &mut Tenant,
        request: &Request,
        key: &Jwk,
        code: Code,
    ) -> Result<(), CheckError<OAuthError>> {
        let rejected = |message: &str| Err(CheckError::Rejected(error(code, message)));
        let Ok(proof) = Jwt::read(&self.proof) else { return rejected("The proof of possession is not a JWT.") };
        let Some(algorithm) = algorithm(&proof, "oauth-client-attestation-pop+jwt") else {
            return rejected("The header of the proof of possession is not that of one.");
        };
        if !proof.is_signed_by(algorithm, key) {
            return rejected("The signature of the proof of possession is not by the key of the attestation.");
        }
        if !tenant.settings.string("issuer").is_some_and(|issuer| proof.is_for(&[issuer])) {
            return rejected("The proof of possession is for another audience.");
        }
        let now = request.now / 1000;
        let window = WINDOW_SECONDS + tenant.settings.number("allowableClockSkew");
        let Some(made) = proof.seconds("iat").filter(|made| made.abs_diff(now) <= window) else {
            return rejected("The proof of possession was not made just now.");
        };
        if !proof.is_current(now, window) {
            return rejected("The proof of possession has expired, or is not valid yet.");
        }
        if let Some(challenges) = challenges(tenant, request.now)? {
            // Older drafts call it nonce.
            let given = proof.string("challenge").or_else(|| proof.string("nonce"));
            if !given.is_some_and(|given| challenges.iter().any(|challenge| challenge == given)) {
                let message = "The proof of possession needs the present challenge.";
                return Err(CheckError::Rejected(OAuthError::new("use_attestation_challenge", code, message)));
            }
        }
        let Some(id) = proof.string("jti") else { return rejected("The proof of possession has no jti.") };
        let thumbprint = jwk::thumbprint(key).unwrap_or_default();
        if !tenant.is_first_proof(&thumbprint, &format!("{PURPOSE} {id}"), (made + window + 1) * 1000) {
            return rejected("The proof of possession has been used.");
        }
        Ok(())
    }
}

fn error(code: Code, message: &str) -> OAuthError {
    OAuthError::new("invalid_client_attestation", code, message)
}

/// The asymmetric algorithm of a JWT of this type.
fn algorithm(jwt: &Jwt<'_>, typ: &str) -> Option<Algorithm> {
    let right = jwt.header.get("typ").and_then(Value::as_str) == Some(typ) && !jwt.is_critical();
    Algorithm::parse(jwt.alg()).filter(|algorithm| right && !algorithm.is_symmetric())
}

/// The key of the attester: that of a certificate that leads to a root of the service's.
fn attester(tenant: &Tenant, attestation: &Jwt<'_>, now: u64) -> Result<Jwk, String> {
    let service = &tenant.settings;
    if !service.flag("clientAttesterRootsEnabled") {
        return Err("The service trusts no attester: clientAttesterRootsEnabled is off.".to_owned());
    }
    let roots: Vec<Vec<u8>> = service.strings("clientAttesterRoots").filter_map(from_text).collect();
    let chain = attestation.header.get("x5c").and_then(Chain::from_x5c);
    let chain = chain.ok_or_else(|| "The attestation has no readable x5c.".to_owned())?;
    chain.check(&roots, now).map_err(|error| format!("The attester is not one of the service's: {error}."))?;
    chain.key().ok_or_else(|| "The key of the attester is of an unknown kind.".to_owned())
}

/// The challenges that are good, where the service has an endpoint for them: the present one, and the one before.
fn challenges(tenant: &mut Tenant, now: u64) -> Result<Option<[String; 2]>, crate::error::ApiError> {
    if tenant.settings.string("challengeEndpoint").is_none() {
        return Ok(None);
    }
    window::values(tenant, PURPOSE, tenant.duration("attestationChallengeTimeWindow", CHALLENGE_SECONDS), now).map(Some)
}

/// The challenge to hand out, whether the service has an endpoint for it or not.
pub(crate) fn challenge(tenant: &mut Tenant, now: u64) -> Result<String, crate::error::ApiError> {
    let seconds = tenant.duration("attestationChallengeTimeWindow", CHALLENGE_SECONDS);
    let [present, _] = window::values(tenant, PURPOSE, seconds, now)?;
    Ok(present)
}

/// Adds the challenge to a response, where the service has an endpoint for challenges and the response a member for it.
pub(crate) fn with_challenge(
    tenant: &mut Tenant,
    request: &Request,
    reply: Reply,
) -> Result<Reply, crate::error::ApiError> {
    if tenant.settings.string("challengeEndpoint").is_none() || !request.operation.has_member("attestationChallenge") {
        return Ok(reply);
    }
    Ok(reply.with("attestationChallenge", json!(challenge(tenant, request.now)?)))
}
