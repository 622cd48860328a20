//! The words as they are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Example, FOLDER};
use crate::{Problem, Problems};

/// All words, from all files.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Words that several places share, by name.
    pub shared: BTreeMap<String, String>,
    /// What each group of operations is for, by its accessor.
    pub groups: BTreeMap<String, Entry>,
    /// What each region is, by its short name.
    pub regions: BTreeMap<String, Entry>,
    /// What components are, by their names in the corrected description.
    pub components: BTreeMap<String, Entry>,
    /// What operations are for, by the names of their methods.
    pub operations: BTreeMap<String, Operation>,
    /// A program for each operation, by the names of their methods.
    pub examples: BTreeMap<String, Example>,
}

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    shared: BTreeMap<String, String>,
    #[serde(default)]
    groups: BTreeMap<String, Entry>,
    #[serde(default)]
    regions: BTreeMap<String, Entry>,
    #[serde(default)]
    components: BTreeMap<String, Entry>,
    #[serde(default)]
    operations: BTreeMap<String, Operation>,
}

/// What is said of an operation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// What it is for.
    pub doc: Option<Entry>,
    /// What people search for who need it, beside the words of its name.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its parameters, by their names on the wire.
    #[serde(default)]
    pub parameters: BTreeMap<String, Entry>,
    /// Its request, where that is written inline.
    pub body: Option<Entry>,
    /// Its response, where that is written inline.
    pub response: Option<Entry>,
    /// Its actions.
    #[serde(default)]
    pub actions: BTreeMap<String, Entry>,
}

/// What is said of something, and of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub doc: Option<String>,
    /// The shared words to use instead.
    pub shared: Option<String>,
    /// What holds here beside those.
    pub also: Option<String>,
    /// The fields of an object, by their names on the wire.
    pub fields: BTreeMap<String, Entry>,
    /// The values of an enumeration.
    pub values: BTreeMap<String, Entry>,
    /// What the step of an action holds, and what usually follows.
    pub step: Option<Box<Entry>>,
    /// The calls that may follow an action, by the names of their methods.
    pub next: BTreeMap<String, Entry>,
    /// What a call that follows leaves to do.
    pub leaves: Option<Box<Entry>>,
}

/// An entry with more than a text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    doc: Option<String>,
    #[serde(rename = "use")]
    shared: Option<String>,
    also: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, Entry>,
    #[serde(default)]
    values: BTreeMap<String, Entry>,
    step: Option<Box<Entry>>,
    #[serde(default)]
    next: BTreeMap<String, Entry>,
    leaves: Option<Box<Entry>>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrMore)
    }
}

struct TextOrMore;

impl<'de> Visitor<'de> for TextOrMore {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with `doc` or `use`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Entry, E> {
        Ok(Entry { doc: Some(text.to_owned()), ..Entry::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        let Full { doc, shared, also, fields, values, step, next, leaves } =
            Full::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Entry { doc, shared, also, fields, values, step, next, leaves })
    }
}

impl Words {
    /// Reads the files, given by name and content.
    ///
    /// # Errors
    /// When a file is not as it should be, or two say something of the same.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Problems> {
        let mut words = Self::default();
        let mut problems = Problems::default();
        for (name, content) in files {
            let file: File = match serde_saphyr::from_slice(content) {
                Ok(file) => file,
                Err(error) => {
                    problems.0.push(unreadable(FOLDER, name, &error));
                    continue;
                }
            };
            let File { shared, groups, regions, components, operations } = file;
            let mut twice = merge(&mut words.shared, shared);
            twice.extend(merge(&mut words.groups, groups));
            twice.extend(merge(&mut words.regions, regions));
            twice.extend(merge(&mut words.components, components));
            twice.extend(merge(&mut words.operations, operations));
            for key in twice {
                problems.0.push(Problem::new(FOLDER, name, format!("{key} has words in another file too")));
            }
        }
        problems.into_result(words)
    }

    /// What an entry says.
    pub fn text(&self, entry: &Entry) -> Option<String> {
        let own = match &entry.shared {
            Some(name) => self.shared.get(name)?.trim(),
            None => entry.doc.as_deref()?.trim(),
        };
        let also = entry.also.as_deref().map(str::trim).filter(|also| !also.is_empty());
        Some(match also {
            Some(also) => format!("{own} {also}"),
            None => own.to_owned(),
        })
    }

    /// What is said of an action of an operation.
    pub fn action(&self, operation: &str, action: &str) -> Option<&Entry> {
        self.operations.get(operation)?.actions.get(action)
    }
}

/// A file that is not as it should be.
pub(super) fn unreadable(folder: &str, name: &str, error: &serde_saphyr::Error) -> Problem {
    let at = error.location().map(|at| format!(", line {}, column {}", at.line(), at.column()));
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or_default();
    Problem::new(folder, format!("{name}{}", at.unwrap_or_default()), message)
}

/// Adds entries, and returns the names that were there already.
pub(super) fn merge<V>(all: &mut BTreeMap<String, V>, more: BTreeMap<String, V>) -> Vec<String> {
    let mut twice = Vec::new();
    for (key, value) in more {
        if all.insert(key.clone(), value).is_some() {
            twice.push(key);
        }
    }
    twice
}
