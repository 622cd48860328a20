//! Schemas, and everything written within them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::direction::Direction;
use super::{Action, Comparison, Node, Side, Subject, from_to, shown};

/// Where a schema is, as a report names it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    root: String,
    inline: bool,
    path: String,
}

impl Place {
    /// A schema under `components`.
    fn named(name: &str) -> Self {
        Self { root: name.to_owned(), inline: false, path: String::new() }
    }

    /// A schema written where it is used.
    pub(super) fn inline(at: &str) -> Self {
        Self { root: at.to_owned(), inline: true, path: String::new() }
    }

    fn below(&self, step: &str) -> Self {
        Self { path: format!("{}{step}", self.path), ..self.clone() }
    }

    fn shown(&self) -> String {
        match (self.inline, self.path.strip_prefix('.').unwrap_or(&self.path)) {
            (_, "") => self.root.clone(),
            (true, path) => format!("{} {path}", self.root),
            (false, _) => format!("{}{}", self.root, self.path),
        }
    }
}

/// The schemas that references lead to and that are still to be compared. A list instead of recursion: how far
/// references lead is up to the document.
#[derive(Default)]
pub(super) struct Queue<'a> {
    open: VecDeque<(Place, Node<'a>, Node<'a>)>,
    seen: BTreeSet<(String, String)>,
}

/// Keywords that narrow what is allowed as they grow, and those that do as they shrink.
const LOWER: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// Keywords that narrow what is allowed wherever they are, in a way that a program cannot tell.
const OTHER: [&str; 6] = ["pattern", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "not"];

impl<'a> Comparison<'a> {
    /// The schemas under `components`.
    pub(super) fn named_schemas(&mut self) {
        for (name, old, new) in self.pairs("/components/schemas") {
            match (old, new) {
                (Some(old), Some(new)) => self.schema(&Place::named(name), &old, &new),
                (Some(_), None) => self.report(Subject::Schema, Action::Removed, name, "", true),
                (None, Some(_)) => self.report(Subject::Schema, Action::Added, name, "", false),
                (None, None) => {}
            }
        }
    }

    /// What references led to.
    pub(super) fn queued_schemas(&mut self) {
        while let Some((place, old, new)) = self.schemas.open.pop_front() {
            self.schema(&place, &old, &new);
        }
    }

    /// Two schemas in the same place.
    pub(super) fn schema(&mut self, place: &Place, old: &Node<'a>, new: &Node<'a>) {
        let direction = self.old.direction(old).or(self.new.direction(new));
        let (old_target, new_target) = (self.old.resolved(old), self.new.resolved(new));
        self.flags(place, direction, (old, &old_target), (new, &new_target));
        if old.reference().is_some() && old.reference() == new.reference() {
            // What it leads to is compared in its own place.
            return;
        }
        let (before, after) = (name(old), name(new));
        if before != after {
            let detail = from_to(before, after, "written inline");
            self.report(Subject::Type, Action::Changed, &place.shown(), detail, direction.used());
        }
        if old.reference().is_some() || new.reference().is_some() {
            if old_target.reference().is_none() && new_target.reference().is_none() {
                self.schemas.open.push_back((place.clone(), old_target, new_target));
            }
            return;
        }
        if !self.schemas.seen.insert((old.at.clone(), new.at.clone())) {
            return;
        }
        self.kind(place, direction, old, new);
        self.values(place, direction, old, new);
        self.constraints(place, direction, old, new);
        self.properties(place, old, new);
        self.inner(place, direction, old, new);
    }

    /// What may stand beside a reference as well as behind it.
    fn flags(&mut self, place: &Place, direction: Direction, old: (&Node<'a>, &Node<'a>), new: (&Node<'a>, &Node<'a>)) {
        // Where both sides refer to the same, only what stands beside the reference belongs here.
        let same = old.0.reference().is_some() && old.0.reference() == new.0.reference();
        let flag = |(node, target): (&Node<'_>, &Node<'_>), key| node.flag(key) || (!same && target.flag(key));
        for (key, when_set, when_unset) in [
            ("nullable", direction.read, direction.sent),
            ("readOnly", direction.sent, false),
            ("writeOnly", direction.read, false),
            ("deprecated", false, false),
        ] {
            let (detail, breaking) = match (flag(old, key), flag(new, key)) {
                (false, true) => (format!("now {key}"), when_set),
                (true, false) => (format!("no longer {key}"), when_unset),
                _ => continue,
            };
            let subject = if place.path.is_empty() { Subject::Schema } else { Subject::Property };
            self.report(subject, Action::Changed, &place.shown(), detail, breaking);
        }
    }

    /// Type and format.
    fn kind(&mut self, place: &Place, direction: Direction, old: &Node<'a>, new: &Node<'a>) {
        let kind_of = |side: &Side<'a>, node: &Node<'a>| {
            let parts = side.parts(node, &BTreeSet::new());
            let told = parts.iter().map(kind).find(|kind| kind != "any");
            told.unwrap_or_else(|| kind(node))
        };
        let (before, after) = (kind_of(&self.old, old), kind_of(&self.new, new));
        if before != after {
            let detail = format!("{before} → {after}");
            self.report(Subject::Type, Action::Changed, &place.shown(), detail, direction.used());
        }
    }

    /// The values of an enum.
    fn values(&mut self, place: &Place, direction: Direction, old: &Node<'a>, new: &Node<'a>) {
        let values = |node: &Node<'_>| -> Option<BTreeSet<String>> {
            Some(node.value.get("enum")?.as_array()?.iter().map(shown).collect())
        };
        match (values(old), values(new)) {
            (Some(old), Some(new)) => {
                for value in old.symmetric_difference(&new) {
                    let at = place.shown();
                    if new.contains(value) {
                        self.report(Subject::EnumValue, Action::Added, &at, value, false);
                    } else {
                        self.report(Subject::EnumValue, Action::Removed, &at, value, direction.sent);
                    }
                }
            }
            (None, Some(new)) => {
                let detail = format!("any value → one of {}", new.len());
                self.report(Subject::Type, Action::Changed, &place.shown(), detail, direction.used());
            }
            (Some(old), None) => {
                let detail = format!("one of {} values → any", old.len());
                self.report(Subject::Type, Action::Changed, &place.shown(), detail, direction.used());
            }
            (None, None) => {}
        }
    }

    fn constraints(&mut self, place: &Place, direction: Direction, old: &Node<'a>, new: &Node<'a>) {
        let keys = LOWER.iter().chain(&UPPER).chain(&OTHER).chain(&["default"]);
        for key in keys {
            let (before, after) = (old.value.get(key), new.value.get(key));
            if before == after {
                continue;
            }
            let number = |value: Option<&Value>| value.and_then(Value::as_f64);
            let tighter = match (before, after) {
                _ if *key == "default" => false,
                (_, None) => false,
                _ if LOWER.contains(key) => number(before) < number(after),
                (Some(_), _) if UPPER.contains(key) => number(before) > number(after),
                _ => true,
            };
            let (before, after) = (before.map(shown), after.map(shown));
            let detail = format!("{key} {}", from_to(before.as_deref(), after.as_deref(), "none"));
            let breaking = direction.sent && tighter;
            self.report(Subject::Constraint, Action::Changed, &place.shown(), detail, breaking);
        }
    }

    fn properties(&mut self, place: &Place, old: &Node<'a>, new: &Node<'a>) {
        // What both are composed with is compared in its own place.
        let both: BTreeSet<&str> = composed_with(old).intersection(&composed_with(new)).copied().collect();
        let (old, new) = (self.old.parts(old, &both), self.new.parts(new, &both));
        let entries = |parts: &[Node<'a>]| -> BTreeMap<&'a str, Node<'a>> {
            // The schema's own property counts, where a part has it too.
            let parts = parts.iter().rev();
            parts.filter_map(|part| part.get("properties")).flat_map(|all| all.entries().collect::<Vec<_>>()).collect()
        };
        let required = |parts: &[Node<'a>], name: &str| {
            parts.iter().any(|part| {
                let list = part.value.get("required").and_then(Value::as_array);
                list.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(name)))
            })
        };
        let (before, after) = (entries(&old), entries(&new));
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let below = place.below(&format!(".{name}"));
            let (was, is) = (required(&old, name), required(&new, name));
            match (before.get(name), after.get(name)) {
                (Some(old), Some(new)) => {
                    let direction = self.new.direction(new);
                    let (detail, breaking) = match (was, is) {
                        (false, true) => ("optional → required", direction.sent),
                        (true, false) => ("required → optional", direction.read),
                        _ => ("", false),
                    };
                    if was != is {
                        self.report(Subject::Property, Action::Changed, &below.shown(), detail, breaking);
                    }
                    self.schema(&below, old, new);
                }
                (Some(old), None) => {
                    let breaking = self.old.direction(old).used();
                    self.report(Subject::Property, Action::Removed, &below.shown(), "", breaking);
                }
                (None, Some(new)) => {
                    let detail = if is { "required" } else { "optional" };
                    let breaking = is && self.new.direction(new).sent;
                    self.report(Subject::Property, Action::Added, &below.shown(), detail, breaking);
                }
                (None, None) => {}
            }
        }
    }

    /// The schemas that are not properties: of elements, of further properties, of alternatives.
    fn inner(&mut self, place: &Place, direction: Direction, old: &Node<'a>, new: &Node<'a>) {
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.schema(&place.below("[]"), &old, &new);
        }
        let further = |node: &Node<'a>| node.get("additionalProperties").filter(|node| node.value.is_object());
        match (further(old), further(new)) {
            (Some(old), Some(new)) => self.schema(&place.below("{}"), &old, &new),
            (before, after) => {
                let word = |schema: &Option<Node<'_>>, node: &Node<'_>| match node.value.get("additionalProperties") {
                    _ if schema.is_some() => "typed",
                    Some(Value::Bool(false)) => "refused",
                    _ => "allowed",
                };
                let (before, after) = (word(&before, old), word(&after, new));
                if before != after {
                    let detail = format!("further properties {before} → {after}");
                    self.report(Subject::Type, Action::Changed, &place.shown(), detail, direction.used());
                }
            }
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            self.members(place, direction, key, (old.get(key).as_ref(), new.get(key).as_ref()));
        }
        let (before, after) = (old.value.get("discriminator"), new.value.get("discriminator"));
        if before != after {
            self.report(Subject::Type, Action::Changed, &place.shown(), "discriminator", direction.used());
        }
    }

    /// The members of `allOf` and its like: those that refer to the same belong together, the others by position.
    fn members(
        &mut self,
        place: &Place,
        direction: Direction,
        key: &str,
        (old, new): (Option<&Node<'a>>, Option<&Node<'a>>),
    ) {
        let mut old: Vec<_> = old.into_iter().flat_map(Node::items).collect();
        let mut new: Vec<_> = new.into_iter().flat_map(Node::items).collect();
        if key == "allOf" {
            // The properties of parts that are objects were compared with the schema's own.
            old.retain(|node| !is_object(&self.old.resolved(node)));
            new.retain(|node| !is_object(&self.new.resolved(node)));
        }
        let references = |list: &[Node<'a>]| -> BTreeSet<&'a str> { list.iter().filter_map(Node::reference).collect() };
        let (before, after) = (references(&old), references(&new));
        old.retain(|node| node.reference().is_none_or(|target| !after.contains(target)));
        new.retain(|node| node.reference().is_none_or(|target| !before.contains(target)));
        let (mut old, mut new) = (old.into_iter(), new.into_iter());
        for index in 0.. {
            let (member, action) = match (old.next(), new.next()) {
                (Some(old), Some(new)) => {
                    self.schema(&place.below(&format!(".{key}[{index}]")), &old, &new);
                    continue;
                }
                (Some(old), None) => (old, Action::Removed),
                (None, Some(new)) => (new, Action::Added),
                (None, None) => break,
            };
            let detail = format!("{} in {key}", name(&member).unwrap_or("an inline schema"));
            self.report(Subject::Type, action, &place.shown(), detail, direction.used());
        }
    }
}

impl<'a> Side<'a> {
    /// A schema and the objects that its `allOf` composes it with, through references but for those in `except`.
    fn parts(&self, node: &Node<'a>, except: &BTreeSet<&str>) -> Vec<Node<'a>> {
        let mut parts = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![node.clone()];
        while let Some(node) = open.pop() {
            if node.text("$ref").is_some_and(|target| except.contains(target)) {
                continue;
            }
            let node = self.resolved(&node);
            if seen.insert(node.at.clone()) {
                let mut composed: Vec<_> = node.get("allOf").iter().flat_map(Node::items).collect();
                composed.reverse();
                open.extend(composed);
                parts.push(node);
            }
        }
        parts
    }
}

/// What the `allOf` of a schema refers to.
fn composed_with<'a>(node: &Node<'a>) -> BTreeSet<&'a str> {
    node.get("allOf").iter().flat_map(Node::items).filter_map(|part| part.text("$ref")).collect()
}

/// Whether a part of an `allOf` is an object, so that its properties are those of the whole.
fn is_object(node: &Node<'_>) -> bool {
    let other = ["oneOf", "anyOf", "enum", "items"].iter().any(|key| node.value.get(key).is_some());
    !other && matches!(kind(node).as_str(), "object" | "any")
}

/// The name of the schema that is referred to; none for a reference into something, which has no name yet.
fn name<'a>(node: &Node<'a>) -> Option<&'a str> {
    node.reference()?.strip_prefix("#/components/schemas/").filter(|name| !name.contains('/'))
}

/// The type in a word or two. One that is not stated follows from what is.
fn kind(node: &Node<'_>) -> String {
    let has = |key| node.value.get(key).is_some();
    let kind = match node.value.get("type") {
        Some(kind) => shown(kind),
        None if has("properties") || has("additionalProperties") => "object".to_owned(),
        None if has("items") => "array".to_owned(),
        None => "any".to_owned(),
    };
    match node.value.get("format") {
        Some(format) => format!("{kind} ({})", shown(format)),
        None => kind,
    }
}
