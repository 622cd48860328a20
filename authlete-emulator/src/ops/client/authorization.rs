//! The clients that a user has authorized: those that hold a token for the user.

use serde_json::{Value, json};

use super::named;
use crate::error::ApiError;
use crate::oauth::scope;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;
use crate::views;

const UPDATED: Code = "A138001";
const DELETED: Code = "A141001";

/// `client_authorization_get_list_api` and its other forms.
pub(crate) fn list(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let subject = request.subject()?;
    let developer = match request.query("developer") {
        Some(developer) => Some(developer.to_owned()),
        None => request.body.string("developer")?,
    };
    let (start, end) = request.window()?;
    let holds = |id| {
        let for_user = |token: &&crate::state::Token| token.authorized.subject.as_ref() == Some(&subject);
        let usable = |token: &crate::state::Token| token.is_alive(request.now) || token.is_refreshable(request.now);
        tenant.tokens.of_client(id).filter(for_user).any(usable)
    };
    let mut clients = tenant.clients_in_order();
    clients.retain(|client| developer.is_none() || client.settings.string("developer") == developer.as_deref());
    clients.retain(|client| holds(client.id));
    let page: Vec<Value> = clients.iter().skip(start).take(end - start).map(|client| views::limited(client)).collect();
    Ok(Reply::Json(json!({
        "start": start,
        "end": end,
        "developer": developer,
        "subject": subject,
        "totalCount": clients.len(),
        "clients": page,
    })))
}

/// `client_authorization_update_api`: other scopes for every token that the client holds for the user.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    let subject = request.subject()?;
    let wanted = request.body.strings("scopes")?.unwrap_or_default();
    let client = tenant.known_client(id)?.clone();
    let scopes = scope::grantable(&tenant.settings, &client, Some(&wanted));
    tenant.tokens.change_where(
        |token| token.client_id == id && token.authorized.subject.as_ref() == Some(&subject),
        |token| {
            token.authorized.scopes.clone_from(&scopes);
            token.refresh_scopes.clone_from(&scopes);
        },
    );
    Ok(reply::result(UPDATED, "The client's tokens for the user have the new scopes.", json!({})))
}

/// `client_authorization_delete_api` and its other forms: no token of the client's is left for the user.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    tenant.tokens.remove_of(id, &request.subject()?);
    Ok(reply::result(DELETED, "The client holds no tokens for the user any more.", json!({})))
}
