//! Gets a service by hand, untyped.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = reqwest::Client::new().get("http://127.0.0.1:8080/api/1/service/get").bearer_auth("token");
    let service: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
    println!("{:?}", service["issuer"]);
    Ok(())
}
