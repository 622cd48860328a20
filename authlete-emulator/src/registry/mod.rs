//! How services and clients come to be and change, whoever asks: a call, a registration, or the start-up file.

pub(crate) mod clients;
pub(crate) mod services;

use crate::error::ApiError;
use crate::random;

/// The id that was asked for, or a random one that is free.
fn free_id(is_taken: impl Fn(u64) -> bool, wanted: Option<u64>) -> Result<u64, ApiError> {
    if let Some(id) = wanted {
        let free = id > 0 && !is_taken(id);
        return free.then_some(id).ok_or_else(|| ApiError::invalid(format!("The id {id} is taken, or 0.")));
    }
    let mut id = random::number()?;
    while is_taken(id) {
        id = random::number()?;
    }
    Ok(id)
}
