//! A complete crate from another upstream document: our hand-written source around its generated code.

use std::fs;
use std::path::Path;

use authlete_codegen::pipeline::Generated;

use crate::files;

const SOURCE: &str = "authlete-api/src";

/// What the head of a hand-written companion of particular operations says. Another description, taken leniently, may lack
/// what it needs, so its crate goes without it.
const COMPANION: &str = "//! For operations of the committed description alone.\n";

/// Writes manifest and source into a folder, which must be new, empty, or the result of an earlier run.
pub(crate) fn write(project: &Path, out: &Path, generated: &Generated, lenient: bool) -> Result<(), String> {
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
    copy(&project.join(SOURCE), &source, &project.join(SOURCE).join("generated"), lenient)?;
    files::write(&source.join("generated/mod.rs"), &text(&project.join(SOURCE).join("generated/mod.rs"))?)?;
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

fn copy(from: &Path, to: &Path, except: &Path, lenient: bool) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path == except {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target, except, lenient)?;
        } else {
            let text = text(&path)?;
            let left_out = lenient && text.contains(COMPANION);
            files::write(&target, if left_out { "//! Left out: it fits another description.\n" } else { &text })?;
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
