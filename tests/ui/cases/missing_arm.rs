//! Every action is dealt with.
use authlete_api::Reply;
use authlete_api::actions::RevocationAction;

fn answer(outcome: RevocationAction) -> Reply {
    match outcome {
        RevocationAction::Ok(reply) | RevocationAction::InvalidClient(reply) => reply,
        RevocationAction::InternalServerError(reply) => reply,
        RevocationAction::Unknown(response) => RevocationAction::Unknown(response).into(),
    }
}

fn main() {}
