//! `pushed_auth_req_api`: takes an authorization request ahead of the browser (RFC 9126).

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::authorization::{self, PUSHED};
use crate::oauth::client_auth::{self, Codes};
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, dpop};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{self, Tenant};

const CREATED: Code = "A245001";
const NO_PARAMETERS: Code = "A245201";
const PROOF: Code = "A245305";
const OTHER_KEY: Code = "A245306";
const REPEATED: Code = "A245307";
const CLIENT: Codes = Codes { missing: "A245301", unknown: "A245302", method: "A245303", secret: "A245304" };

/// How long a pushed request waits, in seconds, unless the service says otherwise.
const SECONDS: u64 = 90;

/// Parameters that authenticate the client and are no part of the request.
const CREDENTIALS: &[&str] = &["client_secret", "client_assertion", "client_assertion_type"];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let reply = push(tenant, request).or_else(|error| error.reply_to_client(&tenant.settings, "UNAUTHORIZED"))?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn push(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let client = client_auth::authenticate(tenant, request, &parameters, CLIENT)?;
    let key = dpop::check(tenant, request, None)
        .map_err(|error| error.or_reject(|rejection| OAuthError::new(rejection.error, PROOF, rejection.message)))?;
    let identifier = match client.alias_used {
        true => client.client.alias().unwrap_or_default().to_owned(),
        false => client.client.identifier(),
    };
    let parameters = parameters.without(CREDENTIALS).with("client_id", identifier);
    let source = authorization::from_client(tenant, client.client, client.alias_used, parameters, request.now)?;
    let origin = authorization::origin(tenant, source)?;
    authorization::check(tenant, &origin)?;
    let mut parameters = origin.source.parameters;
    if let Some(key) = key {
        // RFC 9449, section 10.1: the proof of the push binds the code, as dpop_jkt does.
        if parameters.get("dpop_jkt").is_some_and(|jkt| jkt != key) {
            let message = "dpop_jkt is not the key of the DPoP proof.";
            return Err(OAuthError::new("invalid_dpop_proof", OTHER_KEY, message).into());
        }
        parameters = parameters.with("dpop_jkt", key);
    }
    let uri = format!("{PUSHED}{}", random::token::<32>()?);
    let seconds = tenant.duration("pushedAuthReqDuration", SECONDS);
    let record = state::Pushed { client_id: origin.source.client.id, parameters, payload: origin.source.payload };
    tenant.pushed.insert(uri.clone(), request.now + 1000 * seconds, record);
    let content = json!({"request_uri": uri, "expires_in": seconds}).to_string();
    let members = json!({"requestUri": uri, "responseContent": content, "clientAuthMethod": client.method});
    Ok(reply::action("CREATED", CREATED, "The request waits for the browser.", members))
}
