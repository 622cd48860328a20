//! Subject and ticket are not taken for each other.
use authlete_api::types::AuthorizationIssueRequest;
use authlete_api::Ticket;

fn issue(ticket: Ticket) -> AuthorizationIssueRequest {
    AuthorizationIssueRequest::new(ticket, "ada")
}

fn main() {}
