//! `vci_metadata_api`: the metadata of the credential issuer.

use super::document;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::Tenant;
use crate::vci;

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    document(request, &tenant.settings, vci::document::metadata)
}
