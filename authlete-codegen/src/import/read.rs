//! Bytes to a JSON value: encoding, YAML or JSON, one document, unique keys, bounded size and depth.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::STAGE;
use crate::Problem;

/// How deeply a document may nest. Upstream's stay below 20; every later stage recurses without counting.
const MAX_DEPTH: usize = 60;

/// The stack to read on: in a development build YAML takes some 25 kB per level, and threads may have 1 MB.
const STACK: usize = 16 * 1024 * 1024;

/// Reads one document, YAML or JSON, whichever it is.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let text = text(bytes)?;
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || value(text));
        let outcome = reader.map(std::thread::ScopedJoinHandle::join);
        // Neither is known to happen; both are the machine's or a library's fault, not the document's.
        outcome
            .map_err(|error| Problem::new(STAGE, "", format!("cannot start a thread to read the document: {error}")))?
            .unwrap_or_else(|_| Err(Problem::new(STAGE, "", "the reader failed on this document")))
    })
}

fn value(text: &str) -> Result<Value, Problem> {
    let start = text.trim_start();
    if start.is_empty() {
        return Err(Problem::new(STAGE, "", "the document is empty").hint("give an OpenAPI 3.0 document, YAML or JSON"));
    }
    if !start.starts_with(['{', '[']) {
        return yaml(text);
    }
    // YAML may be written with braces too; when it is neither, the error about JSON is the one that helps, except
    // where YAML has something to say that JSON has no word for.
    json(text).or_else(|json| yaml(text).map_err(|yaml| if yaml.message.starts_with(SEVERAL) { yaml } else { json }))
}

const SEVERAL: &str = "more than one document";

fn several(at: String) -> Problem {
    Problem::new(STAGE, at, format!("{SEVERAL} in the input")).hint("split it, and import one of them")
}

/// The bytes as text, without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let utf16 = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        // Without a mark, ASCII in UTF-16 shows as every other byte zero.
        [0, second, ..] => *second != 0,
        [first, 0, ..] => *first != 0,
        _ => false,
    };
    if utf16 {
        return Err(
            Problem::new(STAGE, "", "the document is UTF-16, and only UTF-8 is read").hint("convert it to UTF-8")
        );
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Problem::new(STAGE, place(line as u64, column as u64), "not UTF-8").hint("convert the document to UTF-8")
    })?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

fn place(line: u64, column: u64) -> String {
    format!("line {line}, column {column}")
}

fn json(text: &str) -> Result<Value, Problem> {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Tree>();
    let first = documents.next();
    let end = documents.byte_offset();
    let value = match first {
        Some(Ok(Tree(value))) => value,
        Some(Err(error)) => {
            let at = place(error.line() as u64, error.column().max(1) as u64);
            return Err(Problem::new(STAGE, at, format!("not readable as JSON: {}", json_message(&error))));
        }
        None => return Err(Problem::new(STAGE, "", "the document is empty")),
    };
    let rest = text.get(end..).unwrap_or_default();
    let gap = rest.len() - rest.trim_start().len();
    if gap == rest.len() {
        return Ok(value);
    }
    let before = &text[..end + gap];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let at = place(line as u64, column as u64);
    match documents.next() {
        Some(Ok(_)) => Err(several(at)),
        _ => Err(Problem::new(STAGE, at, "not readable as JSON: text after the end of the document")),
    }
}

/// The message without the position that serde_json adds to it.
fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

fn yaml(text: &str) -> Result<Value, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 10_000_000,
            max_nodes: 5_000_000,
            max_depth: MAX_DEPTH + 1,
            // Anchors are legal, but nothing multiplies: at worst these are 256 MB.
            max_aliases: 1_000,
            max_recorded_anchor_events: 100_000,
            max_recorded_anchor_bytes: 256 * 1024,
        },
        // YAML 1.2: `yes`, `on`, `0127` and `1_000` are text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Tree>(text, options).map(|Tree(value)| value).map_err(|error| {
        let error = error.without_snippet();
        let at = error.location().filter(|at| at.line() > 0);
        let at = at.map(|at| place(at.line(), at.column())).unwrap_or_default();
        let message = match error {
            serde_saphyr::Error::MultipleDocuments { .. } => return several(at),
            serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => twice(key),
            error => yaml_message(error),
        };
        Problem::new(STAGE, at, format!("not readable as YAML: {message}"))
    })
}

fn twice(key: &str) -> String {
    format!("the key `{key}` is given twice")
}

/// What the library says, in a line, without advice on how to call it, and without the place given beside it.
fn yaml_message(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    if line.starts_with("budget breached") || line.contains("alias replay") || line.contains("alias expansion") {
        return "too large: it has more nodes than any API description, or its anchors multiply".to_owned();
    }
    if line.starts_with("recursion limit") {
        return format!("nested more than {MAX_DEPTH} levels deep");
    }
    if line.starts_with("recursive references") {
        return "an anchor is used within itself".to_owned();
    }
    line.rfind(" at line ").map_or(line, |end| &line[..end]).to_owned()
}

/// A JSON value read with two rules that serde_json's own has not: keys are unique, depth is bounded.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node { depth: 0 }.deserialize(deserializer).map(Tree)
    }
}

/// One node, that many levels down.
#[derive(Clone, Copy)]
struct Node {
    depth: usize,
}

impl Node {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping, a list, text, a number, true, false or null")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number JSON cannot express"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(twice(&key)));
            }
            let value = entries.next_value_seed(below)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
