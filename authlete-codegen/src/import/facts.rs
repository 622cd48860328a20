//! Keeps the facts of a document, by position.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shapes::{Kind, Shape, fields, is_prose, may_be_reference};
use crate::document::escape;

/// The facts of a document, and what was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The document without anything else.
    pub(super) value: Value,
    /// Every reference kept, as (place, target).
    pub(super) references: Vec<(String, String)>,
    /// What was dropped or filled in and is not prose.
    pub(super) notes: Vec<String>,
    /// How often each keyword of prose was dropped.
    pub(super) dropped: BTreeMap<String, usize>,
}

/// The facts of the document `root`.
pub(super) fn facts(root: &Value) -> Facts {
    let mut facts = Facts::default();
    facts.value = facts.object(Kind::Root, root, "").unwrap_or_default();
    facts
}

impl Facts {
    /// The facts of the object `value`, or nothing when it is no object at all.
    fn object(&mut self, kind: Kind, value: &Value, at: &str) -> Option<Value> {
        let Some(object) = value.as_object() else {
            self.notes.push(format!("{at}: dropped, since {} stands where an object belongs", name_of(value)));
            return None;
        };
        if let Some(target) = object.get("$ref").and_then(Value::as_str)
            && may_be_reference(kind)
        {
            return Some(self.reference(kind, object, target, at));
        }
        let mut kept = self.known(kind, object, at);
        for (key, shape) in fields(kind) {
            match shape {
                Shape::Ours(text) if !kept.contains_key(*key) => {
                    kept.insert((*key).to_owned(), (*text).into());
                }
                Shape::Required(text) if !kept.contains_key(*key) => {
                    self.notes.push(format!("{at}/{key}: absent, so `{text}` stands in"));
                    kept.insert((*key).to_owned(), (*text).into());
                }
                _ => {}
            }
        }
        if kind == Kind::PathItem
            && let Some(target) = kept.get("$ref").and_then(Value::as_str)
        {
            self.references.push((at.to_owned(), target.to_owned()));
        }
        if kind == Kind::Discriminator {
            self.mapping(&kept, at);
        }
        Some(Value::Object(kept))
    }

    /// The keywords of an object that are facts.
    fn known(&mut self, kind: Kind, object: &Map<String, Value>, at: &str) -> Map<String, Value> {
        let known = fields(kind);
        let mut kept = Map::new();
        for (key, value) in object {
            let below = format!("{at}/{}", escape(key));
            match known.iter().find(|(name, _)| name == key) {
                Some((_, shape)) => {
                    if let Some(value) = self.field(*shape, value, &below) {
                        kept.insert(key.clone(), value);
                    }
                }
                None if is_prose(key) => *self.dropped.entry(key.clone()).or_default() += 1,
                None => self.notes.push(format!("{below}: dropped, since OpenAPI 3.0 has no such keyword here")),
            }
        }
        kept
    }

    /// A reference. What stands beside it the standard has ignored; of a schema we keep it all the same, since
    /// `nullable` there says what upstream means, and every reader of 3.0 passes over it.
    fn reference(&mut self, kind: Kind, object: &Map<String, Value>, target: &str, at: &str) -> Value {
        self.references.push((at.to_owned(), target.to_owned()));
        let mut beside = object.clone();
        beside.remove("$ref");
        let mut kept = if kind == Kind::Schema { self.known(kind, &beside, at) } else { Map::new() };
        for key in beside.keys() {
            let below = format!("{at}/{}", escape(key));
            if kept.contains_key(key) {
                self.notes.push(format!("{below}: kept, though OpenAPI 3.0 ignores what stands beside a reference"));
            } else if kind != Kind::Schema && is_prose(key) {
                *self.dropped.entry(key.clone()).or_default() += 1;
            } else if kind != Kind::Schema {
                self.notes.push(format!("{below}: dropped, since it stands beside a reference"));
            }
        }
        kept.insert("$ref".to_owned(), target.into());
        Value::Object(kept)
    }

    /// The targets of a discriminator's mapping that are references; the others are names of schemas.
    fn mapping(&mut self, discriminator: &Map<String, Value>, at: &str) {
        for (key, target) in discriminator.get("mapping").and_then(Value::as_object).into_iter().flatten() {
            if let Some(target) = target.as_str().filter(|target| target.contains(['#', '/'])) {
                self.references.push((format!("{at}/mapping/{}", escape(key)), target.to_owned()));
            }
        }
    }

    fn field(&mut self, shape: Shape, value: &Value, at: &str) -> Option<Value> {
        match shape {
            Shape::Fact(test) if test(value) => Some(value.clone()),
            Shape::Fact(_) => {
                self.notes.push(format!("{at}: dropped, since {} is not what OpenAPI 3.0 has here", name_of(value)));
                None
            }
            Shape::One(kind) => self.object(kind, value, at),
            Shape::List(kind) => self.list(kind, value, at),
            Shape::Map(kind) => self.entries(value, at, false, |facts, value, at| facts.named(kind, value, at)),
            Shape::Extensible(kind) => self.entries(value, at, true, |facts, value, at| facts.object(kind, value, at)),
            Shape::Maps(kind) => self.entries(value, at, false, |facts, value, at| {
                if value.get("$ref").is_some_and(Value::is_string) {
                    return facts.object(Kind::Response, value, at);
                }
                facts.entries(value, at, true, |facts, value, at| facts.object(kind, value, at))
            }),
            Shape::FlagOrSchema if value.is_boolean() => Some(value.clone()),
            Shape::FlagOrSchema => self.object(Kind::Schema, value, at),
            Shape::Ours(text) => {
                *self.dropped.entry(last(at).to_owned()).or_default() += 1;
                Some(text.into())
            }
            Shape::Required(_) => match value {
                Value::String(_) => Some(value.clone()),
                Value::Number(number) => {
                    self.notes.push(format!("{at}: the number {number} is kept as text"));
                    Some(number.to_string().into())
                }
                _ => None,
            },
            Shape::Names => self.entries(value, at, true, |_, _, at| Some(unescaped(last(at)).into())),
        }
    }

    /// An object that has a name of its own. A schema that is null, as an empty place in YAML is, allows anything, so
    /// that the name, a fact, does not go with it.
    fn named(&mut self, kind: Kind, value: &Value, at: &str) -> Option<Value> {
        if kind == Kind::Schema && value.is_null() {
            self.notes.push(format!("{at}: null stands where a schema belongs, so one that allows anything stands in"));
            return Some(Value::Object(Map::new()));
        }
        self.object(kind, value, at)
    }

    fn list(&mut self, kind: Kind, value: &Value, at: &str) -> Option<Value> {
        let Some(items) = value.as_array() else {
            self.notes.push(format!("{at}: dropped, since {} stands where a list belongs", name_of(value)));
            return None;
        };
        let kept =
            items.iter().enumerate().filter_map(|(index, item)| self.object(kind, item, &format!("{at}/{index}")));
        Some(Value::Array(kept.collect()))
    }

    /// What `entry` makes of each entry of a map; `x-` entries are dropped where they are `extensible`.
    fn entries(
        &mut self,
        value: &Value,
        at: &str,
        extensible: bool,
        entry: impl Fn(&mut Self, &Value, &str) -> Option<Value>,
    ) -> Option<Value> {
        let Some(map) = value.as_object() else {
            self.notes.push(format!("{at}: dropped, since {} stands where an object belongs", name_of(value)));
            return None;
        };
        let mut kept = Map::new();
        for (key, value) in map {
            if extensible && key.starts_with("x-") {
                *self.dropped.entry(key.clone()).or_default() += 1;
            } else if let Some(value) = entry(self, value, &format!("{at}/{}", escape(key))) {
                kept.insert(key.clone(), value);
            }
        }
        Some(Value::Object(kept))
    }
}

fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
