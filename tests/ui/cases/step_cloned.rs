//! A step cannot be copied, so that its ticket stays one.
use authlete_api::actions::AuthorizationInteraction;

fn copy(pending: &AuthorizationInteraction) -> AuthorizationInteraction {
    pending.clone()
}

fn main() {}
