//! Names that are constants of the program, read back from a file.

use serde::de::{Deserialize, Deserializer, Error};

use crate::generated::GRANT_TYPE;
use crate::oauth::names::RESPONSE_MODES;

/// A name that is a constant of the program. (An alias, since serde takes a reference for one into what it reads.)
pub(crate) type Name = &'static str;

/// The name of a grant type.
pub(crate) fn grant_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    one_of(GRANT_TYPE.iter().copied(), deserializer)
}

/// The name of a response mode.
pub(crate) fn response_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    one_of(RESPONSE_MODES.iter().map(|(_, name)| *name), deserializer)
}

fn one_of<'de, D: Deserializer<'de>>(mut known: impl Iterator<Item = Name>, from: D) -> Result<Name, D::Error> {
    let text = String::deserialize(from)?;
    known.find(|known| *known == text).ok_or_else(|| D::Error::custom(format!("there is no {text}")))
}
