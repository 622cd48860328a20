//! JSON is made from values, or said to be JSON.
use authlete_api::types::AuthorizationIssueRequest;

fn issue(name: String) -> AuthorizationIssueRequest {
    AuthorizationIssueRequest { claims: Some(name), ..AuthorizationIssueRequest::new("ada", "ticket") }
}

fn main() {}
