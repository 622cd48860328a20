//! How generated types are read from JSON objects: one reader for all types whose members are all optional.
//!
//! serde's derive would keep every member beside the others until the last has come, with code for what to drop at each
//! step; for types of two hundred members that made up most of the crate's compile time. Here members go straight into
//! a value that starts empty, and all that is compiled for a type is one `match`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// A type that is read member by member. The implementations are generated.
pub trait Object: Default {
    /// Whether members with other names are kept.
    const OPEN: bool;

    /// The number of the member with this name on the wire. (A `match`: the compiler makes it fast.)
    fn find(name: &str) -> Option<usize>;

    /// Reads the value of the member with this number.
    ///
    /// # Errors
    /// When the value is not what the member's type says.
    fn read<'de, A: MapAccess<'de>>(&mut self, member: usize, members: &mut A) -> Result<(), A::Error>;

    /// Takes a member that has another name.
    fn keep(&mut self, _name: String, _value: Value) {}
}

/// What `Deserialize` is for such a type.
///
/// # Errors
/// When the value is not an object, or a member is not what its type says.
pub fn deserialize<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    deserializer.deserialize_map(Members(&mut value))?;
    Ok(value)
}

/// Reads into a value that stays where it is: these types are large, and readers hand on what a visitor returns.
struct Members<'a, T>(&'a mut T);

impl<'de, T: Object> Visitor<'de> for Members<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let value = self.0;
        while let Some(name) = members.next_key_seed(Name { find: T::find, keep: T::OPEN })? {
            match name {
                Found::Known(member) => value.read(member, &mut members)?,
                Found::Other(name) => value.keep(name, members.next_value()?),
                Found::Ignored => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Looks a name up; the same for all types.
struct Name {
    find: fn(&str) -> Option<usize>,
    keep: bool,
}

enum Found {
    Known(usize),
    Other(String),
    Ignored,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Found, E> {
        Ok(match (self.find)(name) {
            Some(member) => Found::Known(member),
            None if self.keep => Found::Other(name.to_owned()),
            None => Found::Ignored,
        })
    }
}
