//! Clients that nobody has registered: they say who they are in documents that they publish.

pub(crate) mod federation;
pub(crate) mod metadata_document;
pub(crate) mod policy;

use crate::fetch::Wanted;
use crate::ops::federation::presented;
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Tenant, Unresolved};

/// The trust chain of a client is not good.
const UNRESOLVED: Code = "A320301";

/// Resolves the client that starts a flow with this call, if it is one that publishes who it is: afterwards the service
/// knows it as any other, or knows why it does not. The error is a document that has to be fetched first.
pub(crate) fn resolve(tenant: &mut Tenant, request: &Request) -> Result<(), Wanted> {
    tenant.unresolved = None;
    if let Some(presented) = presented(tenant, request) {
        // The call itself registers the client; here only what it needs is fetched.
        return federation::resolve_explicit(tenant, &presented, request.now).map(|_| ());
    }
    let Some(identifier) = metadata_document::identifier(request) else { return Ok(()) };
    let is_document = tenant.settings.flag("clientIdMetadataDocumentSupported");
    let by_chain = federation::resolve_automatic(tenant, request, &identifier)?;
    let failed = match by_chain {
        Some(Ok(())) => return Ok(()),
        // Where both are on, what is no entity of the federation may be the URL of a document.
        Some(Err(error)) if !is_document => {
            let reason = format!("Its trust chain is not good: {error}");
            tenant.unresolved = Some(Unresolved { identifier, reason, error: Some((error.name(), UNRESOLVED)) });
            return Ok(());
        }
        _ => metadata_document::resolve(tenant, request, &identifier)?,
    };
    if let Err(reason) = failed {
        tenant.unresolved = Some(Unresolved { identifier, reason, error: None });
    }
    Ok(())
}
