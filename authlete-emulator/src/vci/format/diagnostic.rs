//! CBOR out of JSON. A string that begins with `cbor:` is in extended diagnostic notation (RFC 8949, section 8; RFC 8610,
//! appendix G), which says what JSON cannot: bytes and tags.

use std::str::Chars;

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use ciborium::Value as Cbor;
use serde_json::Value;

/// What introduces the notation.
const PREFIX: &str = "cbor:";

/// A value may have this many levels.
const DEPTH: usize = 32;

/// The value as CBOR, or what is wrong with it.
pub(super) fn value(value: &Value) -> Result<Cbor, String> {
    match value {
        Value::Null => Ok(Cbor::Null),
        Value::Bool(flag) => Ok(Cbor::Bool(*flag)),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => Ok(Cbor::from(number)),
            (_, Some(number), _) => Ok(Cbor::from(number)),
            (_, _, Some(number)) => Ok(Cbor::from(number)),
            _ => Err(format!("{number} is not a number of CBOR")),
        },
        Value::String(text) => match text.strip_prefix(PREFIX) {
            Some(notation) => parse(notation).map_err(|what| format!("{text:?} is not in diagnostic notation: {what}")),
            None => Ok(Cbor::from(text.as_str())),
        },
        Value::Array(elements) => Ok(Cbor::Array(elements.iter().map(self::value).collect::<Result<_, _>>()?)),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| Ok((Cbor::from(name.as_str()), self::value(value)?)));
            Ok(Cbor::Map(pairs.collect::<Result<_, String>>()?))
        }
    }
}

fn parse(notation: &str) -> Result<Cbor, &'static str> {
    let mut parser = Parser { rest: notation };
    let value = parser.value(0)?;
    parser.skip();
    if parser.rest.is_empty() { Ok(value) } else { Err("something follows the value") }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes this away if it comes next.
    fn take(&mut self, text: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), &'static str> {
        if self.take(text) { Ok(()) } else { Err("a bracket, a comma or a colon is missing") }
    }

    fn value(&mut self, depth: usize) -> Result<Cbor, &'static str> {
        if depth > DEPTH {
            return Err("it has too many levels");
        }
        self.skip();
        for (name, value) in [
            ("true", Cbor::Bool(true)),
            ("false", Cbor::Bool(false)),
            ("null", Cbor::Null),
            ("NaN", Cbor::Float(f64::NAN)),
            ("Infinity", Cbor::Float(f64::INFINITY)),
            ("-Infinity", Cbor::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(name) {
                return Ok(value);
            }
        }
        for (prefix, decode) in BYTES {
            if self.take(prefix) {
                let text = self.quoted('\'')?;
                return decode(&text).map(Cbor::Bytes).ok_or("bytes are not in their encoding");
            }
        }
        match self.rest.chars().next() {
            Some('"') => {
                self.expect("\"")?;
                self.quoted('"').map(Cbor::from)
            }
            Some('[') => self.array(depth),
            Some('{') => self.map(depth),
            Some('-' | '+' | '.' | '0'..='9') => self.number(depth),
            _ => Err("there is no value where one is expected"),
        }
    }

    /// The rest of a quoted string.
    fn quoted(&mut self, end: char) -> Result<String, &'static str> {
        let rest = self.rest;
        let mut chars = rest.chars();
        let mut text = String::new();
        loop {
            match chars.next() {
                None => return Err("a string has no end"),
                Some(c) if c == end => {
                    self.rest = chars.as_str();
                    return Ok(text);
                }
                Some('\\') => text.push(escaped(&mut chars).ok_or("an escape in a string is not supported")?),
                Some(c) => text.push(c),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Cbor, &'static str> {
        self.expect("[")?;
        let mut elements = Vec::new();
        while !self.take("]") {
            if !elements.is_empty() {
                self.expect(",")?;
            }
            elements.push(self.value(depth + 1)?);
        }
        Ok(Cbor::Array(elements))
    }

    fn map(&mut self, depth: usize) -> Result<Cbor, &'static str> {
        self.expect("{")?;
        let mut pairs = Vec::new();
        while !self.take("}") {
            if !pairs.is_empty() {
                self.expect(",")?;
            }
            let key = self.value(depth + 1)?;
            self.expect(":")?;
            pairs.push((key, self.value(depth + 1)?));
        }
        Ok(Cbor::Map(pairs))
    }

    /// A number, or a tag with what it is about.
    fn number(&mut self, depth: usize) -> Result<Cbor, &'static str> {
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        if let Ok(number) = text.parse::<u64>() {
            if self.take("(") {
                let inner = self.value(depth + 1)?;
                self.expect(")")?;
                return Ok(Cbor::Tag(number, Box::new(inner)));
            }
            return Ok(Cbor::from(number));
        }
        if let Some(number) = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            return Ok(Cbor::from(number));
        }
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Cbor::from(number));
        }
        text.parse::<f64>().map(Cbor::Float).map_err(|_| "a number cannot be read")
    }
}

/// The character that an escape stands for: those of JSON (RFC 8259, section 7), and the single quotation mark.
fn escaped(chars: &mut Chars<'_>) -> Option<char> {
    match chars.next()? {
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'u' => {
            let first = unit(chars)?;
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first);
            }
            let is_pair = chars.next() == Some('\\') && chars.next() == Some('u');
            let low = unit(chars)?.checked_sub(0xdc00).filter(|low| is_pair && *low < 0x400)?;
            char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)
        }
        c @ ('"' | '\'' | '\\' | '/') => Some(c),
        _ => None,
    }
}

/// Four hexadecimal digits: a unit of UTF-16.
fn unit(chars: &mut Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |number, _| Some(number * 16 + chars.next()?.to_digit(16)?))
}

/// Reads bytes as they are written in one way.
type ReadBytes = fn(&str) -> Option<Vec<u8>>;

/// How bytes are written, by what stands in front of them.
const BYTES: &[(&str, ReadBytes)] = &[
    ("b64'", base64),
    ("b32'", |text| base32(text, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
    ("h32'", |text| base32(text, b"0123456789ABCDEFGHIJKLMNOPQRSTUV")),
    ("h'", hexadecimal),
    ("'", |text| Some(text.as_bytes().to_vec())),
];

/// Either alphabet, with padding or without.
fn base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

/// Base 32 (RFC 4648, sections 6 and 7), with padding or without.
fn base32(text: &str, alphabet: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let digit = alphabet.iter().position(|one| *one == c.to_ascii_uppercase())?;
        bits = (bits << 5) | u32::try_from(digit).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    (count < 5).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use ciborium::Value as Cbor;
    use serde_json::json;

    use super::value;

    fn text(value: &str) -> Cbor {
        Cbor::from(value)
    }

    #[test]
    fn what_json_says_stays_the_same() {
        let given = json!({"a": [1, -2, 1.5, true, null, "cbo:1"]});
        let list = vec![Cbor::from(1), Cbor::from(-2), Cbor::from(1.5), Cbor::Bool(true), Cbor::Null, text("cbo:1")];
        assert_eq!(value(&given), Ok(Cbor::Map(vec![(text("a"), Cbor::Array(list))])));
    }

    #[test]
    fn bytes_and_tags() {
        let bytes = |bytes: &[u8]| Cbor::Bytes(bytes.to_vec());
        for (notation, expected) in [
            ("cbor:1004(\"2024-10-20\")", Cbor::Tag(1004, Box::new(text("2024-10-20")))),
            ("cbor: h'00 ff' ", bytes(&[0, 255])),
            ("cbor:b64'AP8='", bytes(&[0, 255])),
            ("cbor:b64'-_8'", bytes(&[251, 255])),
            // RFC 4648, section 10.
            ("cbor:b32'MZXW6YTB'", bytes(b"fooba")),
            ("cbor:b32'MZXW6YQ='", bytes(b"foob")),
            ("cbor:h32'CPNMUOJ1'", bytes(b"fooba")),
            ("cbor:'it\\'s'", bytes(b"it's")),
            (
                "cbor:[1, {2: true}, \"a\\n\"]",
                Cbor::Array(vec![Cbor::from(1), Cbor::Map(vec![(Cbor::from(2), Cbor::Bool(true))]), text("a\n")]),
            ),
            ("cbor:\"\\u00e9\\ud83d\\ude00\\u0001\\b\"", text("\u{e9}\u{1f600}\u{1}\u{8}")),
            ("cbor:0x10", Cbor::from(16)),
            ("cbor:-3", Cbor::from(-3)),
            ("cbor:1e3", Cbor::from(1000.0)),
        ] {
            assert_eq!(value(&json!(notation)), Ok(expected), "{notation}");
        }
        assert_eq!(value(&json!(["cbor:1"])), Ok(Cbor::Array(vec![Cbor::from(1)])));
    }

    #[test]
    fn what_is_no_notation() {
        for notation in [
            "",
            "1 2",
            "[1",
            "{1}",
            "h'0'",
            "h'0g'",
            "b32'1'",
            "\"a",
            "wrong",
            "1(2",
            "\"\\x\"",
            "--1",
            "\"\\u12\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ud83dxxdc00\"",
        ] {
            assert!(value(&json!(format!("cbor:{notation}"))).is_err(), "{notation}");
        }
        let deep = format!("cbor:{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(value(&json!(deep)).is_err());
    }
}
