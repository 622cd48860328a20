//! A client's lock and its secret.

use serde_json::{Value, json};

use super::named;
use crate::error::ApiError;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const LOCKED: Code = "A220001";
const UNLOCKED: Code = "A220002";
const REFRESHED: Code = "A202001";
const CHANGED: Code = "A149001";

/// `client_flag_update_api`: a locked client can do nothing.
pub(crate) fn lock(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientIdentifier"))?;
    let locked = request.body.given_flag("clientLocked")?;
    let locked = locked.ok_or_else(|| ApiError::invalid("The call has no clientLocked member."))?;
    let client = tenant.known_client(id)?;
    client.settings.set("locked", json!(locked));
    client.settings.set("modifiedAt", json!(request.now));
    let (code, message) = if locked { (LOCKED, "The client is locked.") } else { (UNLOCKED, "It is unlocked.") };
    Ok(reply::result(code, message, json!({})))
}

/// `client_secret_refresh_api`: a new random secret.
pub(crate) fn refresh_secret(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let secret = random::token::<64>()?;
    change(tenant, request, &secret, REFRESHED)
}

/// `client_secret_update_api`: a secret of the caller's choice.
pub(crate) fn update_secret(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let secret = request.body.string("clientSecret")?.filter(|secret| is_secret(secret));
    let secret = secret.ok_or_else(|| {
        let message =
            "The member clientSecret has to have 1 to 86 characters: letters, digits, hyphens or underscores.";
        ApiError::invalid(message)
    })?;
    change(tenant, request, &secret, CHANGED)
}

fn is_secret(text: &str) -> bool {
    (1..=86).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn change(tenant: &mut Tenant, request: &Request, secret: &str, code: Code) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientIdentifier"))?;
    let client = tenant.known_client(id)?;
    let old = client.settings.0.get("clientSecret").cloned().unwrap_or(Value::Null);
    client.settings.set("clientSecret", json!(secret));
    client.settings.set("modifiedAt", json!(request.now));
    let members = json!({"newClientSecret": secret, "oldClientSecret": old});
    Ok(reply::result(code, "The client has a new secret.", members))
}
