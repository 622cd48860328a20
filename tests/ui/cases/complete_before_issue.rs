//! A backchannel authentication is completed after it was issued, and refused only before.
use authlete_api::actions::{BackchannelAuthenticationIssued, BackchannelAuthenticationUserIdentification};

fn too_early(pending: BackchannelAuthenticationUserIdentification) {
    let _ = pending.complete("AUTHORIZED".into(), "ada");
}

fn too_late(pending: BackchannelAuthenticationIssued) {
    let _ = pending.fail("ACCESS_DENIED");
}

fn main() {}
