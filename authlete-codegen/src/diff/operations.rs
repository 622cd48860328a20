//! Operations and what they take and give.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schemas::Place;
use super::{Action, Comparison, Node, Side, Subject, from_to, shown};
use crate::document::METHODS;

/// One operation of a document.
#[derive(Clone)]
struct Operation<'a> {
    path: &'a str,
    method: &'static str,
    item: Node<'a>,
    node: Node<'a>,
}

impl Operation<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    fn id(&self) -> Option<&str> {
        self.node.text("operationId")
    }

    /// The same for paths that differ in the names of their parameters alone.
    fn key(&self) -> (String, &'static str) {
        let mut key = String::new();
        for (index, part) in self.path.split('{').enumerate() {
            key.push_str(if index == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) });
            key.push('{');
        }
        (key, self.method)
    }

    /// The servers that it has for itself, or its path; `None` where it is on those of the document.
    fn servers(&self) -> Option<String> {
        [&self.node, &self.item].into_iter().find_map(|owner| {
            let servers = owner.value.get("servers")?.as_array()?;
            let urls: Vec<_> = servers.iter().filter_map(|server| server.get("url").map(shown)).collect();
            (!urls.is_empty()).then(|| urls.join(", "))
        })
    }

    /// The names of the parameters in the path, in its order.
    fn placeholders(&self) -> Vec<&str> {
        self.path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect()
    }
}

fn operations<'a>(side: &Side<'a>) -> Vec<Operation<'a>> {
    let mut operations = Vec::new();
    for (path, item) in side.node("/paths").iter().flat_map(Node::entries) {
        let item = side.resolved(&item);
        for method in METHODS {
            if let Some(node) = item.get(method).filter(|node| node.value.is_object()) {
                operations.push(Operation { path, method, item: item.clone(), node });
            }
        }
    }
    operations
}

impl<'a> Comparison<'a> {
    /// What holds for the document as a whole, and the parts that operations share.
    pub(super) fn document(&mut self) {
        let text = |side: &Side<'a>, pointer: &str| side.document.0.pointer(pointer).map(shown);
        let (old, new) = (text(&self.old, "/info/version"), text(&self.new, "/info/version"));
        if old != new {
            let detail = from_to(old.as_deref(), new.as_deref(), "none");
            self.report(Subject::Document, Action::Changed, "version", detail, false);
        }
        let servers = |side: &Side<'a>| -> BTreeSet<String> {
            let servers = side.document.0.get("servers").and_then(Value::as_array);
            servers.into_iter().flatten().filter_map(|server| server.get("url").map(shown)).collect()
        };
        self.names(Subject::Document, "server", &servers(&self.old), &servers(&self.new));
        let (old, new) = (text(&self.old, "/security"), text(&self.new, "/security"));
        if old != new {
            let detail = from_to(old.as_deref(), new.as_deref(), "none");
            self.report(Subject::Document, Action::Changed, "security", detail, true);
        }
        for (name, old, new) in self.pairs("/components/securitySchemes") {
            let at = format!("security scheme {name}");
            self.presence(Subject::Document, &at, old.as_ref(), new.as_ref(), (false, true));
            if let (Some(old), Some(new)) = (old, new)
                && old.value != new.value
            {
                self.report(Subject::Document, Action::Changed, &at, "", true);
            }
        }
        for (name, old, new) in self.pairs("/components/parameters") {
            if let (Some(old), Some(new)) = (old, new) {
                self.parameter(&format!("parameter {name}"), &old, &new);
            }
        }
        for (name, old, new) in self.pairs("/components/requestBodies") {
            if let (Some(old), Some(new)) = (old, new) {
                self.body(&format!("request body {name}"), &old, &new);
            }
        }
        for (name, old, new) in self.pairs("/components/responses") {
            if let (Some(old), Some(new)) = (old, new) {
                self.response(&format!("response {name}"), &old, &new);
            }
        }
    }

    /// Every operation. One is known by its path and method, whatever its parameters are called, or by its id.
    pub(super) fn operations(&mut self) {
        let old = operations(&self.old);
        let mut new: Vec<_> = operations(&self.new).into_iter().map(Some).collect();
        let mut gone = Vec::new();
        for exact in [true, false] {
            let candidates = if exact { old.clone() } else { std::mem::take(&mut gone) };
            for operation in candidates {
                let same = |other: &Operation<'_>| {
                    if exact {
                        other.path == operation.path && other.method == operation.method
                    } else {
                        other.key() == operation.key()
                    }
                };
                match new.iter_mut().find(|other| other.as_ref().is_some_and(same)).and_then(Option::take) {
                    Some(other) => self.operation(&operation, &other),
                    None => gone.push(operation),
                }
            }
        }
        for operation in gone {
            let same = |other: &Operation<'_>| operation.id().is_some() && other.id() == operation.id();
            match new.iter_mut().find(|other| other.as_ref().is_some_and(same)).and_then(Option::take) {
                Some(other) => {
                    let detail = format!("moved to {}", other.name());
                    self.report(Subject::Operation, Action::Changed, &operation.name(), detail, true);
                    self.operation(&operation, &other);
                }
                None => {
                    let id = operation.id().unwrap_or_default();
                    self.report(Subject::Operation, Action::Removed, &operation.name(), id, true);
                }
            }
        }
        for operation in new.into_iter().flatten() {
            let id = operation.id().unwrap_or_default();
            self.report(Subject::Operation, Action::Added, &operation.name(), id, false);
        }
    }

    fn operation(&mut self, old: &Operation<'a>, new: &Operation<'a>) {
        let at = new.name();
        if old.path != new.path && old.key() == new.key() {
            let detail = format!("path {} → {}", old.path, new.path);
            self.report(Subject::Operation, Action::Changed, &at, detail, false);
        }
        if old.id() != new.id() {
            let detail = format!("operation id {}", from_to(old.id(), new.id(), "none"));
            self.report(Subject::Operation, Action::Changed, &at, detail, true);
        }
        let (before, after) = (old.servers(), new.servers());
        if before != after {
            // Another host takes other credentials.
            let detail = format!("server {}", from_to(before.as_deref(), after.as_deref(), "the document's"));
            self.report(Subject::Operation, Action::Changed, &at, detail, true);
        }
        for (key, breaking) in [("tags", false), ("deprecated", false), ("security", true)] {
            let text = |node: &Node<'_>| node.value.get(key).map(ToString::to_string);
            let (before, after) = (text(&old.node), text(&new.node));
            if before != after {
                let detail = format!("{key} {}", from_to(before.as_deref(), after.as_deref(), "none"));
                self.report(Subject::Operation, Action::Changed, &at, detail, breaking);
            }
        }

        let (before, after) = (parameters(&self.old, old), parameters(&self.new, new));
        for key in keys(&before, &after) {
            match (before.get(key), after.get(key)) {
                (Some(old), Some(new)) => self.parameter(&parameter_place(&at, &self.new.resolved(new)), old, new),
                (Some(old), None) => {
                    let place = parameter_place(&at, &self.old.resolved(old));
                    self.report(Subject::Parameter, Action::Removed, &place, "", true);
                }
                (None, Some(new)) => {
                    let new = self.new.resolved(new);
                    let required = new.flag("required");
                    let detail = if required { "required" } else { "optional" };
                    self.report(Subject::Parameter, Action::Added, &parameter_place(&at, &new), detail, required);
                }
                (None, None) => {}
            }
        }

        let request = format!("{at} request");
        match (old.node.get("requestBody"), new.node.get("requestBody")) {
            (Some(old), Some(new)) => self.body(&request, &old, &new),
            (Some(_), None) => self.report(Subject::Request, Action::Removed, &request, "", true),
            (None, Some(new)) => {
                let required = self.new.resolved(&new).flag("required");
                let detail = if required { "required" } else { "optional" };
                self.report(Subject::Request, Action::Added, &request, detail, required);
            }
            (None, None) => {}
        }

        let entries = |node: &Node<'a>| -> BTreeMap<&'a str, Node<'a>> {
            node.get("responses").iter().flat_map(Node::entries).collect()
        };
        let (before, after) = (entries(&old.node), entries(&new.node));
        for status in keys(&before, &after) {
            let place = format!("{at} response {status}");
            let (old, new) = (before.get(status), after.get(status));
            self.presence(Subject::Response, &place, old, new, (false, true));
            if let (Some(old), Some(new)) = (old, new) {
                self.response(&place, old, new);
            }
        }
    }

    fn parameter(&mut self, at: &str, old: &Node<'a>, new: &Node<'a>) {
        if old.reference().is_some() && old.reference() == new.reference() {
            return;
        }
        let (old, new) = (self.old.resolved(old), self.new.resolved(new));
        match (old.flag("required"), new.flag("required")) {
            (false, true) => self.report(Subject::Parameter, Action::Changed, at, "optional → required", true),
            (true, false) => self.report(Subject::Parameter, Action::Changed, at, "required → optional", false),
            _ => {}
        }
        for (key, breaking) in [("deprecated", false), ("style", true), ("explode", true), ("allowReserved", true)] {
            let text = |node: &Node<'_>| node.value.get(key).map(shown);
            let (before, after) = (text(&old), text(&new));
            if before != after {
                let detail = format!("{key} {}", from_to(before.as_deref(), after.as_deref(), "none"));
                self.report(Subject::Parameter, Action::Changed, at, detail, breaking);
            }
        }
        self.content(Subject::Parameter, at, &old, &new);
        if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
            self.schema(&Place::inline(at), &old, &new);
        }
    }

    fn body(&mut self, at: &str, old: &Node<'a>, new: &Node<'a>) {
        if old.reference().is_some() && old.reference() == new.reference() {
            return;
        }
        let (old, new) = (self.old.resolved(old), self.new.resolved(new));
        match (old.flag("required"), new.flag("required")) {
            (false, true) => self.report(Subject::Request, Action::Changed, at, "optional → required", true),
            (true, false) => self.report(Subject::Request, Action::Changed, at, "required → optional", false),
            _ => {}
        }
        self.content(Subject::Request, at, &old, &new);
    }

    fn response(&mut self, at: &str, old: &Node<'a>, new: &Node<'a>) {
        if old.reference().is_some() && old.reference() == new.reference() {
            return;
        }
        let (old, new) = (self.old.resolved(old), self.new.resolved(new));
        let entries = |node: &Node<'a>| -> BTreeMap<&'a str, Node<'a>> {
            node.get("headers").iter().flat_map(Node::entries).collect()
        };
        let (before, after) = (entries(&old), entries(&new));
        for name in keys(&before, &after) {
            let place = format!("{at} header {name}");
            self.presence(Subject::Response, &place, before.get(name), after.get(name), (false, true));
            if let (Some(old), Some(new)) = (before.get(name), after.get(name)) {
                let (old, new) = (self.old.resolved(old).get("schema"), self.new.resolved(new).get("schema"));
                if let (Some(old), Some(new)) = (old, new) {
                    self.schema(&Place::inline(&place), &old, &new);
                }
            }
        }
        self.content(Subject::Response, at, &old, &new);
    }

    /// The media types of a body, and the schema of each.
    fn content(&mut self, subject: Subject, at: &str, old: &Node<'a>, new: &Node<'a>) {
        let entries = |node: &Node<'a>| -> BTreeMap<&'a str, Node<'a>> {
            node.get("content").iter().flat_map(Node::entries).collect()
        };
        let (before, after) = (entries(old), entries(new));
        for media in keys(&before, &after) {
            let place = format!("{at} {media}");
            let (old, new) = (before.get(media), after.get(media));
            self.presence(subject, &place, old, new, (false, true));
            let (Some(old), Some(new)) = (old, new) else { continue };
            // JSON is what one means unless another is named.
            let place = if *media == "application/json" { at } else { &place };
            match (old.get("schema"), new.get("schema")) {
                (Some(old), Some(new)) => self.schema(&Place::inline(place), &old, &new),
                (Some(_), None) => self.report(Subject::Type, Action::Changed, place, "a schema → none", true),
                (None, Some(_)) => self.report(Subject::Type, Action::Changed, place, "no schema → one", true),
                (None, None) => {}
            }
        }
    }

    /// Reports what is on one side only; `breaking` says so for (added, removed).
    fn presence<T>(&mut self, subject: Subject, at: &str, old: Option<&T>, new: Option<&T>, breaking: (bool, bool)) {
        match (old.is_some(), new.is_some()) {
            (false, true) => self.report(subject, Action::Added, at, "", breaking.0),
            (true, false) => self.report(subject, Action::Removed, at, "", breaking.1),
            _ => {}
        }
    }

    /// Reports the names that are on one side only.
    fn names(&mut self, subject: Subject, what: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for name in old.union(new) {
            let (before, after) = (old.get(name), new.get(name));
            self.presence(subject, &format!("{what} {name}"), before, after, (false, true));
        }
    }

    /// The entries under a pointer, by name.
    pub(super) fn pairs(&self, pointer: &str) -> Vec<(&'a str, Option<Node<'a>>, Option<Node<'a>>)> {
        let entries = |side: &Side<'a>| -> BTreeMap<&'a str, Node<'a>> {
            side.node(pointer).iter().flat_map(Node::entries).collect()
        };
        let (old, new) = (entries(&self.old), entries(&self.new));
        keys(&old, &new).into_iter().map(|name| (*name, old.get(name).cloned(), new.get(name).cloned())).collect()
    }
}

fn keys<'k, K: Ord, V>(old: &'k BTreeMap<K, V>, new: &'k BTreeMap<K, V>) -> BTreeSet<&'k K> {
    old.keys().chain(new.keys()).collect()
}

/// The parameters of an operation and of its path, by where they are and how they are called; those of the path by
/// their position in it, since their names are the document's own business.
fn parameters<'a>(side: &Side<'a>, operation: &Operation<'a>) -> BTreeMap<(&'a str, String), Node<'a>> {
    let placeholders = operation.placeholders();
    let mut parameters = BTreeMap::new();
    // An operation's own come last, since they take the place of its path's.
    for owner in [&operation.item, &operation.node] {
        for parameter in owner.get("parameters").iter().flat_map(Node::items) {
            let resolved = side.resolved(&parameter);
            let (Some(location), Some(name)) = (resolved.text("in"), resolved.text("name")) else { continue };
            let position = placeholders.iter().position(|placeholder| location == "path" && *placeholder == name);
            let key = position.map_or_else(|| name.to_owned(), |position| format!("{{{position}}}"));
            parameters.insert((location, key), parameter);
        }
    }
    parameters
}

fn parameter_place(at: &str, parameter: &Node<'_>) -> String {
    let (location, name) = (parameter.text("in").unwrap_or_default(), parameter.text("name").unwrap_or_default());
    format!("{at} {location} {name}")
}
