//! `cargo xtask mutants`: do the tests notice what is wrong? cargo-mutants lists what could be changed in the hand-written
//! code of the published crates, and would compile each change anew, which takes days. Here all of them are compiled at
//! once, in a copy of the project, behind a variable of the environment that turns one on; and of the tests only those run
//! that reach the changed place.

mod run;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::files;

/// The options of `mutants`.
#[derive(clap::Args)]
pub(crate) struct Mutants {
    /// Take those again that nothing noticed in the run before, and no others
    #[arg(long)]
    again: bool,
    /// Take every nth alone
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
}

/// The crates whose code is changed, each with the one that it finds the switch in.
const CRATES: [(&str, Option<&str>); 3] = [
    ("authlete-core", None),
    ("authlete-api", Some("authlete_core")),
    ("authlete-resource-server", Some("authlete_api")),
];

/// A change, as cargo-mutants lists it.
#[derive(Debug, Clone, Deserialize)]
struct Mutant {
    /// File, line, column and what is changed.
    name: String,
    file: PathBuf,
    genre: String,
    replacement: String,
    span: switch::Span,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "by")]
enum Outcome {
    /// A test failed.
    Caught(String),
    /// A test did not come to its end.
    TimedOut(String),
    /// All tests that reach it pass.
    Survived,
    /// No test reaches it.
    NotReached,
    /// It does not compile.
    DoesNotCompile,
    /// It cannot be put behind a switch; cargo-mutants itself has to try it.
    NotSwitched,
}

impl Outcome {
    fn is_caught(&self) -> bool {
        matches!(self, Self::Caught(_) | Self::TimedOut(_))
    }

    fn told(&self) -> &'static str {
        match self {
            Self::Caught(_) => "caught by a test that fails",
            Self::TimedOut(_) => "caught by a test that does not end",
            Self::Survived => "not noticed",
            Self::NotReached => "not reached by any test",
            Self::DoesNotCompile => "does not compile",
            Self::NotSwitched => "has to be tried by cargo-mutants itself",
        }
    }
}

impl Mutants {
    /// Prints how many changes are caught, and those that are not.
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let folder = project.join("target/mutants");
        let tree = folder.join("tree");
        let before: BTreeMap<String, Outcome> = match std::fs::read(folder.join("outcomes.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("the last run's outcomes: {error}"))?,
            Err(_) => BTreeMap::new(),
        };
        let mutants: Vec<Mutant> = list(project)?.into_iter().step_by(self.every).collect();
        let settings = run::Settings::read(project)?;
        copy(project, &tree)?;
        let switched = run::compile(project, &tree, &folder.join("target"), &mutants, &settings)?;
        let keys = keys(&mutants);
        let caught = |key: &String| before.get(key).filter(|outcome| matches!(outcome, Outcome::Caught(_)));
        let wanted = |id: usize| !self.again || caught(&keys[id]).is_none();
        let mut outcomes: BTreeMap<String, Outcome> =
            run::outcomes(&tree, &folder.join("target"), &mutants, &switched, &settings, wanted)?
                .into_iter()
                .map(|(id, outcome)| (keys[id].clone(), outcome))
                .collect();
        for key in keys.iter().filter(|_| self.again) {
            if let Some(outcome) = caught(key) {
                outcomes.insert(key.clone(), outcome.clone());
            }
        }
        let text = serde_json::to_string_pretty(&outcomes).map_err(|error| error.to_string())?;
        files::write(&folder.join("outcomes.json"), &text)?;
        files::print(&summary(&outcomes))
    }
}

/// What a change is called in any version of its file: without line and column, with a number where there are several.
fn keys(mutants: &[Mutant]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let keys = mutants.iter().map(|mutant| {
        let what = mutant.name.splitn(4, ':').nth(3).unwrap_or(&mutant.name);
        let key = format!("{}:{what}", mutant.file.display());
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 { key } else { format!("{key} #{count}") }
    });
    keys.collect()
}

fn summary(outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut text = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, outcome) in outcomes {
        *counts.entry(outcome.told()).or_default() += 1;
        if !outcome.is_caught() && *outcome != Outcome::DoesNotCompile {
            text.push_str(&format!("{}: {name}\n", outcome.told()));
        }
    }
    for (told, count) in &counts {
        text.push_str(&format!("{count:6} {told}\n"));
    }
    let of = |is: fn(&Outcome) -> bool| outcomes.values().filter(|outcome| is(outcome)).count();
    let caught = of(Outcome::is_caught);
    let tried = caught + of(|outcome| matches!(outcome, Outcome::Survived | Outcome::NotReached));
    let share = 100.0 * caught as f64 / tried.max(1) as f64;
    text.push_str(&format!("{caught} of {tried} are caught: {share:.1} %\n"));
    text
}

/// What cargo-mutants would change. `.cargo/mutants.toml` says what is left out.
fn list(project: &Path) -> Result<Vec<Mutant>, String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(project).args(["mutants", "--list", "--json"]);
    for (name, _) in CRATES {
        cargo.args(["-p", name]);
    }
    let output = cargo.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo-mutants lists nothing: {}; `cargo install --locked cargo-mutants` installs it",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("the list of cargo-mutants: {error}"))
}

/// Copies the files that git knows, and removes what it does not know any more. A file that has not changed is left as it is, or
/// cargo would build it again.
fn copy(project: &Path, tree: &Path) -> Result<(), String> {
    let output = Command::new("git")
        .current_dir(project)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("cannot start git: {error}"))?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let known: BTreeSet<PathBuf> = names.split('\0').map(|name| tree.join(name)).collect();
    for path in files_below(tree).unwrap_or_default().iter().filter(|path| !known.contains(*path)) {
        std::fs::remove_file(path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
    }
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let from = project.join(name);
        // Those of the three crates are written with their switches.
        if from.is_file() && !is_switched(Path::new(name)) {
            put(&tree.join(name), &files::read_file(&from)?)?;
        }
    }
    Ok(())
}

/// The files in a folder and all below it.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_switched(path: &Path) -> bool {
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    is_rust && CRATES.iter().any(|(name, _)| path.starts_with(Path::new(name).join("src")))
}

/// Writes a file unless it has that content.
fn put(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if std::fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, content).map_err(failed)
}
