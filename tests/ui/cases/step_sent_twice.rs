//! A step is sent once.
use authlete_api::AuthleteService;
use authlete_api::actions::AuthorizationInteraction;

async fn send(service: &AuthleteService, pending: AuthorizationInteraction) {
    let issue = pending.issue("ada");
    let _first = issue.send(service).await;
    let _second = issue.send(service).await;
}

fn main() {}
