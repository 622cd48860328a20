//! Leaves a member out of what the tests send, and notes what they send: so `settings.toml` is held against the tests.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::OnceLock;

use reqwest::{Body, Request};
use serde_json::Value;

/// Names a member that is left out of every body: `Service.issuer`, `TokenRequest.dpop`.
pub(crate) const OMIT: &str = "AUTHLETE_TESTS_OMIT";

/// Names a file to which every member that is sent is written, with the test that sends it.
pub(crate) const NOTE: &str = "AUTHLETE_TESTS_NOTE";

/// Does what the environment asks for.
pub(crate) fn apply(request: &mut Request) {
    if env::var_os(OMIT).is_none() && env::var_os(NOTE).is_none() {
        return;
    }
    let Some(object) = object(request.method().as_str(), request.url().path()) else { return };
    let bytes = request.body().and_then(Body::as_bytes).unwrap_or_default();
    let Ok(mut body) = serde_json::from_slice::<Value>(bytes) else { return };
    let bodies: Vec<&mut Value> = match &mut body {
        Value::Array(elements) => elements.iter_mut().collect(),
        other => vec![other],
    };
    let mut changed = false;
    for members in bodies.into_iter().filter_map(Value::as_object_mut) {
        note(&object, members.keys());
        if let Ok(omitted) = env::var(OMIT)
            && let Some((of, member)) = omitted.split_once('.')
            && of == object
        {
            changed |= members.remove(member).is_some();
        }
    }
    if changed {
        let bytes = body.to_string();
        request.headers_mut().remove("content-length");
        *request.body_mut() = Some(bytes.into());
    }
}

fn note<'a>(object: &str, members: impl Iterator<Item = &'a String>) {
    let Some(path) = env::var_os(NOTE) else { return };
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let lines: String = members.map(|member| format!("{object}.{member} {test}\n")).collect();
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(lines.as_bytes())).expect("it is noted");
}

/// The name of the body's object in the description.
fn object(method: &str, path: &str) -> Option<String> {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| {
        serde_json::from_str(include_str!("../../../openapi/effective.json")).expect("the description is JSON")
    });
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == parts.len() && template.iter().zip(&parts).all(|(a, b)| a.starts_with('{') || a == b)
    };
    let paths = description["paths"].as_object().expect("paths").iter();
    let (_, operations) =
        paths.filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count())?;
    let schema = &operations[method.to_lowercase()]["requestBody"]["content"]["application/json"]["schema"];
    let named = [schema, &schema["allOf"][0], &schema["items"]].into_iter().find_map(|one| one["$ref"].as_str())?;
    named.rsplit('/').next().map(str::to_owned)
}
