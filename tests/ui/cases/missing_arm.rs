//! Every action is dealt with.
use authlete_api::Reply;
use authlete_api::actions::Revocation;

fn answer(outcome: Revocation) -> Reply {
    match outcome {
        Revocation::Ok(reply) | Revocation::InvalidClient(reply) => reply,
        Revocation::InternalServerError(reply) => reply,
        Revocation::Unknown(response) => Revocation::Unknown(response).into(),
    }
}

fn main() {}
