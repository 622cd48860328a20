//! An action that nobody looks at is noticed.
#![deny(unused_must_use)]
use authlete_api::{AuthleteService, Error};

async fn forward(service: &AuthleteService, query: &str) -> Result<(), Error> {
    service.authorization().process(query).await?;
    Ok(())
}

fn main() {}
