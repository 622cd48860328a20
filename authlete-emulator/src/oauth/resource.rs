//! Resource indicators (RFC 8707).

use url::Url;

use super::OAuthError;
use super::parameters::Parameters;
use crate::reply::Code;

/// The resources of a request, each once.
pub(crate) fn requested(parameters: &Parameters, code: Code) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for resource in parameters.all("resource") {
        if !Url::parse(resource).is_ok_and(|url| url.fragment().is_none()) {
            let message = "A resource is not an absolute URI without a fragment.";
            return Err(OAuthError::new("invalid_target", code, message));
        }
        if !resources.contains(resource) {
            resources.push(resource.clone());
        }
    }
    Ok(resources)
}

/// The resources of a token request: those that were granted, or fewer.
pub(crate) fn narrowed(granted: &[String], parameters: &Parameters, code: Code) -> Result<Vec<String>, OAuthError> {
    let requested = requested(parameters, code)?;
    if requested.is_empty() {
        return Ok(granted.to_vec());
    }
    if !granted.is_empty() && !requested.iter().all(|resource| granted.contains(resource)) {
        let message = "A resource is not one of those that were granted.";
        return Err(OAuthError::new("invalid_target", code, message));
    }
    Ok(requested)
}
