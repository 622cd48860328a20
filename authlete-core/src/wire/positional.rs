//! Lists in which the place of an element means something, because another list has what belongs to it at the same place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The name by which a list asks the lenient reader to keep the places of its elements.
pub(crate) const POSITIONAL: &str = "authlete_core::Positional";

/// The name by which a list asks the lenient reader for either of its forms.
pub(crate) const EITHER_FORM: &str = "authlete_core::EitherForm";

/// A list in which a `null` keeps its place, as an empty value.
#[derive(Debug, Default)]
pub struct Positional<T>(Vec<T>);

impl<T> Positional<T> {
    /// The list.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Positional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(POSITIONAL, Elements(PhantomData))
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Elements<T> {
    type Value = Positional<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    // By a reader that knows nothing of the name.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<Option<T>>()? {
            list.push(element.unwrap_or_default());
        }
        Ok(Positional(list))
    }
}

/// A list of lists in which the places of the outer one are kept. An inner list may be wrapped, as Authlete's Java library
/// has it: `{"array": […]}`.
#[derive(Debug, Default)]
pub struct PositionalLists<T>(Vec<Vec<T>>);

impl<T> PositionalLists<T> {
    /// The list.
    pub fn into_inner(self) -> Vec<Vec<T>> {
        self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PositionalLists<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lists = Positional::<EitherForm<T>>::deserialize(deserializer)?;
        Ok(Self(lists.0.into_iter().map(|list| list.0).collect()))
    }
}

/// A list, bare or as the member `array` of an object.
struct EitherForm<T>(Vec<T>);

impl<T> Default for EitherForm<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for EitherForm<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(EITHER_FORM, Forms(PhantomData))
    }
}

struct Forms<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Forms<T> {
    type Value = EitherForm<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or an object with a list as its member \"array\"")
    }

    // By a reader that knows nothing of the name.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<Option<T>>()? {
            list.extend(element);
        }
        Ok(EitherForm(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut list = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "array" => list = members.next_value::<Option<Self::Value>>()?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(list.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::lenient::from_slice;

    #[test]
    fn a_null_keeps_its_place() {
        let list = |body: &str| from_slice::<Positional<u8>>(body.as_bytes()).map(Positional::into_inner);
        assert_eq!(list(r#"[1,null,"2",null]"#).unwrap(), [1, 0, 2, 0]);
        assert!(list("{}").is_err());
        let strictly: Positional<u8> = serde_json::from_str("[null,2]").unwrap();
        assert_eq!(strictly.into_inner(), [0, 2]);
    }

    #[test]
    fn lists_in_a_list_have_either_form() {
        let read = |body: &str| from_slice::<PositionalLists<String>>(body.as_bytes()).map(PositionalLists::into_inner);
        let a_none_b = [vec!["a".to_owned()], vec![], vec!["b".to_owned(), "7".to_owned()]];
        for body in [
            r#"[["a"],null,["b",null,7]]"#,
            r#"[{"array":["a"]},{"array":null},{"array":["b",null,7]}]"#,
            r#"[{"array":["a"],"more":{"array":["x"]}},{},["b","7"]]"#,
        ] {
            assert_eq!(read(body).unwrap(), a_none_b, "{body}");
        }
        for body in [r#"["a"]"#, r#"[{"array":"a"}]"#, r#"[{"array":[[]]}]"#, "{}"] {
            assert!(read(body).is_err(), "{body}");
        }
        let strictly: PositionalLists<String> = serde_json::from_str(r#"[null,{"array":["b"]},["c"]]"#).unwrap();
        assert_eq!(strictly.into_inner(), [vec![], vec!["b".to_owned()], vec!["c".to_owned()]]);
    }
}
