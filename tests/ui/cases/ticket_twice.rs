//! A ticket ends one request, once.
use authlete_api::actions::AuthorizationInteraction;

fn end(pending: AuthorizationInteraction) {
    let _issue = pending.issue("ada");
    let _fail = pending.fail("DENIED".into());
}

fn main() {}
