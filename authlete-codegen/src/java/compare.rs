//! The comparison.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::FILE;
use super::kind::{Kind, Values, values};
use super::library::{Field, Library};
use super::mapping::{Differs, Group, Mapping};
use crate::{Document, Problem, Problems};

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Components that have a class.
    pub types: usize,
    /// Fields that both have.
    pub fields: usize,
    /// Enumerations that both have.
    pub enums: usize,
    /// Differences that the mapping file explains.
    pub explained: usize,
}

/// Compares the description with the library.
///
/// # Errors
/// Every difference that the mapping file does not list, and every entry of that file that fits nothing.
pub fn verify(document: &Document, library: &Library, mapping: &Mapping) -> Result<Report, Problems> {
    let mut comparison = Comparison {
        document,
        library,
        mapping,
        by_name: BTreeMap::new(),
        used: BTreeSet::new(),
        found: BTreeMap::new(),
        report: Report::default(),
        problems: Problems::default(),
    };
    comparison.run();
    let Comparison { report, problems, .. } = comparison;
    problems.into_result(report)
}

/// What differs at a place, and how both sides have it.
type Difference = (String, Differs);

struct Comparison<'a> {
    document: &'a Document,
    library: &'a Library,
    mapping: &'a Mapping,
    /// Classes and enumerations by their names without case and underscores.
    by_name: BTreeMap<String, &'a str>,
    /// Classes that a component has.
    used: BTreeSet<&'a str>,
    /// What differs, with a text for it.
    found: BTreeMap<Difference, String>,
    report: Report,
    problems: Problems,
}

impl<'a> Comparison<'a> {
    fn run(&mut self) {
        let names = self.library.types.keys().chain(self.library.enums.keys());
        self.by_name = names.map(|name| (plain(name), name.as_str())).collect();
        let document = self.document;
        for (name, schema) in document.schemas() {
            self.component(name, schema);
        }
        for (place, class) in &self.mapping.inline {
            match (document.0.pointer(place), self.by_name.get(&plain(class)).copied()) {
                (Some(schema), Some(class)) => self.object(class, schema, class),
                (None, _) => self.problem(place, "there is no such place; mend the entry".to_owned()),
                (_, None) => self.problem(class, "there is no such class; mend the entry".to_owned()),
            }
        }
        self.names();
        self.known();
    }

    /// The class or enumeration of a component.
    fn counterpart(&self, component: &str) -> Option<&'a str> {
        match self.mapping.names.get(component) {
            Some(name) => self.by_name.get(&plain(name)).copied(),
            None => self.by_name.get(&plain(component)).copied(),
        }
    }

    fn component(&mut self, name: &str, schema: &Value) {
        let without = Group::any(&self.mapping.no_class, name);
        let Some(class) = self.counterpart(name).filter(|_| !without) else {
            if !without {
                let problem = Problem::new(FILE, name, "the component has no class of its name");
                self.problems.0.push(problem.hint("say which under `names`, or why there is none under `no_class`"));
            }
            return;
        };
        if let Some(ours) = values(schema) {
            let Some(theirs) = self.library.enums.get(class) else {
                self.problem(name, format!("is an enumeration, and {class} is a class"));
                return;
            };
            self.values(name, &ours, theirs);
            return;
        }
        if !self.library.types.contains_key(class) {
            self.problem(name, format!("is no enumeration, and {class} is one"));
            return;
        }
        self.object(name, schema, class);
    }

    fn object(&mut self, name: &str, schema: &Value, class: &'a str) {
        self.used.insert(class);
        self.report.types += 1;
        let part = Group::any(&self.mapping.parts, name);
        let ours = properties(self.document, schema);
        let theirs = self.library.fields(class);
        for (field, (holder, java)) in &theirs {
            let at = format!("{name}.{field}");
            match ours.get(*field) {
                Some(schema) => self.field(at, class, schema, java),
                None if part || Group::any(&self.mapping.not_on_wire, &format!("{holder}.{field}")) => {}
                None => self.differ(at, Differs::Missing, format!("{class} has it{}", since(java))),
            }
        }
        for field in ours.keys().filter(|field| !theirs.contains_key(field.as_str())) {
            self.differ(format!("{name}.{field}"), Differs::Unknown, format!("{class} has no such field"));
        }
    }

    fn field(&mut self, at: String, class: &str, schema: &Value, java: &Field) {
        self.report.fields += 1;
        let ours = Kind::of_schema(self.document, schema);
        let theirs = Kind::of_java(self.library, class, &java.ty);
        if !self.same(&ours, &theirs) {
            self.differ(at, Differs::Type, format!("{ours}, and {theirs} in Java"));
            return;
        }
        if let (Some(ours), Some(theirs)) = (innermost(&ours), innermost(&theirs))
            && !Group::any(&self.mapping.other_enum, &at)
        {
            // A component is compared once, by its own name, when the library means the same by it.
            let once = ours.name.as_deref().and_then(|name| self.counterpart(name));
            if once.is_none() || once != theirs.name.as_deref() {
                self.values(&at, &ours.values, &theirs.values);
            }
        }
    }

    /// Whether two kinds are one: an object of a component is that of the component's class.
    fn same(&self, ours: &Kind, theirs: &Kind) -> bool {
        match (ours, theirs) {
            (Kind::List(ours), Kind::List(theirs)) => self.same(ours, theirs),
            (Kind::Object(component), Kind::Object(class)) => self.counterpart(component) == Some(class.as_str()),
            _ => ours == theirs,
        }
    }

    fn values(&mut self, at: &str, ours: &[String], theirs: &[String]) {
        self.report.enums += 1;
        for value in theirs.iter().filter(|value| !ours.contains(value)) {
            self.differ(format!("{at}.{value}"), Differs::MissingValue, "the library has this value".to_owned());
        }
        for value in ours.iter().filter(|value| !theirs.contains(value)) {
            self.differ(format!("{at}.{value}"), Differs::UnknownValue, "the library has no such value".to_owned());
        }
    }

    fn differ(&mut self, at: String, differs: Differs, text: String) {
        self.found.insert((at, differs), text);
    }

    /// Every name in the mapping file is there, and no class is left over.
    fn names(&mut self) {
        let components: BTreeSet<&str> = self.document.schemas().map(|(name, _)| name.as_str()).collect();
        let (mapping, library) = (self.mapping, self.library);
        let named = mapping.names.keys();
        let named = named.chain(mapping.no_class.iter().chain(&mapping.parts).flat_map(|group| &group.names));
        for name in named.filter(|name| !components.contains(name.as_str())) {
            self.problem(name, "there is no such component; delete the entry".to_owned());
        }
        for name in mapping.not_on_wire.iter().flat_map(|group| &group.names) {
            let field = name.split_once('.').and_then(|(class, field)| library.types.get(class)?.fields.get(field));
            if field.is_none() {
                self.problem(name, "there is no such field; delete the entry".to_owned());
            }
        }
        for at in mapping.other_enum.iter().flat_map(|group| &group.names) {
            let property = at.split_once('.').and_then(|(component, field)| {
                let (_, schema) = self.document.schemas().find(|(name, _)| *name == component)?;
                properties(self.document, schema).get(field).cloned()
            });
            if property.is_none_or(|property| innermost(&Kind::of_schema(self.document, &property)).is_none()) {
                self.problem(at, "there is no such enumeration; delete the entry".to_owned());
            }
        }
        let unnamed = mapping.names.values().filter(|name| !self.by_name.contains_key(&plain(name)));
        for name in unnamed.collect::<Vec<_>>() {
            self.problem(name, "there is no such class; delete the entry".to_owned());
        }
        let listed: BTreeSet<&str> =
            mapping.no_component.iter().flat_map(|group| group.names.iter().map(String::as_str)).collect();
        for name in &listed {
            if !library.types.contains_key(*name) {
                self.problem(name, "there is no such class; delete the entry".to_owned());
            } else if self.used.contains(name) {
                self.problem(name, "is under `no_component`, and a component has it; delete the entry".to_owned());
            }
        }
        let left: Vec<_> = library
            .types
            .keys()
            .filter(|name| !self.used.contains(name.as_str()) && !listed.contains(name.as_str()))
            .collect();
        for name in left {
            let problem = Problem::new(FILE, name, "no component is this class");
            self.problems.0.push(problem.hint("add one by an overlay, or say under `no_component` why there is none"));
        }
    }

    /// Every difference is listed, and every listed one is there.
    fn known(&mut self) {
        for known in &self.mapping.differences {
            for at in &known.at {
                let found = self.found.remove(&(at.clone(), known.differs));
                match found {
                    None => {
                        self.problem(at, "is listed as a difference, and there is none; delete the entry".to_owned());
                    }
                    Some(text) if known.types.as_ref().is_some_and(|types| *types != text) => {
                        self.problem(at, format!("differs otherwise than the entry says: {text}"));
                    }
                    Some(text) if known.differs == Differs::Type && known.types.is_none() => {
                        self.problem(at, format!("the entry has no `as`, which would be: {text}"));
                    }
                    Some(_) => self.report.explained += 1,
                }
            }
        }
        for ((at, differs), text) in std::mem::take(&mut self.found) {
            let problem = Problem::new(FILE, at, format!("{differs}: {text}"));
            self.problems
                .0
                .push(problem.hint("correct it by an overlay, or list it under `differences` with the reason"));
        }
    }

    fn problem(&mut self, at: &str, message: String) {
        self.problems.0.push(Problem::new(FILE, at, message));
    }
}

impl std::fmt::Display for Differs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Type => "type",
            Self::MissingValue => "missing value",
            Self::UnknownValue => "unknown value",
        })
    }
}

/// A name without case and underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// The properties of a schema, those of the parts of an `allOf` included.
fn properties(document: &Document, schema: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let part = part.get("$ref").and_then(Value::as_str).and_then(|at| document.resolve(at)).unwrap_or(part);
        all.extend(properties(document, part));
    }
    all.extend(schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    all
}

/// The values of an enumeration, or of the elements of a list.
fn innermost(kind: &Kind) -> Option<&Values> {
    match kind {
        Kind::Enum(values) => Some(values),
        Kind::List(element) => innermost(element),
        _ => None,
    }
}

fn since(field: &Field) -> String {
    let mut text = String::new();
    if let Some(version) = &field.since {
        text.push_str(&format!(", since {version}"));
    }
    if let Some(version) = &field.authlete {
        text.push_str(&format!(", for Authlete {version}"));
    }
    text
}
