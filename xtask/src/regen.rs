//! `cargo xtask regen`: writes everything that is generated, or checks that it is current.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use authlete_codegen::pipeline::{self, Generated, Inputs, OWNED_FOLDERS};
use authlete_codegen::{Document, import};

use crate::{files, settings, standalone};

/// The options of `regen`.
#[derive(clap::Args)]
pub(crate) struct Regen {
    /// Writes nothing; fails when a generated file differs, is stale or missing
    #[arg(long, conflicts_with_all = ["spec", "out"])]
    check: bool,
    /// Generates from another upstream document: a path, or `-` for standard input
    #[arg(long, value_name = "PATH", requires = "out")]
    spec: Option<String>,
    /// Writes a complete crate into this folder instead of the project's files
    #[arg(long, value_name = "DIR", requires = "spec")]
    out: Option<PathBuf>,
    /// Overlay actions and rules that fit only the committed document become warnings, and items may lack words
    #[arg(long)]
    lenient: bool,
}

impl Regen {
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let document = match &self.spec {
            Some(spec) => {
                let bytes = files::read(spec)?;
                import::import(&bytes, spec).map_err(|problems| problems.to_string())?.document
            }
            None => committed(project)?,
        };
        let overlays = overlays(project)?;
        let overlays = overlays.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let actions = files::read_file(&project.join("openapi/actions.yaml"))?;
        let words = folder(project, "openapi/docs")?;
        let words = words.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let examples = folder(project, "openapi/examples")?;
        let examples = examples.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let inputs = Inputs { document, overlays, actions: &actions, words, examples, lenient: self.lenient };
        let generated =
            pipeline::generate(&inputs).map_err(|problems| format!("{} problem(s):\n{problems}", problems.0.len()))?;
        if self.lenient {
            for warning in &generated.warnings {
                eprintln!("warning: {warning}");
            }
        }
        match &self.out {
            Some(out) => {
                standalone::write(project, out, &generated)?;
                files::print(&format!("wrote a crate into {}\n", out.display()))
            }
            None => {
                let mut generated = generated;
                // A document that is tried out has members that nobody has classed yet.
                if self.spec.is_none() {
                    let table = files::read_file(&project.join(settings::TABLE))?;
                    let description = &generated.files["openapi/effective.json"];
                    let page = settings::page(&String::from_utf8_lossy(&table), description)?;
                    generated.files.insert(settings::PAGE.to_owned(), page);
                }
                sync(project, &generated, self.check)
            }
        }
    }
}

fn committed(project: &Path) -> Result<Document, String> {
    let path = project.join("openapi/authlete.json");
    let bytes = files::read_file(&path)
        .map_err(|error| format!("{error}; `cargo xtask import <path|URL>` writes the description"))?;
    import::parse(&bytes).map_err(|problems| format!("{}:\n{problems}", path.display()))
}

/// The overlays of the project, with their names.
pub(crate) fn overlays(project: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    folder(project, "openapi/overlays")
}

/// The files of a folder that holds YAML, with their names.
pub(crate) fn folder(project: &Path, folder: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut found = Vec::new();
    for path in list(&project.join(folder))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            found.push((name, files::read_file(&path)?));
        } else if name != "README.md" {
            return Err(format!("{} is not YAML: the files of {folder} have names that end in .yaml", path.display()));
        }
    }
    Ok(found)
}

/// Every file below a folder, sorted; none when the folder is not there.
fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop().filter(|folder| folder.exists()) {
        let entries = fs::read_dir(&folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("cannot list {}: {error}", folder.display()))?.path();
            if path.is_dir() { open.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    Ok(paths)
}

/// How a file on disk stands to what is generated.
enum Difference {
    Missing,
    Stale,
    Differs(String),
}

fn sync(project: &Path, generated: &Generated, check: bool) -> Result<(), String> {
    let differences = differences(project, &generated.files)?;
    if check {
        return report(&differences);
    }
    for (path, difference) in &differences {
        let target = project.join(path);
        match difference {
            Difference::Stale => {
                fs::remove_file(&target).map_err(|error| format!("cannot remove {}: {error}", target.display()))?;
            }
            Difference::Missing | Difference::Differs(_) => files::write(&target, &generated.files[path])?,
        }
    }
    files::print(&format!("{} generated files, {} changed\n", generated.files.len(), differences.len()))
}

fn differences(project: &Path, generated: &BTreeMap<String, String>) -> Result<BTreeMap<String, Difference>, String> {
    let mut differences = BTreeMap::new();
    for (path, text) in generated {
        let target = project.join(path);
        if !target.exists() {
            differences.insert(path.clone(), Difference::Missing);
            continue;
        }
        let found = String::from_utf8_lossy(&files::read_file(&target)?).replace("\r\n", "\n");
        if found != *text {
            differences.insert(path.clone(), Difference::Differs(files::short_diff(&found, text)));
        }
    }
    for folder in OWNED_FOLDERS {
        for path in list(&project.join(folder))? {
            let relative = path.strip_prefix(project).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let hand_written = relative == format!("{folder}/mod.rs");
            if !hand_written && !generated.contains_key(&relative) {
                differences.insert(relative, Difference::Stale);
            }
        }
    }
    Ok(differences)
}

fn report(differences: &BTreeMap<String, Difference>) -> Result<(), String> {
    if differences.is_empty() {
        return files::print("everything generated is current\n");
    }
    let mut message = format!("{} generated file(s) are not current:\n", differences.len());
    for (path, difference) in differences {
        match difference {
            Difference::Missing => message.push_str(&format!("  missing: {path}\n")),
            Difference::Stale => message.push_str(&format!("  stale:   {path}\n")),
            Difference::Differs(diff) => message.push_str(&format!("  differs: {path}\n{diff}")),
        }
    }
    message.push_str("run `cargo xtask regen` and commit what it writes");
    Err(message)
}
