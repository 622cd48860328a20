//! `cargo xtask rust-versions`: the oldest Rust that each crate of the workspace can be built with, as its locked
//! dependencies say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::files;

/// The document that states both versions.
const README: &str = "README.md";

/// The arguments of `rust-versions`.
#[derive(clap::Args)]
pub(crate) struct RustVersions {
    /// Fail where a manifest or README.md promises an older Rust
    #[arg(long)]
    check: bool,
}

/// A version of Rust: `1.88` and `1.88.0` are one.
type Version = (u64, u64, u64);

/// What a crate needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    name: String,
    published: bool,
    /// What the manifest states.
    stated: Version,
    /// The newest version that a dependency states, and the dependency.
    needed: Version,
    by: String,
}

impl RustVersions {
    /// Prints what is needed, and fails where less is promised.
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let needs = needs(&metadata(project)?)?;
        let (published, all) = (newest(needs.iter().filter(|need| need.published)), newest(&needs));
        let mut text = String::new();
        for need in &needs {
            text.push_str(&format!("{:26}{:8}{}\n", need.name, shown(need.needed), need.by));
        }
        text.push_str(&format!("published crates: Rust {}\nworkspace: Rust {}\n", shown(published), shown(all)));
        files::print(&text)?;
        if !self.check {
            return Ok(());
        }
        let readme = String::from_utf8_lossy(&files::read_file(&project.join(README))?).into_owned();
        let mut problems = understated(&needs);
        for (what, version) in [("the published crates", published), ("tests and tools", all)] {
            let wanted = format!("Rust {}", shown(version));
            if !readme.contains(&wanted) {
                problems.push(format!("{README} does not say that {what} need {wanted}"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }
}

/// What cargo says of the locked dependencies, those of all features and platforms.
fn metadata(project: &Path) -> Result<Value, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(project)
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata printed no JSON: {error}"))
}

fn needs(metadata: &Value) -> Result<Vec<Need>, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    // Of each package its dependencies, and whether they are for tests alone.
    let mut edges: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let dependencies = list(&node["deps"]).into_iter().map(|dependency| {
            (text(&dependency["pkg"]), list(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev"))
        });
        edges.insert(text(&node["id"]), dependencies.collect());
    }
    let mut needs = Vec::new();
    for id in list(&metadata["workspace_members"]).iter().map(text) {
        let package = packages.get(&id).ok_or_else(|| format!("cargo metadata does not describe {id}"))?;
        // An empty list forbids publishing, and none allows it.
        let published = package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
        let mut needed = ((0, 0, 0), String::new());
        for dependency in reached(&edges, &id, !published) {
            let Some(package) = packages.get(&dependency).filter(|package| !package["source"].is_null()) else {
                continue;
            };
            if let Some(version) = package["rust_version"].as_str().map(version).transpose()?
                && version > needed.0
            {
                needed = (version, format!("{} {}", text(&package["name"]), text(&package["version"])));
            }
        }
        let stated = package["rust_version"].as_str().map(version).transpose()?.unwrap_or_default();
        needs.push(Need { name: text(&package["name"]), published, stated, needed: needed.0, by: needed.1 });
    }
    needs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(needs)
}

/// A package and all that it is built of; with `tests`, all that its own tests are built of too.
fn reached(edges: &BTreeMap<String, Vec<(String, bool)>>, from: &str, tests: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::from([from.to_owned()]);
    let mut open = vec![from.to_owned()];
    while let Some(id) = open.pop() {
        for (dependency, for_tests) in edges.get(&id).into_iter().flatten() {
            if (!for_tests || (tests && id == from)) && found.insert(dependency.clone()) {
                open.push(dependency.clone());
            }
        }
    }
    found
}

/// The manifests that promise an older Rust than a dependency needs.
fn understated(needs: &[Need]) -> Vec<String> {
    let low = needs.iter().filter(|need| need.stated < need.needed);
    low.map(|Need { name, stated, needed, by, .. }| {
        let (stated, needed) = (shown(*stated), shown(*needed));
        format!("{name} says rust-version = \"{stated}\", and {by} needs {needed}")
    })
    .collect()
}

fn newest<'a>(needs: impl IntoIterator<Item = &'a Need>) -> Version {
    needs.into_iter().map(|need| need.needed.max(need.stated)).max().unwrap_or_default()
}

fn version(text: &str) -> Result<Version, String> {
    let mut parts = text.split('.').map(str::parse::<u64>);
    let mut next = || parts.next().unwrap_or(Ok(0)).map_err(|_| format!("{text:?} is not a version of Rust"));
    Ok((next()?, next()?, next()?))
}

fn shown((major, minor, patch): Version) -> String {
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_say_what_is_needed_and_those_of_tests_count_where_nothing_is_published() {
        let package = |id: &str, rust: &str, source: Value, publish: Value| json!({"id": id, "name": id, "version": "1.0.0", "rust_version": rust, "source": source, "publish": publish});
        let edge = |to: &str, kind: Value| json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "workspace_members": ["api", "tests"],
            "packages": [
                package("api", "1.88", Value::Null, Value::Null),
                package("tests", "1.88", Value::Null, json!([])),
                package("old", "1.60.1", json!("registry"), Value::Null),
                package("new", "1.90", json!("registry"), Value::Null),
                package("newest", "1.91", json!("registry"), Value::Null),
            ],
            "resolve": {"nodes": [
                {"id": "api", "deps": [edge("old", Value::Null), edge("new", json!("dev"))]},
                {"id": "tests", "deps": [edge("api", Value::Null), edge("new", json!("dev"))]},
                {"id": "new", "deps": [edge("newest", json!("dev"))]},
                {"id": "old", "deps": []},
            ]},
        });
        let needs = needs(&metadata).expect("the metadata is complete");
        let found: Vec<_> = needs.iter().map(|need| (need.name.as_str(), need.published, need.needed)).collect();
        assert_eq!(found, [("api", true, (1, 60, 1)), ("tests", false, (1, 90, 0))]);
        assert_eq!(understated(&needs), ["tests says rust-version = \"1.88\", and new 1.0.0 needs 1.90"]);
        assert_eq!((shown(newest(&needs[..1])), shown(newest(&needs))), ("1.88".to_owned(), "1.90".to_owned()));
        version("nightly").expect_err("a version is made of numbers");
    }
}
