//! What a request wants to reach: resources (RFC 8707) and authorization details (RFC 9396).

use super::parameters::Parameters;
use super::{OAuthError, rar, resource};
use crate::reply::Code;
use crate::state::{Client, Details, Settings};

/// What the request of a client asks for.
pub(crate) fn requested(
    service: &Settings,
    client: &Client,
    parameters: &Parameters,
    code: Code,
) -> Result<Details, OAuthError> {
    let resources = resource::requested(parameters, code)?;
    let authorization_details = rar::requested(service, client, parameters, code)?;
    Ok(Details { access_resources: resources.clone(), resources, authorization_details, ..Details::default() })
}

/// The same for a token request: what was granted, or some of it.
pub(crate) fn narrowed(granted: &Details, parameters: &Parameters, code: Code) -> Result<Details, OAuthError> {
    let mut details = granted.clone();
    details.access_resources = resource::narrowed(&details.resources, parameters, code)?;
    details.authorization_details = rar::narrowed(&details.authorization_details, parameters, code)?;
    Ok(details)
}
