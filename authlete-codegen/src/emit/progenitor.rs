//! Calls progenitor, and finds the operation that it stumbles over.

use std::collections::BTreeSet;
use std::thread;

use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use serde_json::Value;

use super::Description;
use crate::{Document, Problem, Problems};

const STAGE: &str = "progenitor";

/// progenitor's output, parsed.
///
/// # Errors
/// When it fails, with the operation or component it fails at.
pub fn generate(document: &Document, description: &Description) -> Result<syn::File, Problems> {
    attempt(document, description).map_err(|message| Problems(locate(document, description, &message)))
}

/// What progenitor alone makes of the document, with nothing of ours: to compare with.
///
/// # Errors
/// When it fails, without the place.
pub fn plain(document: &Document) -> Result<String, Problems> {
    let file = run(document, positional).map_err(|message| Problem::new(STAGE, "", message))?;
    Ok(prettyplease::unparse(&file))
}

fn attempt(document: &Document, description: &Description) -> Result<syn::File, String> {
    run(document, || settings(description))
}

/// The name of the thread that progenitor runs on: whoever prints panics can leave out those of this thread, which
/// become errors.
pub const THREAD: &str = "progenitor";

fn run(document: &Document, settings: impl Fn() -> GenerationSettings + Sync) -> Result<syn::File, String> {
    let spec: openapiv3::OpenAPI = serde_json::from_value(document.0.clone()).map_err(|error| error.to_string())?;
    // progenitor asserts here and there; what it says becomes an error like the others. Tokens and settings cannot
    // change threads, so they are made there, and their text leaves.
    let text = thread::scope(|scope| {
        let generate = || {
            let tokens = Generator::new(&settings()).generate_tokens(&spec).map_err(|error| error.to_string())?;
            Ok(tokens.to_string())
        };
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn_scoped(scope, generate);
        let thread = thread.map_err(|error| format!("no thread for it: {error}"))?;
        thread.join().unwrap_or_else(|panic| Err(panic_message(&*panic)))
    })?;
    syn::parse_str(&text).map_err(|error| format!("its output does not parse: {error}"))
}

fn positional() -> GenerationSettings {
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Positional);
    settings
}

fn settings(description: &Description) -> GenerationSettings {
    let mut settings = positional();
    // In order, so that the same value has the same bytes.
    settings.with_map_type("::std::collections::BTreeMap");
    for name in description.enums.keys() {
        // The names come from the description itself, so that none can be unknown, which progenitor would not say.
        let impls = [TypeImpl::FromStr, TypeImpl::FromStringIrrefutable, TypeImpl::Display];
        settings.with_replacement(name, format!("crate::types::{name}"), impls.into_iter());
    }
    for name in &description.texts {
        settings.with_replacement(name, format!("crate::rt::{name}"), std::iter::empty());
    }
    settings
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Tries every operation alone, then every component alone, to say where the trouble is.
fn locate(document: &Document, description: &Description, message: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    for (path, method, operation) in document.operations() {
        let mut alone = document.clone();
        alone.0["paths"] = serde_json::json!({ path: { method: operation } });
        keep_reachable(&mut alone);
        if let Err(message) = attempt(&alone, description) {
            let name = operation.get("operationId").and_then(Value::as_str).unwrap_or("no id");
            found.push(Problem::new(STAGE, format!("{} {path} ({name})", method.to_uppercase()), message));
        }
    }
    if found.is_empty() {
        for (name, _) in document.schemas() {
            let mut alone = document.clone();
            alone.0["paths"] = serde_json::json!({});
            alone.0["x-roots"] = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
            keep_reachable(&mut alone);
            if let Err(message) = attempt(&alone, description) {
                found.push(Problem::new(STAGE, format!("#/components/schemas/{name}"), message));
            }
        }
    }
    if found.is_empty() {
        found.push(
            Problem::new(STAGE, "", message)
                .hint("no operation and no component fails alone: look for two whose names meet in Rust"),
        );
    }
    found
}

/// Drops the components that nothing else in the document leads to.
fn keep_reachable(document: &mut Document) {
    let roots = ["paths", "x-roots"].iter().filter_map(|key| document.0.get(*key));
    let wanted: BTreeSet<String> = document.reachable(roots).into_iter().map(str::to_owned).collect();
    let schemas = document.schemas_mut();
    *schemas = std::mem::take(schemas).into_iter().filter(|(name, _)| wanted.contains(name)).collect();
}
