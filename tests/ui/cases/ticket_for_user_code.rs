//! One identifier is not taken for another.
use authlete_api::types::DeviceVerificationRequest;
use authlete_api::{SessionId, Ticket};

fn verify(ticket: Ticket) -> DeviceVerificationRequest {
    DeviceVerificationRequest::new(ticket)
}

fn session(ticket: Ticket) -> SessionId {
    ticket
}

fn main() {}
