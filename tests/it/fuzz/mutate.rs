//! Changes to JSON: to the value, and to the bytes that it is written as.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::sample::PUBLIC;

/// Stands for a fragment in the value, until the value is written.
const FRAGMENT: &str = "\u{1}fragment ";

/// JSON that no [`Value`] expresses, or no reader has to accept.
const FRAGMENTS: [&str; 18] = [
    "1e400",
    "-1e400",
    "1e-400",
    "-0",
    "123.0",
    "1.7e12",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890123456789012345678901234567890",
    r#""\ud800""#,
    r#""\udc00\ud800 public!""#,
    r#""public!\u0000""#,
    "NaN",
    "'public!'",
    "tru",
    "\"public!\n\"",
    r#"{"action":"OK","action":null,"action":7}"#,
    "[1,2,]",
];

/// Strings at the edge of what is valid somewhere.
const STRINGS: [&str; 16] = [
    "",
    " ",
    "true",
    "0",
    "-1",
    "1.0",
    "null",
    "public!",
    "public!\u{0}",
    "public!\r\nSet-Cookie: a=b",
    "public!\u{202e}\u{feff}é😀",
    "public!%2e%2e%2f%00%zz",
    "../../..",
    "http://127.0.0.1:1/x?y#z",
    "e30.e30.",
    "\"public!\\",
];

/// Makes one change somewhere in the value.
pub(super) fn value(rng: &mut Rng, root: &mut Value) {
    let target = any(rng, root);
    match (rng.u8(..4), target) {
        (0, target) => *target = junk(rng),
        (1, target) => *target = wrapped(rng, target),
        (_, Value::Object(members)) => object(rng, members),
        (_, Value::Array(elements)) => list(rng, elements),
        (_, Value::String(text)) => string(rng, text),
        (_, target) => *target = junk(rng),
    }
}

/// Puts a copy of some value in the place of another one.
pub(super) fn splice(rng: &mut Rng, root: &mut Value) {
    let copy = any(rng, root).clone();
    *any(rng, root) = copy;
}

/// Any value within this one, or this one itself.
pub(super) fn any<'a>(rng: &mut Rng, root: &'a mut Value) -> &'a mut Value {
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(elements) => elements.iter().map(count).sum(),
            Value::Object(members) => members.values().map(count).sum::<usize>(),
            _ => 0,
        }
    }
    fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
        if *left == 0 {
            return Some(value);
        }
        *left -= 1;
        match value {
            Value::Array(elements) => elements.iter_mut().find_map(|element| nth(element, left)),
            Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
            _ => None,
        }
    }
    let mut left = rng.usize(..count(root));
    nth(root, &mut left).expect("there are that many values")
}

fn junk(rng: &mut Rng) -> Value {
    match rng.u8(..12) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!([0, 1, -1, i64::MAX, i64::MIN][rng.usize(..5)]),
        3 => json!([u64::MAX, 1 << 53, 1 << 32, 4_102_444_800_000][rng.usize(..4)]),
        4 => json!([0.5, -0.0, 1e300, 1e-300][rng.usize(..4)]),
        5 => json!([]),
        6 => json!({}),
        7 => json!("public! ".repeat(rng.usize(1..2_000))),
        8 => deep(rng),
        9 | 10 => fragment(rng),
        _ => json!(STRINGS[rng.usize(..STRINGS.len())]),
    }
}

fn fragment(rng: &mut Rng) -> Value {
    json!(format!("{FRAGMENT}{:02}", rng.usize(..FRAGMENTS.len())))
}

fn deep(rng: &mut Rng) -> Value {
    (0..rng.usize(1..200)).fold(json!(PUBLIC), |inner, _| wrapped(rng, &inner))
}

fn wrapped(rng: &mut Rng, inner: &Value) -> Value {
    if rng.bool() { json!([inner]) } else { json!({"wrapped": inner}) }
}

fn object(rng: &mut Rng, members: &mut Map<String, Value>) {
    let key = rng.choice(members.keys()).cloned().unwrap_or_default();
    match rng.u8(..5) {
        0 => drop(members.remove(&key)),
        1 => drop(members.insert(key, Value::Null)),
        2 => drop(members.insert(key, junk(rng))),
        3 => {
            // Under another name: of the other case, longer, or none at all.
            let names = [key.to_uppercase(), format!("{key}\u{202e}\0"), String::new()];
            if let Some(value) = members.remove(&key) {
                members.insert(names[rng.usize(..3)].clone(), value);
            }
        }
        _ => {
            for number in 0..rng.usize(1..50) {
                members.insert(format!("new{number}"), junk(rng));
            }
        }
    }
}

fn list(rng: &mut Rng, elements: &mut Vec<Value>) {
    let at = rng.usize(..=elements.len());
    match rng.u8(..4) {
        0 => elements.insert(at, Value::Null),
        1 => elements.insert(at, junk(rng)),
        2 => elements.truncate(at),
        _ => {
            if let Some(element) = rng.choice(elements.iter()).cloned() {
                elements.extend(vec![element; rng.usize(1..20)]);
            }
        }
    }
}

fn string(rng: &mut Rng, text: &mut String) {
    let mut characters: Vec<char> = text.chars().collect();
    let at = rng.usize(..=characters.len());
    match rng.u8(..5) {
        0 => characters.truncate(at),
        1 => characters.insert(at, ['\0', '%', '&', '=', '.', '\\', '"', '\u{202e}', '😀', '\n'][rng.usize(..10)]),
        2 => drop(characters.drain(..at)),
        3 => characters.extend(characters.clone()),
        _ => {
            if let Some(character) = characters.get_mut(at) {
                *character = if character.is_lowercase() { character.to_ascii_uppercase() } else { 'a' };
            }
        }
    }
    *text = characters.into_iter().collect();
}

/// The value as bytes, which are sometimes no JSON.
pub(super) fn written(rng: &mut Rng, value: &Value) -> Vec<u8> {
    let mut text = value.to_string();
    for (number, fragment) in FRAGMENTS.iter().enumerate() {
        // As serde_json writes the character in front.
        text = text.replace(&format!("\"\\u0001fragment {number:02}\""), fragment);
    }
    let mut bytes = text.into_bytes();
    let at = rng.usize(..=bytes.len());
    match rng.u8(..40) {
        0 => bytes.truncate(at),
        1 => drop(bytes.splice(..0, *b"\xef\xbb\xbf")),
        2 => bytes.insert(at, rng.u8(128..)),
        3 => bytes.insert(at, rng.u8(..128)),
        4 => drop(bytes.splice(at..at, *b"\xed\xa0\x80")),
        5 => {
            let depth = rng.usize(1..100_000);
            bytes.splice(at..at, vec![if rng.bool() { b'[' } else { b'{' }; depth]);
        }
        6 => bytes.extend(bytes.clone()),
        7 => bytes.clear(),
        _ => {}
    }
    bytes
}
