//! `vci_jwks_api`: the keys that credentials are verified with.

use super::document;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::Tenant;
use crate::vci;

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    document(request, &tenant.settings, vci::document::jwks)
}
