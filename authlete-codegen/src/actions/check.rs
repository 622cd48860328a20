//! Holds the table against the effective description: each must have what the other has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Action, FILE, Kind, Operation, RequestFacts, Sources, Step, Table};
use crate::{Document, Problem, Problems};

/// The table, with what the description knows of its operations. All that it names is there.
#[derive(Debug, Clone, Default)]
pub struct Actions {
    /// By method name.
    pub operations: BTreeMap<String, Answering>,
    /// The header of each field named in `always`.
    pub headers: BTreeMap<String, String>,
    /// Numbers in which 0 stands for absence.
    pub zero: BTreeSet<String>,
    /// The request of every operation that has one, by method name.
    pub requests: BTreeMap<String, String>,
}

/// An operation that answers with an action.
#[derive(Debug, Clone)]
pub struct Answering {
    /// Its row.
    pub row: Operation,
    /// The type it answers with.
    pub response: String,
    /// The actions of its row, in the description's order.
    pub actions: Vec<String>,
}

/// Checks the table.
///
/// # Errors
/// Every place where table and description differ, unless `lenient`: then they are warnings, and what does not fit is
/// left out.
pub fn check(table: &Table, document: &Document, lenient: bool) -> Result<(Actions, Vec<Problem>), Problems> {
    let mut check = Check { document, table, problems: Vec::new() };
    let actions = check.run();
    let problems = check.problems;
    if lenient || problems.is_empty() { Ok((actions, problems)) } else { Err(Problems(problems)) }
}

struct Check<'a> {
    document: &'a Document,
    table: &'a Table,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn run(&mut self) -> Actions {
        let (headers, zero) = (self.table.headers.clone(), self.table.zero.clone());
        let mut actions = Actions { headers, zero, ..Actions::default() };
        let mut responses = BTreeMap::new();
        for (path, _, operation) in self.document.operations() {
            let Some(name) = operation.get("operationId").and_then(Value::as_str) else { continue };
            // A step leads on with a service and a request, so the path may need nothing else.
            let of_service = path.matches('{').count() == 1 && path.contains("{serviceId}");
            if let Some(request) = component(request(operation)).filter(|_| of_service) {
                actions.requests.insert(name.to_owned(), request);
            }
            if let Some(response) = component(response(operation))
                && let Some(values) = self.actions_of(&response)
            {
                responses.insert(name.to_owned(), (response, values));
            }
        }
        self.decisions(&actions.requests);
        let known: BTreeSet<&String> = responses.keys().chain(self.table.operations.keys()).collect();
        for name in known {
            match (responses.get(name), self.table.operations.get(name)) {
                (Some((response, values)), Some(row)) => {
                    let row = self.with_defaults(row, values);
                    let answering = self.operation(name, &row, response, values, &actions.requests);
                    actions.operations.insert(name.clone(), answering);
                }
                (Some((response, _)), None) => self.problem(
                    name,
                    format!("answers with an action ({response}), and the table has no row for it"),
                    "write what each of its actions asks for",
                ),
                (None, _) => self.problem(
                    name,
                    "no such operation answers with an action".to_owned(),
                    "rename the row after the operation's method, or delete it",
                ),
            }
        }
        self.closed(&actions);
        actions
    }

    /// The row with what it leaves to the defaults.
    fn with_defaults(&self, row: &Operation, values: &[String]) -> Operation {
        let mut row = row.clone();
        for value in values.iter().filter(|value| !row.never.contains(value)) {
            if let (None, Some(default)) = (row.actions.get(value), self.table.defaults.actions.get(value)) {
                row.actions.insert(value.clone(), default.clone());
            }
        }
        for action in row.actions.values_mut() {
            if action.kind == Kind::Continue || !action.fields.is_empty() {
                let mut fields = row.fields.clone();
                fields.extend(action.fields.iter().filter(|field| !row.fields.contains(field)).cloned());
                action.fields = fields;
            }
        }
        row
    }

    /// Every field of a response is named for some action, or hidden with a reason.
    fn closed(&mut self, actions: &Actions) {
        let mut responses: BTreeMap<&str, Vec<(&String, &Answering)>> = BTreeMap::new();
        for (name, answering) in &actions.operations {
            responses.entry(answering.response.as_str()).or_default().push((name, answering));
        }
        for (response, operations) in responses {
            let mut named: BTreeSet<String> = self.table.hidden.keys().cloned().collect();
            for (_, answering) in &operations {
                named.extend(named_by(&answering.row));
            }
            let fields = self.properties(response);
            for field in fields.iter().filter(|field| !named.contains(*field) && *field != "action") {
                let names: Vec<&str> = operations.iter().map(|(name, _)| name.as_str()).collect();
                self.problem(
                    &names.join(", "),
                    format!("{response} has the field {field}, and the table names it for no action"),
                    "write it into the `fields` of the actions that it is meaningful with, or under `hidden` with the reason",
                );
            }
            for (name, answering) in &operations {
                for field in answering.row.hidden.keys().filter(|field| !fields.contains(*field)) {
                    self.problem(name, format!("`{field}` is hidden, and {response} has no such field"), "delete it");
                }
            }
        }
        let used: BTreeSet<String> =
            actions.operations.values().flat_map(|answering| self.properties(&answering.response)).collect();
        let unused: Vec<String> = self.table.hidden.keys().filter(|field| !used.contains(*field)).cloned().collect();
        for field in unused {
            self.problem("hidden", format!("no response has a field {field}"), "delete it");
        }
        for field in self.table.zero.iter().filter(|field| !used.contains(*field)) {
            self.problems.push(Problem::new(FILE, "zero", format!("no response has a field {field}")));
        }
        let known: BTreeSet<&String> = actions.operations.values().flat_map(|answering| &answering.actions).collect();
        let unused: Vec<String> =
            self.table.defaults.actions.keys().filter(|action| !known.contains(action)).cloned().collect();
        for action in unused {
            self.problem("defaults", format!("no response has the action {action}"), "delete it");
        }
    }

    /// The names of a component's properties.
    fn properties(&self, name: &str) -> BTreeSet<String> {
        let properties = self.schema(name).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// What was decided of requests is so.
    fn decisions(&mut self, requests: &BTreeMap<String, String>) {
        for decision in &self.table.decisions {
            let at = decision.ids.join(", ");
            for (operation, form) in &decision.requests {
                let Some(request) = requests.get(operation) else {
                    self.problem(&at, format!("there is no operation {operation} with a request"), "");
                    continue;
                };
                let required = self.schema(request).and_then(|schema| schema.get("required")?.as_array());
                let required: BTreeSet<_> = required.into_iter().flatten().filter_map(Value::as_str).collect();
                if !form.required.iter().map(String::as_str).eq(required.iter().copied()) {
                    let required: Vec<_> = required.into_iter().collect();
                    let required = if required.is_empty() { "nothing".to_owned() } else { required.join(", ") };
                    let message = format!("{request} requires {required}, which was decided otherwise");
                    self.problem(&at, message, "carry the decision out by an overlay, or revise it");
                }
                for field in &form.fields {
                    self.field(&at, request, field);
                }
            }
        }
    }

    fn operation(
        &mut self,
        name: &str,
        row: &Operation,
        response: &str,
        values: &[String],
        requests: &BTreeMap<String, String>,
    ) -> Answering {
        let mut kept = row.clone();
        for value in values {
            match (row.actions.contains_key(value), row.never.contains(value)) {
                (false, false) => {
                    self.problem(
                        &format!("{name}.{value}"),
                        "is an action of the description, and the table does not have it".to_owned(),
                        "write what it asks for, or list it under `never`",
                    );
                    // Where that is tolerated there is a variant all the same, as there will be once it is in the table.
                    kept.actions.insert(value.clone(), Action::caller_error());
                }
                (true, true) => {
                    self.problem(&format!("{name}.{value}"), "has a row and is under `never`".to_owned(), "decide");
                }
                _ => {}
            }
        }
        for value in row.actions.keys().chain(&row.never).filter(|value| !values.contains(value)) {
            self.problem(
                &format!("{name}.{value}"),
                format!("is no action of {response}"),
                "delete it, or add it to the description by an overlay",
            );
            kept.actions.remove(value);
        }
        kept.always.retain(|field| {
            let header = self.table.headers.contains_key(field);
            if !header {
                self.problem(name, format!("`{field}` is under `always` and has no header"), "add it to `headers`");
            }
            header && self.field(name, response, field)
        });
        let of_request = row.request.of_request().map(|field| (requests.get(name).map(String::as_str), field));
        let of_response = row.request.of_response().map(|field| (Some(response), field));
        for (ty, field) in of_request.chain(of_response) {
            if !ty.is_some_and(|ty| self.field(name, ty, field)) {
                kept.request = RequestFacts::default();
            }
        }
        for (value, action) in &mut kept.actions {
            self.action(&format!("{name}.{value}"), action, response, requests);
        }
        let actions = values.iter().filter(|value| kept.actions.contains_key(*value)).cloned().collect();
        Answering { row: kept, response: response.to_owned(), actions }
    }

    fn action(&mut self, at: &str, action: &mut Action, response: &str, requests: &BTreeMap<String, String>) {
        let answers = matches!(action.kind, Kind::Respond | Kind::Page);
        if answers != action.status.is_some() {
            self.problem(at, "`status` belongs to what responds and to pages, and to nothing else".to_owned(), "");
        }
        if action.kind != Kind::Continue && (!action.next.is_empty() || action.decline.is_some()) {
            self.problem(at, "`next` and `decline` belong to what continues".to_owned(), "");
        }
        if action.empty && action.answer().is_none_or(|answer| answer.body_field().is_none()) {
            self.problem(at, "`empty` belongs to a reply whose `body` is a field".to_owned(), "");
        }
        for answer in action.answer().into_iter().chain(action.decline.clone()) {
            if answer.status == 401 && !answer.headers.keys().any(|name| name.eq_ignore_ascii_case("www-authenticate"))
            {
                self.problem(
                    at,
                    "there is no 401 without a challenge".to_owned(),
                    "give it a `WWW-Authenticate` header",
                );
            }
            if !(200..600).contains(&answer.status) {
                self.problem(at, format!("{} is no status of an answer", answer.status), "");
            }
            for (name, value) in &answer.headers {
                let fits = !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                if !fits {
                    self.problem(at, format!("{name:?}: {value:?} is no header"), "");
                }
            }
            for field in answer.body_field().into_iter().chain(answer.header_fields().map(|(_, field)| field)) {
                self.field(at, response, field);
            }
        }
        action.fields.retain(|field| self.field(at, response, field));
        action.requires.retain(|field| self.field(at, response, field));
        self.steps(at, &mut action.next, response, requests);
    }

    fn steps(
        &mut self,
        at: &str,
        steps: &mut BTreeMap<String, Step>,
        response: &str,
        requests: &BTreeMap<String, String>,
    ) {
        steps.retain(|name, step| {
            let at = format!("{at}.{name}");
            if let Some(rest) = &mut step.leaves {
                self.steps(&at, &mut rest.next, response, requests);
            }
            self.step(&at, step, response, requests)
        });
    }

    fn step(&mut self, at: &str, step: &Step, response: &str, requests: &BTreeMap<String, String>) -> bool {
        let Some(request) = requests.get(&step.call) else {
            self.problem(at, format!("there is no operation {} with a request", step.call), "");
            return false;
        };
        let targets = step.copy.keys().chain(step.set.keys()).chain(&step.ask);
        let sources = step.copy.values().flat_map(Sources::fields);
        let mut fits = true;
        for (ty, field) in targets.map(|field| (request.as_str(), field)).chain(sources.map(|field| (response, field)))
        {
            fits &= self.field(at, ty, field);
        }
        fits
    }

    /// Whether a type has a field, which may be one within another (`info.identifier`).
    fn field(&mut self, at: &str, ty: &str, path: &str) -> bool {
        let mut schema = self.schema(ty);
        for name in path.split('.') {
            schema = schema.and_then(|schema| schema.get("properties")?.get(name)).map(|schema| self.follow(schema));
        }
        let found = schema.is_some();
        if !found {
            self.problem(at, format!("{ty} has no field {path}"), "");
        }
        found
    }

    /// The values of a response's `action`, when it has one.
    fn actions_of(&self, response: &str) -> Option<Vec<String>> {
        let action = self.follow(self.schema(response)?.get("properties")?.get("action")?);
        let values = action.get("enum")?.as_array()?;
        Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    fn schema(&self, name: &str) -> Option<&Value> {
        self.document.schemas().find(|(known, _)| *known == name).map(|(_, schema)| self.follow(schema))
    }

    /// What a schema refers to, when it does no more than that.
    fn follow<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let target = component(Some(schema));
        target.and_then(|name| self.document.schemas().find(|(known, _)| **known == name)).map_or(schema, |(_, s)| s)
    }

    fn problem(&mut self, at: &str, message: String, hint: &str) {
        let problem = Problem::new(FILE, at, message);
        self.problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    }
}

/// The fields that a row names.
fn named_by(row: &Operation) -> BTreeSet<String> {
    fn steps(next: &BTreeMap<String, Step>, named: &mut BTreeSet<String>) {
        for step in next.values() {
            named.extend(step.copy.values().flat_map(Sources::fields).cloned());
            if let Some(rest) = &step.leaves {
                steps(&rest.next, named);
            }
        }
    }
    let mut named: BTreeSet<String> = row.always.iter().chain(&row.fields).chain(row.hidden.keys()).cloned().collect();
    named.extend(row.request.of_response().cloned());
    for action in row.actions.values() {
        named.extend(action.fields.iter().chain(&action.requires).cloned());
        for answer in action.answer().into_iter().chain(action.decline.clone()) {
            named.extend(answer.body_field().map(str::to_owned));
            named.extend(answer.header_fields().map(|(_, field)| field.to_owned()));
        }
        steps(&action.next, &mut named);
    }
    // A field within another names that.
    named.iter().map(|path| path.split('.').next().unwrap_or(path).to_owned()).collect()
}

/// The component that a schema refers to, directly or as the only part of an `allOf`.
fn component(schema: Option<&Value>) -> Option<String> {
    let schema = schema?;
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return Some(name.strip_prefix("#/components/schemas/")?.to_owned());
    }
    match schema.get("allOf")?.as_array()?.as_slice() {
        [only] => component(Some(only)),
        _ => None,
    }
}

/// The schema of an operation's JSON request.
fn request(operation: &Map<String, Value>) -> Option<&Value> {
    operation.get("requestBody")?.get("content")?.get("application/json")?.get("schema")
}

/// The schema of an operation's JSON answer.
fn response(operation: &Map<String, Value>) -> Option<&Value> {
    let responses = operation.get("responses")?.as_object()?;
    let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
    success.get("content")?.get("application/json")?.get("schema")
}
