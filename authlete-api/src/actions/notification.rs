//! The request that tells a client of the end of a backchannel authentication.
//!
//! For operations of the committed description alone.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};

use super::BackchannelAuthenticationCompleteNotification;

impl BackchannelAuthenticationCompleteNotification {
    /// The request to send to the client, for ping and push alike. Follow no redirects with it; 200 and 204 mean that it
    /// arrived, and nothing else depends on the answer.
    ///
    /// # Errors
    /// When the endpoint is not a URI, or the token does not fit into a header.
    pub fn request(&self) -> Result<Request<Bytes>, http::Error> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.client_notification_token()))?;
        bearer.set_sensitive(true);
        let body = self.response.response_content.clone().unwrap_or_default();
        Request::builder()
            .method(Method::POST)
            .uri(self.client_notification_endpoint())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(body))
    }
}
