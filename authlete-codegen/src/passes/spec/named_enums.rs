//! Every enum written inline becomes a named component.
//!
//! Its name is `<Owner><Property>`. Where several owners have the property, always with the same values, they share one
//! type with the property's name; `x-enum-name` makes others share. Actions never do: several are equal by coincidence.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::names::Names;
use super::walk::{Root, Site, Step, extend, reference_to, sites, tidy};
use super::words::{one_of, pascal, words};
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

const STAGE: &str = "named_enums";
/// Properties whose enums belong to their owner alone.
const NEVER_SHARED: [&str; 1] = ["action"];

/// An enum written inline.
struct Inline {
    site: Site,
    /// Its values, in the document's order, each once.
    values: Vec<Value>,
    /// The name its property gives, and its owner's property.
    property: String,
    owned: String,
    /// What an overlay calls it.
    chosen: Option<String>,
}

impl Inline {
    fn set(&self) -> BTreeSet<String> {
        self.values.iter().map(Value::to_string).collect()
    }
}

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut problems = Problems::default();
    let inline = collect(document, notes);
    // All value sets a property name has: with several, the name says too little to share a type by it.
    let mut sets: BTreeMap<&str, BTreeSet<BTreeSet<String>>> = BTreeMap::new();
    for one in &inline {
        sets.entry(&one.property).or_default().insert(one.set());
    }
    let mut groups: BTreeMap<(String, BTreeSet<String>), Vec<&Inline>> = BTreeMap::new();
    for one in &inline {
        let key = match &one.chosen {
            Some(name) => format!("!{name}"),
            None if never_shared(&one.property) || sets[one.property.as_str()].len() > 1 => {
                format!("{}#{}", one.property, one.site.pointer)
            }
            None => one.property.clone(),
        };
        groups.entry((key, one.set())).or_default().push(one);
    }

    let mut names = Names::of(document);
    let mut chosen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut placed: Vec<(String, Vec<&Inline>)> = Vec::new();
    for ((_, set), group) in &groups {
        let first = group[0];
        let wanted = match &first.chosen {
            Some(name) => {
                if chosen.insert(name.clone(), set.clone()).is_some_and(|other| other != *set) {
                    let problem = Problem::new(STAGE, first.site.label(), format!("{name} has other values elsewhere"))
                        .hint("give it another x-enum-name");
                    tolerate(problem, notes, &mut problems);
                }
                name.clone()
            }
            None if group.len() > 1 => first.property.clone(),
            None => first.owned.clone(),
        };
        // A component of that name, or of the property's, with the same values is the same enum.
        let equal = |component: &&str| {
            let schema = document.0.pointer("/components/schemas").and_then(|all| all.get(*component));
            schema.is_some_and(|schema| values_of(schema).iter().map(Value::to_string).collect::<BTreeSet<_>>() == *set)
        };
        let by_property =
            || names.component(&first.property).filter(|_| first.chosen.is_none() && !never_shared(&first.property));
        let known = names.component(&wanted).filter(equal).or_else(|| by_property().filter(equal));
        let name = match known.map(str::to_owned) {
            Some(component) => component,
            None => names.claim(&wanted),
        };
        placed.push((name, group.clone()));
    }
    warn_of_equal(document, &placed, notes);
    for (name, group) in placed {
        let labels: Vec<_> = group.iter().map(|one| one.site.label()).collect();
        let mut schema = json!({"type": "string", "enum": group[0].values, "x-upstream-place": labels});
        take_words(document, &group, &mut schema);
        for one in &group {
            place_reference(document, &one.site.pointer, &name);
        }
        document.schemas_mut().entry(name.clone()).or_insert(schema);
        notes.changes.push(format!("{name}: was inline at {}", labels.join(", ")));
    }
    problems.into_result(())
}

fn never_shared(property: &str) -> bool {
    words(property).last().is_some_and(|last| NEVER_SHARED.contains(&last.as_str()))
}

fn tolerate(problem: Problem, notes: &mut Notes, problems: &mut Problems) {
    if notes.lenient {
        notes.warnings.push(problem.to_string());
    } else {
        problems.0.push(problem);
    }
}

/// The text values of an enum, each once; `null` says nullable, not a value.
fn values_of(schema: &Value) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
        if value.is_string() && !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}

fn collect(document: &mut Document, notes: &mut Notes) -> Vec<Inline> {
    let mut found = Vec::new();
    for site in sites(document) {
        let Some(schema) = document.0.pointer_mut(&site.pointer).filter(|schema| schema.get("enum").is_some()) else {
            continue;
        };
        let values = values_of(schema);
        let texts = schema.get("type").is_none_or(|kind| kind == "string") && !values.is_empty();
        let Some(map) = schema.as_object_mut() else { continue };
        if !texts {
            // A number or flag we don't know must not fail a response, and has no name to be known by.
            map.retain(|key, _| key != "enum");
            notes.changes.push(format!("{}: the list of values is dropped, it is no text", site.label()));
            continue;
        }
        if map.get("enum").and_then(Value::as_array).is_some_and(|all| all.contains(&Value::Null)) {
            map.insert("nullable".to_owned(), Value::Bool(true));
        }
        if site.steps.is_empty() && matches!(site.root, Root::Component(_)) {
            map.insert("type".to_owned(), json!("string"));
            map.insert("enum".to_owned(), Value::Array(values));
            continue;
        }
        let chosen = map.get("x-enum-name").and_then(Value::as_str).map(pascal);
        let base = match (site.property(), &site.root) {
            (Some(property), _) => pascal(property),
            (None, Root::Parameter(_, name)) => pascal(name),
            (None, root) => root.name(),
        };
        let listed = matches!(site.steps.last(), Some(Step::Items | Step::Values));
        // A list needs no name, so its elements may have the property's.
        let property = if listed { one_of(&base) } else { base };
        let owner = site.steps.len() - usize::from(listed);
        let owned = extend(site.root.name(), &site.steps[..owner]);
        let owned = if listed { one_of(&owned) } else { owned };
        found.push(Inline { values, property, owned, chosen, site });
    }
    found
}

/// The enum's words are those of the first place that has any, value by value.
fn take_words(document: &Document, group: &[&Inline], schema: &mut Value) {
    for place in group.iter().filter_map(|one| document.0.pointer(&one.site.pointer)) {
        if let (None, Some(words)) = (schema.get("description"), place.get("description")) {
            schema["description"] = words.clone();
        }
        for (value, words) in place.get("x-value-docs").and_then(Value::as_object).into_iter().flatten() {
            if schema["x-value-docs"].get(value).is_none() {
                schema["x-value-docs"][value.as_str()] = words.clone();
            }
        }
    }
}

fn place_reference(document: &mut Document, pointer: &str, name: &str) {
    let Some(place) = document.0.pointer_mut(pointer) else { return };
    let mut reference = json!({"$ref": reference_to(name)});
    for (key, value) in place.as_object().into_iter().flatten() {
        let of_enum = ["type", "enum", "format", "x-enum-name", "x-value-docs", "default"].contains(&key.as_str());
        if !of_enum {
            reference[key] = value.clone();
        }
    }
    *place = reference;
}

/// Reports enums with equal values that stay types of their own.
fn warn_of_equal(document: &Document, placed: &[(String, Vec<&Inline>)], notes: &mut Notes) {
    let mut by_values: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
    for (name, schema) in document.schemas() {
        let values: BTreeSet<_> = values_of(schema).iter().map(Value::to_string).collect();
        if !values.is_empty() {
            by_values.entry(values).or_default().insert(name.clone());
        }
    }
    for (name, group) in placed {
        by_values.entry(group[0].set()).or_default().insert(name.clone());
    }
    for (values, names) in by_values {
        if names.len() > 1 {
            let names: Vec<_> = names.into_iter().collect();
            notes.warnings.push(format!("equal values ({}), not merged: {}", values.len(), names.join(", ")));
        }
    }
}
