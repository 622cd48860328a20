//! What a response says cannot be read before its action was looked at.
use authlete_api::{AuthleteService, Error};

async fn subject(service: &AuthleteService, token: &str) -> Result<Option<String>, Error> {
    let response = service.introspection().process(token).await?;
    Ok(response.subject.clone())
}

fn main() {}
