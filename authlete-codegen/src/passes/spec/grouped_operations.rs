//! Every operation says where it stands on the layer for users, what it is for, and when it may be repeated:
//! `x-group`, `x-method`, `x-doc` and `x-idempotency`, which an overlay gives together with the groups, `x-groups`. A
//! document without groups has no such layer.
//!
//! `x-cache` says whose answers are kept. What changes something in a group where answers are kept has to say whether it
//! clears them. `x-since` names the version of the server that brought an operation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::walk::tidy;
use super::words::snake;
use crate::document::object_at;
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

/// The values of `x-idempotency`, the most careful one last.
const IDEMPOTENCIES: [&str; 3] = ["safe", "idempotent", "not-idempotent"];

/// The values of `x-cache` for answers that are kept, and for the others.
const KEPT: [&str; 2] = ["service", "client"];
const NOT_KEPT: [&str; 2] = ["clears", "none"];

/// What an operation's path holds when the operation belongs to a service.
const BOUND: &str = "{serviceId}";

const HINT: &str = "say it in openapi/overlays/60-operations.yaml";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    if document.0.get("x-groups").is_none() {
        return Ok(());
    }
    let mut found = Found { lenient: notes.lenient, ..Found::default() };
    document.for_each_operation_mut(|path, method, operation| found.operation(path, method, operation));
    found.cleared();
    found.groups(object_at(&mut document.0, "x-groups"));
    notes.changes.push(format!("{} operations in {} groups", found.methods.len(), found.bound.len()));
    notes.warnings.append(&mut found.warnings);
    found.problems.into_result(())
}

#[derive(Default)]
struct Found {
    lenient: bool,
    /// The operation of each group and method.
    methods: BTreeMap<(String, String), String>,
    /// Whether a group's operations belong to a service.
    bound: BTreeMap<String, bool>,
    /// Groups where answers are kept.
    kept: BTreeSet<String>,
    /// Operations that change something and do not say whether what is kept is cleared, with their groups.
    unsaid: Vec<(String, String)>,
    warnings: Vec<String>,
    problems: Problems,
}

impl Found {
    /// Fails, or is tolerated.
    fn complain(&mut self, at: &str, message: impl Into<String>) {
        let problem = Problem::new("grouped_operations", at, message);
        if self.lenient {
            self.warnings.push(format!("{}: {}", problem.at, problem.message));
        } else {
            self.problems.0.push(problem.hint(HINT));
        }
    }

    fn operation(&mut self, path: &str, method: &str, operation: &mut Map<String, Value>) {
        let at = format!("{} {path}", method.to_uppercase());
        let bound = path.contains(BOUND);
        let missing: Vec<_> = ["x-group", "x-method", "x-doc", "x-idempotency"]
            .into_iter()
            .filter(|key| operation.get(*key).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()))
            .collect();
        if !missing.is_empty() {
            self.complain(&at, format!("has no {}", missing.join(", ")));
        }
        let given = |key: &str| operation.get(key).and_then(Value::as_str).map(|text| text.trim().to_owned());
        let group = given("x-group").unwrap_or_else(|| fallback_group(operation, bound));
        let name = given("x-method").or_else(|| given("operationId")).unwrap_or_else(|| snake(&at));
        let idempotency = given("x-idempotency").unwrap_or_else(|| IDEMPOTENCIES[2].to_owned());
        let doc = given("x-doc").unwrap_or_default();
        if !IDEMPOTENCIES.contains(&idempotency.as_str()) {
            let message = format!("x-idempotency is {idempotency:?}, which is none of {}", IDEMPOTENCIES.join(", "));
            self.problems.0.push(Problem::new("grouped_operations", &at, message));
        }
        let cache = given("x-cache");
        match cache.as_deref() {
            Some(value) if KEPT.contains(&value) && idempotency == IDEMPOTENCIES[0] => {
                self.kept.insert(group.clone());
            }
            Some(value) if NOT_KEPT.contains(&value) => {}
            Some(value) if KEPT.contains(&value) => {
                let message = format!("x-cache is {value:?}, and the operation changes something");
                self.problems.0.push(Problem::new("grouped_operations", &at, message));
            }
            Some(value) => {
                let known = [KEPT, NOT_KEPT].concat().join(", ");
                let message = format!("x-cache is {value:?}, which is none of {known}");
                self.problems.0.push(Problem::new("grouped_operations", &at, message));
            }
            None if idempotency != IDEMPOTENCIES[0] => self.unsaid.push((group.clone(), at.clone())),
            None => {}
        }
        if let Some(since) = operation.get("x-since").filter(|since| !is_version(since)) {
            let message = format!("x-since is {since}, which is no version such as \"3.0.32\"");
            self.problems.0.push(Problem::new("grouped_operations", &at, message));
        }
        for word in [&group, &name] {
            if snake(word) != *word || syn::parse_str::<syn::Ident>(word).is_err() {
                self.problems.0.push(Problem::new("grouped_operations", &at, format!("{word:?} is no name in Rust")));
            }
        }
        if let Some(other) = self.methods.insert((group.clone(), name.clone()), at.clone()) {
            self.problems.0.push(Problem::new("grouped_operations", &at, format!("{group}.{name} is {other} already")));
        }
        if *self.bound.entry(group.clone()).or_insert(bound) != bound {
            let message = format!("{group} has operations of a service and of the organization");
            self.problems.0.push(Problem::new("grouped_operations", &at, message));
        }
        for (key, value) in [("x-group", group), ("x-method", name), ("x-idempotency", idempotency), ("x-doc", doc)] {
            operation.insert(key.to_owned(), Value::String(value));
        }
    }

    fn cleared(&mut self) {
        for (group, at) in std::mem::take(&mut self.unsaid) {
            if self.kept.contains(&group) {
                self.complain(&at, "changes something, and has no x-cache to say whether what is kept is cleared");
            }
        }
    }

    /// Every group is documented, and every documented one is there.
    fn groups(&mut self, documented: &mut Value) {
        let Some(documented) = documented.as_object_mut() else { return };
        let used: BTreeSet<String> = self.bound.keys().cloned().collect();
        let known: BTreeSet<String> = documented.keys().cloned().collect();
        for group in used.difference(&known) {
            self.complain("#/x-groups", format!("{group} is not documented"));
            documented.insert(group.clone(), Value::String(format!("Operations of `{group}`.")));
        }
        for group in known.difference(&used) {
            self.complain("#/x-groups", format!("{group} has no operation"));
            documented.remove(group);
        }
        // Methods of the service itself stand beside the accessors of groups.
        for group in used {
            let key = ("service".to_owned(), group.clone());
            if let Some(at) = self.methods.get(&key).cloned() {
                let message = format!("the method and the group {group} would both be service.{group}()");
                self.problems.0.push(Problem::new("grouped_operations", at, message));
            }
        }
    }
}

/// The tag; what belongs to no service stands apart.
fn fallback_group(operation: &Map<String, Value>, bound: bool) -> String {
    let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).unwrap_or("other");
    let group = snake(tag);
    let group = if bound { format!("{group}_calls") } else { format!("organization_{group}") };
    if syn::parse_str::<syn::Ident>(&group).is_ok() { group } else { format!("group_{group}") }
}

/// Whether it is numbers with dots between them.
fn is_version(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.split('.').all(|part| part.parse::<u32>().is_ok()))
}
