//! The client credentials grant (RFC 6749, section 4.4).

use super::TokenRequest;
use super::grant::{self, Grant};
use crate::oauth::{OAuthError, OperationError, rar, resource, scope};
use crate::reply::{Code, Reply};
use crate::state::{Authorized, Details, Tenant};

const PUBLIC: Code = "A050330";
const SCOPE: Code = "A050331";
const RESOURCE: Code = "A050332";
const AUTHORIZATION_DETAILS: Code = "A050333";

pub(super) fn issue(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    if request.client.method == "NONE" {
        let message = "A client that does not authenticate may not use this grant_type.";
        return Err(OAuthError::new("unauthorized_client", PUBLIC, message).into());
    }
    let requested = request.parameters.has("scope").then(|| request.parameters.words("scope"));
    let mut scopes = scope::grantable(&tenant.settings, &request.client.client, requested.as_deref());
    // There is no user here whom an ID token could be about, or who could be offline.
    scopes.retain(|scope| !["openid", "offline_access"].contains(&scope.as_str()));
    if requested.is_none() && scopes.is_empty() && tenant.settings.flag("scopeRequired") {
        return Err(OAuthError::new("invalid_scope", SCOPE, "The service requires a scope.").into());
    }
    let (client, parameters) = (&request.client.client, request.parameters);
    let resources = resource::requested(parameters, RESOURCE)?;
    let details = Details {
        access_resources: resources.clone(),
        resources,
        authorization_details: rar::requested(&tenant.settings, client, parameters, AUTHORIZATION_DETAILS)?,
        ..Details::default()
    };
    let grant = Grant {
        grant_type: "CLIENT_CREDENTIALS",
        authorized: Authorized { scopes, properties: request.properties.clone(), details, ..Authorized::default() },
        alias_used: request.client.alias_used,
        ..Grant::default()
    };
    Ok(grant::issue(tenant, request, grant)?.1)
}
