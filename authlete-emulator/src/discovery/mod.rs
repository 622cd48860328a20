//! Clients that nobody has registered: they say who they are in documents that they publish.

pub(crate) mod metadata_document;
pub(crate) mod policy;

use crate::fetch::Wanted;
use crate::request::Request;
use crate::state::{Tenant, Unresolved};

/// Resolves the client that starts a flow with this call, if it is one that publishes who it is: afterwards the service
/// knows it as any other, or knows why it does not. The error is a document that has to be fetched first.
pub(crate) fn resolve(tenant: &mut Tenant, request: &Request) -> Result<(), Wanted> {
    tenant.unresolved = None;
    let Some(identifier) = metadata_document::identifier(request) else { return Ok(()) };
    if let Err(reason) = metadata_document::resolve(tenant, request, &identifier)? {
        tenant.unresolved = Some(Unresolved { identifier, reason });
    }
    Ok(())
}
