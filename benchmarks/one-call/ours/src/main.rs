//! Gets a service through this project's layer.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = authlete_api::Authlete::builder().base_url("http://127.0.0.1:8080").service_token(1, "token");
    println!("{:?}", service.build_service()?.get().await?.issuer);
    Ok(())
}
