//! A step is sent once.
use authlete_api::Service;
use authlete_api::actions::AuthorizationInteraction;

async fn send(service: &Service, pending: AuthorizationInteraction) {
    let issue = pending.issue("ada");
    let _first = issue.send(service).await;
    let _second = issue.send(service).await;
}

fn main() {}
