//! JSON is made from values, or said to be JSON.
use authlete_api::types::AuthorizationIssueRequest;

fn issue(name: String) -> AuthorizationIssueRequest {
    AuthorizationIssueRequest::new("ada", "ticket").claims(name)
}

fn main() {}
