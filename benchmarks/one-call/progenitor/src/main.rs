//! Gets a service through what progenitor makes by itself.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let client = plain::Client::new_with_client("http://127.0.0.1:8080", http);
    println!("{:?}", client.service_get("1").await?.issuer);
    Ok(())
}
