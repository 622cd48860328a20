//! Names that are constants of the program, read back from a file.

use serde::de::{Deserialize, Deserializer, Error};

use crate::schema::GRANT_TYPES;

/// A name that is a constant of the program. (An alias, since serde takes a reference for one into what it reads.)
pub(crate) type Name = &'static str;

/// The name of a grant type.
pub(crate) fn grant_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = GRANT_TYPES.iter().copied().find(|known| *known == text);
    known.ok_or_else(|| D::Error::custom(format!("there is no grant type {text}")))
}
