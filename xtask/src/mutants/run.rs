//! Compiles the switched copy, finds which tests reach which change, and runs these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use toml_edit::DocumentMut;

use super::switch::{Switched, switch};
use super::{CRATES, Mutant, Outcome, files_below, put};
use crate::files;

/// Turns a change on.
const ON: &str = "AUTHLETE_MUTANT";
/// Names the file to which those are written that are reached.
const REACHED: &str = "AUTHLETE_MUTANTS_REACHED";

/// What a crate asks whether a change is on, by these two variables.
const SWITCH: &str = r#"
#[doc(hidden)]
#[allow(missing_docs)]
pub mod mutants {
    use std::collections::HashSet;
    use std::io::Write;
    use std::sync::{LazyLock, Mutex};

    static ON: LazyLock<Option<usize>> = LazyLock::new(|| std::env::var("$ON").ok()?.parse().ok());
    static FILE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("$REACHED").ok());
    static SEEN: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

    pub fn is_on(id: usize) -> bool {
        if let Some(path) = &*FILE
            && let Ok(mut seen) = SEEN.lock()
            && seen.get_or_insert_default().insert(id)
            && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path)
        {
            let _ = writeln!(file, "{id}");
        }
        *ON == Some(id)
    }
}
"#;

/// What `.cargo/mutants.toml` says of the tests.
pub(super) struct Settings {
    packages: Vec<String>,
    features: Vec<String>,
    arguments: Vec<String>,
    skipped: Vec<String>,
}

impl Settings {
    pub(super) fn read(project: &Path) -> Result<Self, String> {
        let text = String::from_utf8_lossy(&files::read_file(&project.join(".cargo/mutants.toml"))?).into_owned();
        let document: DocumentMut = text.parse().map_err(|error| format!(".cargo/mutants.toml: {error}"))?;
        let strings = |name: &str| -> Vec<String> {
            let values = document.get(name).and_then(|item| item.as_array()).into_iter().flatten();
            values.filter_map(|value| value.as_str()).map(str::to_owned).collect()
        };
        let mut arguments = strings("additional_cargo_test_args");
        let own = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
        let skipped = arguments.split_off(own).into_iter().filter(|argument| !argument.starts_with("--")).collect();
        Ok(Self { packages: strings("test_package"), features: strings("features"), arguments, skipped })
    }

    fn cargo(&self, command: &str, tree: &Path, target: &Path) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(tree).args([command, "--message-format", "json"]);
        cargo.arg("--target-dir").arg(target);
        for package in &self.packages {
            cargo.args(["-p", package]);
        }
        cargo.args(["--features", &self.features.join(",")]);
        cargo.env("CARGO_INCREMENTAL", "1").stderr(Stdio::inherit());
        cargo
    }
}

/// Which changes the copy has, and which it cannot have.
pub(super) struct Compiled {
    does_not_compile: BTreeSet<usize>,
    without: BTreeSet<usize>,
}

/// Writes the three crates with their switches, and leaves out what does not compile until all does.
pub(super) fn compile(
    project: &Path,
    tree: &Path,
    target: &Path,
    mutants: &[Mutant],
    settings: &Settings,
) -> Result<Compiled, String> {
    let mut compiled = Compiled { does_not_compile: BTreeSet::new(), without: BTreeSet::new() };
    loop {
        let switched = write(project, tree, mutants, &compiled.does_not_compile)?;
        compiled.does_not_compile.extend(switched.values().flat_map(|file| file.refused.iter().copied()));
        compiled.without = switched.values().flat_map(|file| file.without.iter().copied()).collect();
        let output = settings
            .cargo("check", tree, target)
            .args(["--lib", "--keep-going"])
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        if output.status.success() {
            return Ok(compiled);
        }
        let (bad, unknown) = blamed(&output.stdout, &switched);
        eprintln!("{} changes do not compile", bad.len());
        if bad.is_empty() {
            return Err(format!("the copy does not compile, for no change that is known:\n{}", unknown.join("\n")));
        }
        compiled.does_not_compile.extend(bad);
    }
}

/// Writes the sources of the three crates.
fn write(
    project: &Path,
    tree: &Path,
    mutants: &[Mutant],
    leave_out: &BTreeSet<usize>,
) -> Result<BTreeMap<PathBuf, Switched>, String> {
    let mut of_files: BTreeMap<&Path, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (id, mutant) in mutants.iter().enumerate() {
        of_files.entry(&mutant.file).or_default().push((id, mutant));
    }
    let mut all = BTreeMap::new();
    for (name, switch_of) in CRATES {
        let source = Path::new(name).join("src");
        for path in files_below(&project.join(&source))? {
            let relative = path.strip_prefix(project).unwrap_or(&path).to_path_buf();
            let text = String::from_utf8_lossy(&files::read_file(&path)?).into_owned();
            let mut switched = match of_files.get(relative.as_path()) {
                Some(mutants) => {
                    switch(&text, mutants, leave_out).map_err(|problem| format!("{}: {problem}", relative.display()))?
                }
                None => Switched { text, ..Switched::default() },
            };
            if relative == source.join("lib.rs") {
                match switch_of {
                    None => switched.text.push_str(&SWITCH.replace("$ON", ON).replace("$REACHED", REACHED)),
                    Some(other) => switched.text.push_str(&format!("#[doc(hidden)]\npub use {other}::mutants;\n")),
                }
            }
            put(&tree.join(&relative), switched.text.as_bytes())?;
            all.insert(relative, switched);
        }
    }
    Ok(all)
}

/// The changes that the compiler's errors are about, and the errors that are about none.
fn blamed(messages: &[u8], switched: &BTreeMap<PathBuf, Switched>) -> (BTreeSet<usize>, Vec<String>) {
    let (mut bad, mut unknown) = (BTreeSet::new(), Vec::new());
    let text = String::from_utf8_lossy(messages).into_owned();
    for message in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let message = &message["message"];
        if message["level"] != "error" {
            continue;
        }
        let spans = |of: &Value| of["spans"].as_array().cloned().unwrap_or_default();
        let own = spans(message);
        // An arm that is missed is only shown by the advice.
        let advised: Vec<_> =
            message["children"].as_array().into_iter().flatten().flat_map(spans).chain(own.iter().cloned()).collect();
        // Those of macros lead to where the macro is used.
        let place = |span: &Value| -> Option<(&Switched, usize)> {
            let mut span = span;
            loop {
                let file = span["file_name"].as_str().and_then(|name| switched.get(Path::new(name)));
                if let Some(file) = file {
                    return Some((file, usize::try_from(span["byte_start"].as_u64()?).ok()?));
                }
                span = span.get("expansion")?.get("span")?;
            }
        };
        let within: BTreeSet<usize> =
            own.iter().filter_map(place).filter_map(|(file, offset)| file.mutant_at(offset + 1)).collect();
        let beside: BTreeSet<usize> =
            advised.iter().filter_map(place).flat_map(|(file, offset)| file.mutants_on_line(offset)).collect();
        match (within.is_empty(), beside.is_empty()) {
            (false, _) => bad.extend(within),
            (true, false) => bad.extend(beside),
            (true, true) => {
                let told = message["rendered"].as_str().unwrap_or_default();
                if !told.starts_with("error: aborting") && !told.starts_with("error: could not compile") {
                    unknown.push(told.to_owned());
                }
            }
        }
    }
    (bad, unknown)
}

/// A program of tests.
struct Program {
    path: PathBuf,
    folder: PathBuf,
}

/// A test, and how it went without any change.
struct Test {
    program: usize,
    name: String,
    took: Duration,
    reaches: BTreeSet<usize>,
}

/// Runs the tests that reach each wanted change.
pub(super) fn outcomes(
    tree: &Path,
    target: &Path,
    mutants: &[Mutant],
    compiled: &Compiled,
    settings: &Settings,
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<(usize, Outcome)>, String> {
    let programs = build(tree, target, settings)?;
    let tests = record(&programs, settings, target)?;
    let mut outcomes = Vec::new();
    let mut todo = Vec::new();
    for (id, mutant) in mutants.iter().enumerate().filter(|(id, _)| wanted(*id)) {
        if compiled.does_not_compile.contains(&id) {
            outcomes.push((id, Outcome::DoesNotCompile));
        } else if compiled.without.contains(&id) {
            outcomes.push((id, Outcome::NotSwitched));
        } else if tests.iter().any(|test| test.reaches.contains(&id)) {
            todo.push((id, mutant));
        } else {
            outcomes.push((id, Outcome::NotReached));
        }
    }
    eprintln!("{} changes to try", todo.len());
    let (done, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    side_by_side(|| {
        while let Some((id, mutant)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = try_one(*id, &programs, &tests);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            if outcome == Outcome::Survived {
                eprintln!("{} of {}, not noticed: {}", done.len(), todo.len(), mutant.name);
            }
            done.push((*id, outcome));
        }
    });
    outcomes.extend(done.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(outcomes)
}

/// Does the same on every processor.
fn side_by_side(work: impl Fn() + Sync) {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(&work);
        }
    });
}

/// Builds the tests.
fn build(tree: &Path, target: &Path, settings: &Settings) -> Result<Vec<Program>, String> {
    let output = settings
        .cargo("test", tree, target)
        .args(&settings.arguments)
        .arg("--no-run")
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        return Err("the tests of the copy do not compile".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let artifacts = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = artifacts.filter(|artifact| artifact["profile"]["test"] == true).filter_map(|artifact| {
        let manifest = Path::new(artifact["manifest_path"].as_str()?);
        Some(Program { path: artifact["executable"].as_str()?.into(), folder: manifest.parent()?.to_path_buf() })
    });
    Ok(programs.collect())
}

/// Runs each test alone, and keeps what it reaches. Those that fail now are left out.
fn record(programs: &[Program], settings: &Settings, target: &Path) -> Result<Vec<Test>, String> {
    let mut names = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let output = Command::new(&program.path)
            .current_dir(&program.folder)
            .args(["--list", "--format", "terse"])
            .output()
            .map_err(|error| format!("cannot start {}: {error}", program.path.display()))?;
        let list = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned);
        let found = found.filter(|name| !settings.skipped.iter().any(|skipped| name.contains(skipped.as_str())));
        names.extend(found.map(|name| (index, name)));
    }
    eprintln!("{} tests in {} programs", names.len(), programs.len());
    let (tests, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    side_by_side(|| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((program, name)) = names.get(number) else { return };
            let file = target.join(format!("reached-{number}"));
            let _ = std::fs::remove_file(&file);
            let start = Instant::now();
            let limit = Duration::from_secs(300);
            let ended = run(&programs[*program], &[name], limit, (REACHED, &file.display().to_string()));
            let reached = std::fs::read_to_string(&file).unwrap_or_default();
            let _ = std::fs::remove_file(&file);
            if ended != Some(true) {
                eprintln!("left out, since it fails without any change: {name}");
                continue;
            }
            let reaches = reached.lines().filter_map(|line| line.parse().ok()).collect();
            let test = Test { program: *program, name: name.clone(), took: start.elapsed(), reaches };
            tests.lock().unwrap_or_else(PoisonError::into_inner).push(test);
        }
    });
    let mut tests = tests.into_inner().unwrap_or_else(PoisonError::into_inner);
    tests.sort_by_key(|test| test.took);
    Ok(tests)
}

/// Runs the tests that reach a change, the quickest first, until one notices it.
fn try_one(id: usize, programs: &[Program], tests: &[Test]) -> Outcome {
    let reaching: Vec<_> = tests.iter().filter(|test| test.reaches.contains(&id)).collect();
    // A few alone, since most changes are noticed by the first; the rest by program.
    let (few, rest) = reaching.split_at(reaching.len().min(6));
    let mut batches: Vec<Vec<&Test>> = few.iter().map(|test| vec![*test]).collect();
    let mut of_programs: BTreeMap<usize, Vec<&Test>> = BTreeMap::new();
    for test in rest {
        of_programs.entry(test.program).or_default().push(test);
    }
    batches.extend(of_programs.into_values().flat_map(|tests| {
        let (first, rest) = tests.split_at(tests.len().min(20));
        [first.to_vec(), rest.to_vec()]
    }));
    for batch in batches.iter().filter(|batch| !batch.is_empty()) {
        // They run side by side.
        let longest = batch.iter().map(|test| test.took).max().unwrap_or_default();
        let all: Duration = batch.iter().map(|test| test.took).sum();
        let names: Vec<&String> = batch.iter().map(|test| &test.name).collect();
        let limit = Duration::from_secs(15) + 4 * longest + all / 2;
        match run(&programs[batch[0].program], &names, limit, (ON, &id.to_string())) {
            Some(true) => {}
            Some(false) => return Outcome::Caught(names[0].clone()),
            None => return Outcome::TimedOut(names[0].clone()),
        }
    }
    Outcome::Survived
}

/// Runs tests of a program, and says whether they pass; nothing if they do not end in time.
fn run(program: &Program, names: &[&String], limit: Duration, (variable, value): (&str, &str)) -> Option<bool> {
    let mut command = Command::new(&program.path);
    command
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .env(variable, value)
        .arg("--exact")
        .args(names)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().ok()?;
    let end = Instant::now() + limit;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.success());
        }
        if Instant::now() >= end {
            // With all that it started, where there are groups of processes.
            let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
