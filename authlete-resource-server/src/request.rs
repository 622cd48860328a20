//! What a request for a protected resource says, as the question to Authlete.

use http::{HeaderMap, Method, Uri};

use super::challenge;
use super::layer::Settings;
use authlete_api::Reply;
use authlete_api::http_inputs::{TokenScheme, access_token, dpop_proof};
use authlete_api::types::IntrospectionRequest;

impl Settings {
    /// The question whether the request may be served.
    ///
    /// # Errors
    /// The answer to a request that has no token, or not as it should.
    pub(super) fn question(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<IntrospectionRequest, Reply> {
        if form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).any(|(name, _)| name == "access_token") {
            return Err(challenge::malformed("an access token must not be in the URL"));
        }
        let accepts_proofs = self.external_url.is_some();
        let given = access_token(headers).map_err(|error| challenge::malformed(error.what()))?;
        let given = given.filter(|given| given.scheme == TokenScheme::Bearer || accepts_proofs);
        let given = given.ok_or_else(|| challenge::missing(&self.scopes, accepts_proofs))?;
        let mut question = IntrospectionRequest::new(given.token);
        question.scopes = some(&self.scopes);
        question.resources = some(&self.resources);
        question.acr_values = some(&self.acr_values);
        question.max_age = self.max_age.map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        if let (TokenScheme::DPoP, Some(url)) = (given.scheme, &self.external_url) {
            question.dpop = Some(proof(headers)?);
            question.htm = Some(method.as_str().to_owned());
            question.htu = Some(format!("{url}{}", uri.path()));
        }
        if let Some(find) = &self.certificates {
            let found = find(headers).map_err(|error| challenge::malformed(error.what()))?;
            question.client_certificate = found.into_iter().next();
        }
        Ok(question)
    }
}

/// The proof, of which there must be one (RFC 9449 4.3): without it, a stolen token would do.
fn proof(headers: &HeaderMap) -> Result<String, Reply> {
    dpop_proof(headers).ok().flatten().ok_or_else(challenge::proof)
}

fn some(texts: &[String]) -> Option<Vec<String>> {
    (!texts.is_empty()).then(|| texts.to_vec())
}
