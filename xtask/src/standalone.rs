//! A complete crate from another upstream document: its generated code, the handles around it, and `authlete-core` beneath.

use std::fs;
use std::path::Path;

use authlete_codegen::pipeline::Generated;

use crate::files;

const SOURCE: &str = "authlete-api/src";

/// The hand-written files that any description can have: the handles, and how they are made.
const HANDLES: [&str; 7] =
    ["authlete.rs", "builder.rs", "environment.rs", "generated/mod.rs", "prelude.rs", "region.rs", "service.rs"];

/// What stands in `lib.rs` for the hand-written part of `actions`, which belongs to operations of the committed description.
const ACTIONS: &str = "/// What the responses of operations ask the server to do.
pub mod actions {
    pub use authlete_core::actions::{Action, ExtraHeaders, FollowUp, IntoAction, UnknownAction, UserPage};

    pub use crate::generated::actions::*;
}
";

/// `lib.rs` without the modules that belong to operations of the committed description: those that are no handles.
fn library(text: &str) -> String {
    let module = |line: &str| Some(line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(";")?.to_owned());
    let is_kept = |name: &str| {
        HANDLES.iter().any(|file| file.strip_suffix(".rs").is_some_and(|path| path.trim_end_matches("/mod") == name))
    };
    text.lines()
        .filter_map(|line| match module(line).as_deref() {
            Some("actions") => Some(ACTIONS.to_owned()),
            Some(name) if !is_kept(name) => None,
            _ => Some(format!("{line}\n")),
        })
        .collect()
}

/// Writes manifest and source into a folder, which must be new, empty, or the result of an earlier run.
pub(crate) fn write(project: &Path, out: &Path, generated: &Generated) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", out.display());
    let manifest = out.join("Cargo.toml");
    let occupied = out.exists() && fs::read_dir(out).map_err(failed)?.next().is_some();
    if occupied && !fs::read_to_string(&manifest).is_ok_and(|text| text.starts_with(MARK)) {
        return Err(format!("{} holds other files; give a new folder", out.display()));
    }
    let source = out.join("src");
    if source.exists() {
        fs::remove_dir_all(&source).map_err(failed)?;
    }
    files::write(&manifest, &manifest_text(project)?)?;
    files::write(&out.join("README.md"), &text(&project.join("authlete-api/README.md"))?)?;
    for file in HANDLES {
        files::write(&source.join(file), &text(&project.join(SOURCE).join(file))?)?;
    }
    let lib = text(&project.join(SOURCE).join("lib.rs"))?;
    files::write(&source.join("lib.rs"), &library(&lib))?;
    for (path, text) in &generated.files {
        if let Some(path) = path.strip_prefix("authlete-api/") {
            files::write(&out.join(path), text)?;
        } else if let Some(name) = path.strip_prefix("openapi/") {
            files::write(&out.join(name), text)?;
        }
    }
    Ok(())
}

const MARK: &str = "# Written by `cargo xtask regen --spec`";

/// The manifest of `authlete-api`, with what it takes from the workspace written out.
fn manifest_text(project: &Path) -> Result<String, String> {
    let parse = |path: &str| -> Result<toml_edit::DocumentMut, String> {
        text(&project.join(path))?.parse().map_err(|error| format!("{path}: {error}"))
    };
    let workspace = parse("Cargo.toml")?;
    let mut manifest = parse("authlete-api/Cargo.toml")?;
    if let Some(package) = manifest["package"].as_table_mut() {
        for (key, value) in package.iter_mut() {
            if value.get("workspace").is_some() {
                *value = workspace["workspace"]["package"][key.get()].clone();
            }
        }
        package.insert("publish", toml_edit::value(false));
    }
    if let Some(dependencies) = manifest["dependencies"].as_table_like_mut() {
        for (name, value) in dependencies.iter_mut() {
            if value.get("workspace").is_some() {
                let mut own = value.clone().into_table().map_err(|_| format!("dependency {name} is not a table"))?;
                own.remove("workspace");
                let shared = workspace["workspace"]["dependencies"][name.get()].clone();
                let mut merged = match shared {
                    toml_edit::Item::Value(toml_edit::Value::String(version)) => {
                        let mut table = toml_edit::InlineTable::new();
                        table.insert("version", toml_edit::Value::String(version));
                        table
                    }
                    other => {
                        other.into_value().ok().and_then(|value| value.as_inline_table().cloned()).unwrap_or_default()
                    }
                };
                for (key, value) in own.into_inline_table() {
                    merged.insert(key, value);
                }
                // A folder of the workspace, where this machine has it.
                if let Some(path) = merged.get("path").and_then(|path| path.as_str()) {
                    let path = std::path::absolute(project.join(path)).map_err(|error| format!("{path}: {error}"))?;
                    merged.insert("path", path.to_string_lossy().into_owned().into());
                }
                *value = toml_edit::value(merged);
            }
        }
    }
    for key in ["dev-dependencies", "lints", "example", "bench", "test"] {
        manifest.remove(key);
    }
    manifest.insert("workspace", toml_edit::table());
    Ok(format!("{MARK}; it stands alone.\n{manifest}"))
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
