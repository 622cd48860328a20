//! `jose_verify_api`: whether a JOSE object is signed by the service or a client, in time, and complete.

use serde_json::json;

use crate::error::ApiError;
use crate::jose::{Jwt, Unreadable};
use crate::oauth::encryption::decrypt;
use crate::oauth::{CheckError, OperationError, jwt};
use crate::reply::{Code, Reply, result_message};
use crate::request::Request;
use crate::state::{Client, Tenant};
use crate::views;

const VERIFIED: Code = "A270001";
const FAILED: Code = "A270301";

/// What came of the verification.
#[derive(Default)]
struct Outcome {
    signature_valid: bool,
    missing: Vec<String>,
    invalid: Vec<String>,
    errors: Vec<String>,
}

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let Some(text) = request.body.non_empty("jose")? else {
        return Err(ApiError::invalid("The call has no jose."));
    };
    let identifier = request.body.non_empty("clientIdentifier")?;
    let by_client = request.body.flag("signedByClient")?;
    let client = match &identifier {
        None if by_client => return Err(ApiError::invalid("signedByClient needs a clientIdentifier.")),
        None => None,
        Some(identifier) => {
            let found = tenant.client(identifier).map(|(client, _)| client.clone());
            Some(found.ok_or_else(|| ApiError::not_found(format!("There is no client {identifier}.")))?)
        }
    };
    let failed = |error: String| Ok(Outcome { errors: vec![error], ..Outcome::default() }.reply());
    let text = match Jwt::read(&text) {
        Err(Unreadable::Encrypted) => match decrypt(tenant, client.as_ref(), &text) {
            Ok(decrypted) => decrypted.content,
            Err(CheckError::Rejected(reason)) => return failed(format!("The object cannot be decrypted: {reason}.")),
            Err(CheckError::Failed(OperationError::Api(error))) => return Err(error),
            Err(CheckError::Failed(OperationError::Client(error) | OperationError::Server(error))) => {
                return failed(error.message);
            }
        },
        _ => text,
    };
    match Jwt::read(&text) {
        Err(_) => failed("The object is no compact serialisation with a JSON header and payload.".to_owned()),
        Ok(jwt) => Ok(verify(tenant, request, client.as_ref(), by_client, &jwt)?.reply()),
    }
}

fn verify(
    tenant: &mut Tenant,
    request: &Request,
    client: Option<&Client>,
    by_client: bool,
    jwt: &Jwt<'_>,
) -> Result<Outcome, ApiError> {
    let mut outcome = Outcome::default();
    let is_signed = jwt::algorithm(jwt).is_some();
    outcome.signature_valid = match client {
        _ if !is_signed => false,
        Some(client) if by_client => match jwt::is_signed_by_client(tenant, client, jwt) {
            Ok(signed) => signed,
            Err(unknown) => {
                outcome.errors.push(unknown.to_string());
                false
            }
        },
        client => jwt::is_signed_by_service(tenant, client, jwt)?,
    };
    if !outcome.signature_valid {
        let why = if !is_signed { "The object is not signed." } else { "No key verifies the signature." };
        outcome.errors.push(why.to_owned());
    }
    for claim in request.body.strings("mandatoryClaims")?.unwrap_or_default() {
        if jwt.claims.get(&claim).is_none_or(serde_json::Value::is_null) {
            outcome.errors.push(format!("The claim {claim} is missing."));
            outcome.missing.push(claim);
        }
    }
    let skew = request.body.number("clockSkew")?.unwrap_or_default().min(u64::from(u32::MAX));
    if let Some(claim) = jwt::wrong_time(jwt, request.now, skew, &[]) {
        outcome.errors.push(format!("The claim {claim} does not fit the present time."));
        outcome.invalid.push(claim.to_owned());
    }
    Ok(outcome)
}

impl Outcome {
    fn reply(&self) -> Reply {
        let valid = self.signature_valid && self.errors.is_empty();
        let (code, message) = match valid {
            true => (VERIFIED, "The object is valid."),
            false => (FAILED, "The object is not valid."),
        };
        Reply::Json(json!({
            "resultCode": code,
            "resultMessage": result_message(code, message),
            "valid": valid,
            "signatureValid": self.signature_valid,
            "missingClaims": views::listed(&self.missing),
            "invalidClaims": views::listed(&self.invalid),
            "errorDescriptions": views::listed(&self.errors),
        }))
    }
}
