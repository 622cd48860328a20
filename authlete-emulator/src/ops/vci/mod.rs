//! The operations of credential issuance, one file each.

pub(crate) mod batch_issue;
pub(crate) mod batch_parse;
pub(crate) mod deferred_issue;
pub(crate) mod deferred_parse;
pub(crate) mod jwks;
pub(crate) mod jwt_issuer;
pub(crate) mod metadata;
pub(crate) mod nonce;
pub(crate) mod offer_create;
pub(crate) mod offer_info;
pub(crate) mod single_issue;
pub(crate) mod single_parse;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::OAuthError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{CNonce, CredentialRequest, Settings, Tenant};
use crate::vci::order::Order;
use crate::vci::token::Bearer;
use crate::vci::{self, Refusal, Version, choices};

const FOUND: Code = "A900010";
const UNKNOWN_REQUEST: Code = "A900011";
const NO_CONTENT: Code = "A900012";

/// The response that hands out a document, with line breaks where the call wants them.
fn document(
    request: &Request,
    service: &Settings,
    document: fn(&Settings) -> Result<Value, Refusal>,
) -> Result<Reply, ApiError> {
    let pretty = request.body.flag("pretty")?;
    let made = if vci::is_enabled(service) { document(service) } else { Err(Refusal::Off) };
    match made {
        Ok(document) => {
            let content = if pretty { format!("{document:#}") } else { document.to_string() };
            Ok(reply::action("OK", FOUND, "Here is the document.", json!({"responseContent": content})))
        }
        Err(refusal) => refusal.reply_to_reader(service),
    }
}

/// What the wallet sent.
fn content(request: &Request) -> Result<String, Refusal> {
    let content = request.body.non_empty("requestContent")?;
    content.ok_or_else(|| Refusal::service(NO_CONTENT, "The call has no requestContent."))
}

/// The draft answers a wrong proof with the nonce that the next one is to have.
fn with_next_nonce(tenant: &mut Tenant, bearer: &Bearer, now: u64, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::BadRequest(error)
            if error.error == "invalid_proof" && Version::of(&tenant.settings) == Version::Draft =>
        {
            match renew_nonce(tenant, bearer, now) {
                Ok(Some(nonce)) => Refusal::WrongProof(Box::new((error, nonce)), vci::nonce::seconds(tenant)),
                Ok(None) => Refusal::BadRequest(error),
                Err(error) => error.into(),
            }
        }
        other => other,
    }
}

/// Gives the token another nonce, where nonces are the tokens'.
fn renew_nonce(tenant: &mut Tenant, bearer: &Bearer, now: u64) -> Result<Option<CNonce>, ApiError> {
    if Version::of(&tenant.settings) == Version::Final {
        return Ok(None);
    }
    let nonce = vci::nonce::for_token(tenant, now)?;
    tenant.tokens.change(bearer.number, |token| token.c_nonce = Some(nonce.clone()));
    Ok(Some(nonce))
}

/// The request that an order is about, if it waits for its credential.
fn requested(
    tenant: &Tenant,
    order: &Order,
    deferred: bool,
    bearer: Option<&Bearer>,
) -> Result<CredentialRequest, Refusal> {
    let fits = |record: &&CredentialRequest| {
        record.deferred == deferred && bearer.is_none_or(|bearer| bearer.number == record.token)
    };
    let found = tenant.credential_requests.get(&order.request).filter(fits);
    found.cloned().ok_or_else(|| {
        Refusal::caller(UNKNOWN_REQUEST, "No request with the order's requestIdentifier waits for its credential.")
    })
}

/// Keeps a request until the wallet comes again with its transaction ID.
fn defer(tenant: &mut Tenant, identifier: &str, record: CredentialRequest, now: u64) {
    let seconds = tenant.duration("credentialTransactionDuration", choices::TRANSACTION_SECONDS);
    let record = CredentialRequest { deferred: true, ..record };
    tenant.credential_requests.insert(identifier.to_owned(), now + 1000 * seconds, record);
}

/// Whether the call denies the wallet the credential.
fn is_denied(request: &Request) -> Result<bool, Refusal> {
    Ok(request.body.flag("denied")?)
}

/// The `interval` of the call.
fn interval(request: &Request) -> Result<u64, Refusal> {
    match request.body.members.get("interval") {
        None | Some(Value::Null) => Ok(vci::response::interval(None)),
        Some(value) => match value.as_i64() {
            Some(seconds) => Ok(vci::response::interval(Some(seconds))),
            None => Err(ApiError::invalid("The member interval is not a whole number.").into()),
        },
    }
}

/// A request of the draft for many credentials, under a service that keeps to 1.0.
fn no_batches() -> Refusal {
    let message = "OpenID4VCI 1.0 has no batch requests; several proofs in one request get several credentials.";
    OAuthError::new("invalid_credential_request", "A900013", message).into()
}
