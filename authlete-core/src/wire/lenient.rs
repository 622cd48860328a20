//! Reading what Authlete sends, leniently; writing stays strict.
//!
//! One adapter around serde_json's reader, instead of an attribute on every field:
//! - a `null` among a list's elements is skipped, unless the places of the elements mean something (a `null` in place of an optional value is `None` by itself);
//! - a number sent as a string is read as the number, a number in place of a string as the string;
//! - an integer may be written with a fraction of zero or an exponent (`123.0`, `1.7e12`; RFC 8259 6);
//! - `"true"` and `"false"` are read as flags;
//! - a byte order mark before the body is skipped (RFC 8259 8.1), and half of a surrogate pair in a string is read as U+FFFD,
//!   so that one such string does not cost the whole response;
//! - a struct is read from an object only, which also spares compiling the decoder that reads it from a list.
//!
//! Untyped values (`serde_json::Value`) stay exactly as sent.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::positional::{EITHER_FORM, POSITIONAL};

/// Decodes a body.
pub(crate) fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let body = without_mark(body);
    match strictly(body) {
        // Such a body is rare, so only an error looks for it.
        Err(error) if error.is_syntax() => match without_lone_surrogates(body) {
            Some(body) => strictly(&body),
            None => Err(error),
        },
        read => read,
    }
}

/// The body without the byte order mark that may stand before it.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The body with `\ufffd` in place of every escape that is half of a surrogate pair; none when there is no such escape. It
/// has the same length, so that an error is still told its place.
fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| -> Option<u16> {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = body[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                mended.get_or_insert_with(|| body.to_vec())[at..at + 6].copy_from_slice(b"\\ufffd");
                at += 6;
            }
            Some(_) => at += 6,
            // Another escape, whose second character may be a backslash.
            None => at = (at + 2).min(body.len()),
        }
    }
    mended
}

fn strictly<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = T::deserialize(Lenient(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// Decodes the body of a response; an empty one counts as `null`, which an optional type reads as `None`.
///
/// # Errors
/// When the body is not JSON, or not what the type says.
pub fn json<T: DeserializeOwned>(body: &Bytes) -> Result<T, serde_json::Error> {
    if body.is_empty() { from_slice(b"null") } else { from_slice(body) }
}

/// For operations whose responses say only how the call went: no body says that it succeeded, as its status did.
///
/// # Errors
/// When there is a body and it is not JSON, or not what the type says.
pub fn acknowledgement<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T, serde_json::Error> {
    json::<Option<T>>(body).map(Option::unwrap_or_default)
}

/// For operations whose responses have no content.
///
/// # Errors
/// None; it has the form of a decoder.
pub fn empty(_body: &Bytes) -> Result<(), serde_json::Error> {
    Ok(())
}

/// For operations whose responses are not JSON.
///
/// # Errors
/// None; it has the form of a decoder.
pub fn raw(body: &Bytes) -> Result<Bytes, serde_json::Error> {
    Ok(body.clone())
}

/// The adapter, around a deserializer, a visitor, an accessor or a seed.
struct Lenient<T>(T);

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(Number(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Lenient<D> {
    type Error = D::Error;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Flag(visitor))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_char(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Text(visitor))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Text(visitor))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_byte_buf(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Optional(visitor))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        match name {
            POSITIONAL => self.0.deserialize_seq(Positions(visitor)),
            EITHER_FORM => self.0.deserialize_any(EitherForm(visitor)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(List(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, List(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, List(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_identifier(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }
}

/// Integers up to here are told apart by the floating point numbers that JSON readers know (2⁵³).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Shows a number's visitor a string as the number it spells, and a number without a fraction as an integer.
struct Number<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Number<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        match value.fract() == 0.0 && value.abs() <= EXACT {
            true => self.0.visit_i64(value as i64),
            false => self.0.visit_f64(value),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        if let Ok(value) = text.parse() {
            self.0.visit_i64(value)
        } else if let Ok(value) = text.parse() {
            self.0.visit_u64(value)
        } else if let Ok(value) = text.parse() {
            self.visit_f64(value)
        } else {
            Err(E::invalid_type(Unexpected::Other("text"), &self))
        }
    }
}

/// Shows a text's visitor a number as its text.
struct Text<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Text<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.0.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.0.visit_string(text)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_string(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_string(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_string(value.to_string())
    }
}

/// Shows a flag's visitor a string as the flag it spells.
struct Flag<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Flag<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match text {
            _ if text.eq_ignore_ascii_case("true") => self.0.visit_bool(true),
            _ if text.eq_ignore_ascii_case("false") => self.0.visit_bool(false),
            _ => Err(E::invalid_type(Unexpected::Other("text"), &self)),
        }
    }
}

struct Optional<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Optional<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Lenient(deserializer))
    }
}

struct Object<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Lenient(members))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Lenient<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    // Not inlined: each type of value is then read by one function, not by a copy of it for every field that has it.
    #[inline(never)]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Lenient(seed))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Lenient<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Lenient(deserializer))
    }
}

struct List<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for List<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Lenient(elements))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Lenient<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let mut seed = seed;
        loop {
            match self.0.next_element_seed(Element(seed))? {
                None => return Ok(None),
                Some(Found::Value(value)) => return Ok(Some(value)),
                Some(Found::Null(unused)) => seed = unused,
            }
        }
    }
}

/// Reads a list and keeps every place in it.
struct Positions<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Positions<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Places(elements))
    }
}

/// Reads a list, or an object that stands for one.
struct EitherForm<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for EitherForm<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Lenient(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Lenient(members))
    }
}

struct Places<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Places<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Lenient(seed))
    }
}

/// Reads an element, and hands the seed back when there is a `null` in its place.
struct Element<S>(S);

enum Found<S, T> {
    Null(S),
    Value(T),
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Element<S> {
    type Value = Found<S, S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Element<S> {
    type Value = Found<S, S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element of a list")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Found::Null(self.0))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Found::Null(self.0))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(Lenient(deserializer)).map(Found::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Shape {
        number: Option<i64>,
        text: Option<String>,
        list: Option<Vec<Point>>,
        map: Option<HashMap<String, i32>>,
        #[serde(flatten)]
        extra: serde_json::Map<String, serde_json::Value>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Point {
        x: i64,
    }

    fn read(body: &str) -> Result<Shape, serde_json::Error> {
        from_slice(body.as_bytes())
    }

    #[test]
    fn null_is_absence_everywhere() {
        let nulls = read(r#"{"number":null,"text":null,"list":null,"map":null}"#).unwrap();
        assert_eq!(nulls, read("{}").unwrap());
    }

    #[test]
    fn absent_and_empty_lists_differ() {
        assert_eq!(read(r#"{"list":[]}"#).unwrap().list, Some(vec![]));
        assert_eq!(read("{}").unwrap().list, None);
    }

    #[test]
    fn null_elements_are_skipped() {
        let shape = read(r#"{"list":[null,{"x":1},null,null,{"x":"2"},null]}"#).unwrap();
        assert_eq!(shape.list, Some(vec![Point { x: 1 }, Point { x: 2 }]));
        assert_eq!(read(r#"{"list":[null]}"#).unwrap().list, Some(vec![]));
    }

    #[test]
    fn numbers_and_texts_stand_in_for_each_other() {
        let shape = read(r#"{"number":"9223372036854775807","text":404,"map":{"a":"-7"}}"#).unwrap();
        assert_eq!(shape.number, Some(i64::MAX));
        assert_eq!(shape.text.as_deref(), Some("404"));
        assert_eq!(shape.map, Some(HashMap::from([("a".to_owned(), -7)])));
        assert!(read(r#"{"number":"9223372036854775808"}"#).is_err());
        assert!(read(r#"{"number":"many"}"#).is_err());
        assert!(read(r#"{"number":true}"#).is_err());
        assert!(read(r#"{"text":{}}"#).is_err());
    }

    #[test]
    fn integers_may_have_an_exponent_or_a_fraction_of_zero() {
        for (text, number) in
            [("1.7e12", 1_700_000_000_000), ("123.0", 123), ("-5E1", -50), ("\"123.0\"", 123), ("0.0", 0)]
        {
            assert_eq!(read(&format!(r#"{{"number":{text}}}"#)).unwrap().number, Some(number), "{text}");
        }
        // Neither a fraction nor what cannot be told from its neighbours is an integer.
        for text in ["1.5", "9007199254740993.0e3", "1e300", "\"1.5\""] {
            assert!(read(&format!(r#"{{"number":{text}}}"#)).is_err(), "{text}");
        }
        assert_eq!(from_slice::<f64>(b"123.5").unwrap(), 123.5);
        assert_eq!(from_slice::<f64>(b"123.0").unwrap(), 123.0);
        assert_eq!(from_slice::<Option<u64>>(b"1.8e13").unwrap(), Some(18_000_000_000_000));
    }

    #[test]
    fn flags_may_be_strings() {
        assert_eq!(from_slice::<Vec<bool>>(br#"["true","FALSE",true,null]"#).unwrap(), [true, false, true]);
        for text in ["\"\"", "\"yes\"", "1"] {
            assert!(from_slice::<bool>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_and_half_a_pair_do_not_cost_the_response() {
        assert_eq!(read("\u{feff}{\"number\":1}").unwrap().number, Some(1));
        for (written, meant) in [
            (r"\ud800", "\u{fffd}"),
            (r"a\udc00b", "a\u{fffd}b"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\\ud800 \ud800", "\\ud800 \u{fffd}"),
            (r"\ud800\n", "\u{fffd}\n"),
        ] {
            let shape = read(&format!(r#"{{"text":"{written}","number":7}}"#)).unwrap();
            assert_eq!((shape.text.as_deref(), shape.number), (Some(meant), Some(7)), "{written}");
        }
        assert!(read(r#"{"text":"\ud800"#).is_err());
        assert!(read(r#"{"text":"\ud80"}"#).is_err());
    }

    #[test]
    fn untyped_values_stay_as_sent() {
        let shape = read(r#"{"new":[null,"1",{"y":null}]}"#).unwrap();
        assert_eq!(serde_json::Value::Object(shape.extra), serde_json::json!({"new": [null, "1", {"y": null}]}));
    }

    #[test]
    fn a_body_ends_where_it_ends() {
        assert!(read("{} x").is_err());
        assert_eq!(json::<Option<Point>>(&Bytes::new()).unwrap(), None);
        assert!(json::<Point>(&Bytes::new()).is_err());
    }

    #[test]
    fn errors_say_what_was_expected() {
        use crate::wire::positional::{Positional, PositionalLists};
        fn expected<T: DeserializeOwned>(body: &str) -> String {
            let error = from_slice::<T>(body.as_bytes()).err().unwrap_or_else(|| panic!("{body} can be read"));
            let text = crate::wire::json_path::reason(&error);
            text.split(" at line").next().unwrap().to_owned()
        }
        assert_eq!(expected::<i64>("\"many\""), "expected i64");
        assert_eq!(expected::<i64>("{}"), "expected i64");
        assert_eq!(expected::<bool>("\"maybe\""), "expected a boolean");
        assert_eq!(expected::<String>("[]"), "expected a string");
        assert_eq!(expected::<Vec<u8>>("7"), "expected a sequence");
        assert_eq!(expected::<HashMap<String, u8>>("7"), "expected a map");
        assert_eq!(expected::<Point>("7"), "expected struct Point");
        assert_eq!(expected::<Positional<u8>>("7"), "expected a sequence");
        let forms = "expected a list, or an object with a list as its member \"array\"";
        assert_eq!(expected::<PositionalLists<u8>>("[7]"), forms);
        assert_eq!(expected::<Option<i64>>("[]"), "expected i64");
    }

    #[test]
    fn other_escapes_stand_before_half_a_pair() {
        let text = |body: &str| from_slice::<String>(body.as_bytes()).unwrap();
        assert_eq!(text(r#""\u0041\n\ud800\\""#), "A\n\u{fffd}\\");
        assert_eq!(text(r#""\ud83d\ude00\udc00\u00e4""#), "😀\u{fffd}ä");
    }
}
