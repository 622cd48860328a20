//! Every operation says which host serves it, `x-host`: `api` for the servers of the document, or the name that an
//! overlay gives, also as `x-host`, to a server that a path or an operation has for itself. `x-hosts` then lists the
//! addresses of these others.
//!
//! A server of its own without a name fails: calls would go to the wrong host, with a credential that is not for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::walk::tidy;
use crate::document::METHODS;
use crate::passes::Notes;
use crate::{Document, Problem, Problems};

/// The host that the servers of the document are.
const API: &str = "api";

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let mut hosts = Hosts { lenient: notes.lenient, ..Hosts::default() };
    for (path, item) in document.0.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(item) = item.as_object_mut() else { continue };
        let common = item.remove("servers").map(|servers| hosts.host(path, &servers));
        for (method, operation) in item.iter_mut() {
            let Some(operation) = operation.as_object_mut().filter(|_| METHODS.contains(&method.as_str())) else {
                continue;
            };
            let at = format!("{} {path}", method.to_uppercase());
            hosts.operation(&at, operation, common.as_deref());
        }
    }
    for (host, url) in &hosts.urls {
        notes.changes.push(format!("{host}: {url}, {} operations", hosts.operations[host]));
    }
    let urls: Map<_, _> = hosts.urls.into_iter().map(|(host, url)| (host, json!({"url": url}))).collect();
    if !urls.is_empty() {
        document.0["x-hosts"] = Value::Object(urls);
    }
    notes.warnings.append(&mut hosts.warnings);
    hosts.problems.into_result(())
}

#[derive(Default)]
struct Hosts {
    lenient: bool,
    /// The address of each host beside the document's own servers.
    urls: BTreeMap<String, String>,
    /// How many operations each host serves.
    operations: BTreeMap<String, usize>,
    warnings: Vec<String>,
    problems: Problems,
}

impl Hosts {
    fn operation(&mut self, at: &str, operation: &mut Map<String, Value>, common: Option<&str>) {
        let own = operation.remove("servers").map(|servers| self.host(at, &servers));
        let host = own.as_deref().or(common).unwrap_or(API);
        *self.operations.entry(host.to_owned()).or_default() += 1;
        operation.insert("x-host".to_owned(), Value::String(host.to_owned()));
    }

    /// The name of the host that some servers are.
    fn host(&mut self, at: &str, servers: &Value) -> String {
        let mut servers = servers.as_array().into_iter().flatten();
        let first = servers.next();
        let given = |key: &str| first.and_then(|server| server.get(key)?.as_str());
        let (Some(host), Some(url)) = (given("x-host"), given("url")) else {
            let url = given("url").unwrap_or("nothing");
            self.complain(at, format!("has a server of its own, {url}, and no x-host names it"));
            return API.to_owned();
        };
        if servers.next().is_some() {
            self.complain(at, "has several servers of its own; the first is taken".to_owned());
        }
        let known = self.urls.entry(host.to_owned()).or_insert_with(|| url.to_owned()).clone();
        if known != url {
            self.complain(at, format!("the host {host} is {known} already, and {url} here"));
        }
        host.to_owned()
    }

    /// Fails, or is tolerated.
    fn complain(&mut self, at: &str, message: String) {
        if self.lenient {
            self.warnings.push(format!("{at}: {message}"));
        } else {
            let problem = Problem::new("hosts", at, message);
            self.problems.0.push(problem.hint("name it in openapi/overlays/13-servers.yaml"));
        }
    }
}
