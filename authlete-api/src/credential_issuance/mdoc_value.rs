//! Values of an mdoc's data elements, in the form that Authlete reads.
//!
//! Authlete takes JSON, and reads a string that begins with `cbor:` as diagnostic notation of CBOR (RFC 8949 section 8). So
//! dates, bytes and tags are written in that notation, and so is a string that only happens to begin with those characters:
//! else a user could write data elements by choosing a name.

use std::fmt::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use authlete_core::error::Error;
use serde_json::{Map, Number, Value};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// What introduces diagnostic notation.
const NOTATION: &str = "cbor:";

/// The tag of a date and time (RFC 8949 section 3.4.1).
const DATE_TIME: u64 = 0;

/// The tag of a date without time (RFC 8943).
const FULL_DATE: u64 = 1004;

/// The value of a data element of an [`Mdoc`](super::Mdoc): what CBOR can say.
///
/// Strings, numbers and flags are made by [`From`], and so is JSON, whose strings stay strings.
#[derive(Clone, PartialEq)]
pub struct MdocValue(Kind);

#[derive(Clone, PartialEq)]
enum Kind {
    Null,
    Flag(bool),
    Number(Number),
    /// One that JSON has no number for: infinite, or none at all.
    OtherFloat(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tagged(u64, Box<MdocValue>),
    Array(Vec<MdocValue>),
    Map(Vec<(String, MdocValue)>),
}

impl MdocValue {
    /// Bytes, such as those of a portrait.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Bytes(bytes.into()))
    }

    /// A date, written as `1815-12-10`: CBOR's `full-date` (RFC 8943, tag 1004).
    ///
    /// # Errors
    /// [`Error::Configuration`] when there is no such date.
    pub fn full_date(date: impl AsRef<str>) -> Result<Self, Error> {
        let date = date.as_ref();
        if !is_date(date) {
            // The date may be somebody's birthday.
            return Err(Error::configuration("a date has to be one of the calendar, in the form `1815-12-10`"));
        }
        Ok(Self::tagged(FULL_DATE, date))
    }

    /// A moment, in whole seconds of UTC: CBOR's `tdate` (RFC 8949 section 3.4.1, tag 0).
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is before the year 1 or after the year 9999.
    pub fn date_time(time: SystemTime) -> Result<Self, Error> {
        let wrong = || Error::configuration("a date and time has to be between the years 1 and 9999");
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).map_err(|_| wrong())?,
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).map_err(|_| wrong())?;
                -whole - i64::from(before.subsec_nanos() > 0)
            }
        };
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| wrong())?;
        let text = time.format(&Rfc3339).ok().filter(|_| time.year() > 0).ok_or_else(wrong)?;
        Ok(Self::tagged(DATE_TIME, text))
    }

    /// A value with a tag of CBOR (RFC 8949 section 3.4).
    pub fn tagged(tag: u64, value: impl Into<Self>) -> Self {
        Self(Kind::Tagged(tag, Box::new(value.into())))
    }

    /// An array.
    pub fn array(elements: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self(Kind::Array(elements.into_iter().map(Into::into).collect()))
    }

    /// A map from names to values.
    pub fn map(members: impl IntoIterator<Item = (impl Into<String>, impl Into<Self>)>) -> Self {
        Self(Kind::Map(members.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// As Authlete reads it: JSON where that can say it.
    pub(super) fn into_json(self) -> Value {
        match self.0 {
            Kind::Null => Value::Null,
            Kind::Flag(flag) => flag.into(),
            Kind::Number(number) => number.into(),
            Kind::Text(text) if !text.starts_with(NOTATION) => text.into(),
            Kind::Array(elements) => elements.into_iter().map(Self::into_json).collect(),
            Kind::Map(members) => {
                members.into_iter().map(|(name, value)| (name, value.into_json())).collect::<Map<_, _>>().into()
            }
            kind @ (Kind::OtherFloat(_) | Kind::Text(_) | Kind::Bytes(_) | Kind::Tagged(..)) => {
                let mut notation = NOTATION.to_owned();
                Self(kind).write(&mut notation);
                notation.into()
            }
        }
    }

    /// Appends it in diagnostic notation.
    fn write(&self, out: &mut String) {
        match &self.0 {
            Kind::Null => out.push_str("null"),
            Kind::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Kind::Number(number) => out.push_str(&number.to_string()),
            Kind::OtherFloat(number) if number.is_nan() => out.push_str("NaN"),
            Kind::OtherFloat(number) => out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" }),
            // Strings are escaped as in JSON.
            Kind::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            Kind::Bytes(bytes) => {
                out.push_str("h'");
                for byte in bytes {
                    // Writing to a string does not fail.
                    let _ = write!(out, "{byte:02x}");
                }
                out.push('\'');
            }
            Kind::Tagged(tag, value) => {
                out.push_str(&format!("{tag}("));
                value.write(out);
                out.push(')');
            }
            Kind::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    element.write(out);
                }
                out.push(']');
            }
            Kind::Map(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Whether it is a date of the calendar, in the form of RFC 3339.
fn is_date(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| is_number)
    };
    let mut parts = text.split('-');
    let mut next = |digits| number(parts.next()?, digits);
    let (Some(year), Some(month), Some(day), None) = (next(4), next(2), next(2), parts.next()) else { return false };
    let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return false };
    Month::try_from(month).is_ok_and(|month| Date::from_calendar_date(year.into(), month, day).is_ok())
}

impl From<&str> for MdocValue {
    fn from(text: &str) -> Self {
        Self(Kind::Text(text.to_owned()))
    }
}

impl From<String> for MdocValue {
    fn from(text: String) -> Self {
        Self(Kind::Text(text))
    }
}

impl From<bool> for MdocValue {
    fn from(flag: bool) -> Self {
        Self(Kind::Flag(flag))
    }
}

macro_rules! from_integers {
    ($($integer:ty),+) => {
        $(impl From<$integer> for MdocValue {
            fn from(number: $integer) -> Self {
                Self(Kind::Number(number.into()))
            }
        })+
    };
}

from_integers!(i32, i64, u8, u16, u32, u64);

impl From<f64> for MdocValue {
    fn from(number: f64) -> Self {
        Self(Number::from_f64(number).map_or(Kind::OtherFloat(number), Kind::Number))
    }
}

/// Strings stay strings, also those that begin with `cbor:`.
impl From<Value> for MdocValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self(Kind::Null),
            Value::Bool(flag) => flag.into(),
            Value::Number(number) => Self(Kind::Number(number)),
            Value::String(text) => text.into(),
            Value::Array(elements) => Self::array(elements),
            Value::Object(members) => Self::map(members),
        }
    }
}

/// What kind of value it is; the value may be personal.
impl fmt::Debug for MdocValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Null => "MdocValue(null)",
            Kind::Flag(_) => "MdocValue(flag)",
            Kind::Number(_) | Kind::OtherFloat(_) => "MdocValue(number)",
            Kind::Text(_) => "MdocValue(string)",
            Kind::Bytes(_) => "MdocValue(bytes)",
            Kind::Tagged(tag, _) => return write!(f, "MdocValue(tag {tag})"),
            Kind::Array(_) => "MdocValue(array)",
            Kind::Map(_) => "MdocValue(map)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_json_where_json_can_say_them() {
        for (value, expected) in [
            (MdocValue::from("Ada"), json!("Ada")),
            (MdocValue::from(36), json!(36)),
            (MdocValue::from(-1.5), json!(-1.5)),
            (MdocValue::from(true), json!(true)),
            (MdocValue::from(json!({"a": [null, "b"]})), json!({"a": [null, "b"]})),
            (MdocValue::from(f64::NEG_INFINITY), json!("cbor:-Infinity")),
            (MdocValue::from(f64::INFINITY), json!("cbor:Infinity")),
            (MdocValue::from(f64::NAN), json!("cbor:NaN")),
            (MdocValue::bytes([0, 0xff]), json!("cbor:h'00ff'")),
            (MdocValue::full_date("2024-02-29").unwrap(), json!("cbor:1004(\"2024-02-29\")")),
            (
                MdocValue::tagged(
                    24,
                    MdocValue::map([("a \"b\"", MdocValue::array([MdocValue::bytes([1]), 2.into()]))]),
                ),
                json!("cbor:24({\"a \\\"b\\\"\": [h'01', 2]})"),
            ),
            (
                MdocValue::tagged(1, MdocValue::map([("a", MdocValue::from(0)), ("b", 1.into()), ("c", true.into())])),
                json!("cbor:1({\"a\": 0, \"b\": 1, \"c\": true})"),
            ),
            (MdocValue::array([MdocValue::bytes([1])]), json!(["cbor:h'01'"])),
        ] {
            assert_eq!(value.into_json(), expected);
        }
    }

    #[test]
    fn a_string_of_a_user_is_never_read_as_notation() {
        for text in ["cbor:h'00'", "cbor:\"", "cbor:\\\n"] {
            let Value::String(written) = MdocValue::from(text).into_json() else { panic!("no string") };
            let quoted = written.strip_prefix("cbor:").expect("notation");
            assert_eq!(serde_json::from_str::<String>(quoted).expect("one quoted string"), text);
            let nested = MdocValue::from(json!({"a": [text]})).into_json();
            assert_eq!(nested, json!({"a": [written]}));
        }
        assert_eq!(MdocValue::from("a cbor:1").into_json(), json!("a cbor:1"));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for date in ["2024-02-29", "2000-02-29", "1815-12-10", "2023-02-28", "9999-12-31"] {
            assert!(MdocValue::full_date(date).is_ok(), "{date}");
        }
        for date in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-32",
            "2024-04-31",
            "2024-1-1",
            "2024-01-01-",
            "",
            "+024-01-01",
        ] {
            let error = MdocValue::full_date(date).expect_err(date).to_string();
            assert!(date.is_empty() || !error.contains(date), "{error}");
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        for (time, expected) in [
            (UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH + Duration::from_millis(1_709_210_096_789), "2024-02-29T12:34:56Z"),
            (UNIX_EPOCH + Duration::from_secs(4_107_542_399), "2100-02-28T23:59:59Z"),
            (UNIX_EPOCH - Duration::from_millis(500), "1969-12-31T23:59:59Z"),
            (UNIX_EPOCH - Duration::from_secs(62_135_596_800), "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(MdocValue::date_time(time).unwrap(), MdocValue::tagged(0, expected));
        }
        assert!(MdocValue::date_time(UNIX_EPOCH + Duration::from_secs(253_402_300_800)).is_err());
        assert!(MdocValue::date_time(UNIX_EPOCH - Duration::from_secs(62_135_596_801)).is_err());
    }

    #[test]
    fn nothing_shows_the_value() {
        let value = MdocValue::tagged(1, MdocValue::map([("s3cret", "s3cret")]));
        assert_eq!(format!("{value:?}"), "MdocValue(tag 1)");
    }
}
