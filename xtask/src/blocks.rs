//! `cargo xtask blocks`: compiles the programs of READMEs and guides with the dependencies and features that they name, and
//! no others. Tests of documentation cannot tell: they have what development of the crate needs as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use toml_edit::{DocumentMut, Item};

use crate::files;

/// The options of `blocks`.
#[derive(clap::Args)]
pub(crate) struct Blocks {}

/// The files, and folders of files. The guide's programs for web frameworks are a crate of their own, `tests/frameworks`.
const PLACES: [&str; 6] = [
    "README.md",
    "authlete-api/README.md",
    "authlete-api/src/guide",
    "authlete-resource-server/README.md",
    "authlete-resource-server/src/guide",
    "authlete-test/README.md",
];

/// What programs use beside what they name, by its name in code: the features of a dependency, or a folder of the project.
const OTHERS: [(&str, &str); 6] = [
    ("authlete_emulator", "features = []"),
    ("axum", r#"default-features = false, features = ["http1", "json", "tokio"]"#),
    ("http", "features = []"),
    ("serde_json", "features = []"),
    ("tokio", r#"features = ["macros", "net", "rt-multi-thread"]"#),
    ("tracing", "features = []"),
];

/// What a program depends on: features by crate.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// A program of a document.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    needs: Needs,
    program: String,
}

impl Blocks {
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let mut sets: BTreeMap<Needs, Vec<(String, Block)>> = BTreeMap::new();
        for place in PLACES {
            for path in markdown(&project.join(place))? {
                let text = String::from_utf8_lossy(&files::read_file(&path)?).replace("\r\n", "\n");
                let name = path.strip_prefix(project).unwrap_or(&path).display().to_string();
                for block in blocks(&text).map_err(|problem| format!("{name}: {problem}"))? {
                    sets.entry(block.needs.clone()).or_default().push((name.clone(), block));
                }
            }
        }
        let folder = project.join("target/blocks");
        let manifest: DocumentMut = String::from_utf8_lossy(&files::read_file(&project.join("Cargo.toml"))?)
            .parse()
            .map_err(|error| format!("Cargo.toml: {error}"))?;
        let members: Vec<String> = (0..sets.len()).map(|number| format!("\"set-{number}\"")).collect();
        let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", "));
        files::write(&folder.join("Cargo.toml"), &workspace)?;
        let lock = files::read_file(&project.join("Cargo.lock"))?;
        files::write(&folder.join("Cargo.lock"), &String::from_utf8_lossy(&lock))?;
        for (number, (needs, programs)) in sets.iter().enumerate() {
            let of = folder.join(format!("set-{number}"));
            files::write(&of.join("Cargo.toml"), &package(number, needs, programs, &manifest, project)?)?;
            files::write(&of.join("src/lib.rs"), &library(programs))?;
        }
        for (number, (needs, programs)) in sets.iter().enumerate() {
            files::print(&format!("{} programs with {}\n", programs.len(), told(needs)))?;
            let done = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                .args(["check", "--quiet", "-p", &format!("set-{number}"), "--target-dir"])
                .arg(project.join("target"))
                .current_dir(&folder)
                .status()
                .map_err(|error| format!("cannot start cargo: {error}"))?;
            if !done.success() {
                return Err(format!(
                    "a program does not compile with {}: name what it needs before it, as `cargo add …` in a paragraph or \
                     comment with the word `needs`",
                    told(needs)
                ));
            }
        }
        Ok(())
    }
}

/// The Markdown at a place, which is a file or a folder of them.
fn markdown(place: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    if place.is_file() {
        return Ok(vec![place.to_path_buf()]);
    }
    let entries = std::fs::read_dir(place).map_err(|error| format!("cannot list {}: {error}", place.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    Ok(paths)
}

/// The programs of a document. What they need is said by the last paragraph before them that has `needs` and `cargo add`.
fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let (mut found, mut needs, mut paragraph) = (Vec::new(), None, String::new());
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(tags) = line.strip_prefix("```") else {
            paragraph = if line.is_empty() { String::new() } else { format!("{paragraph} {line}") };
            if paragraph.contains("needs") && paragraph.contains("`cargo add ") {
                needs = Some(named(&paragraph));
            }
            continue;
        };
        let program: String = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .fold(String::new(), |program, line| {
                program + line.strip_prefix("# ").unwrap_or(if line == "#" { "" } else { line }) + "\n"
            });
        if matches!(tags, "" | "rust" | "rust,no_run") {
            let line = number + 1;
            let needs =
                needs.clone().ok_or_else(|| format!("line {line}: nothing before says what the program needs"))?;
            found.push(Block { line, needs, program });
        }
    }
    Ok(found)
}

/// What the commands `cargo add …` of a paragraph add.
fn named(paragraph: &str) -> Needs {
    let mut needs = Needs::new();
    for command in paragraph.split('`').filter_map(|code| code.strip_prefix("cargo add ")) {
        let (mut crates, mut features, mut words) = (Vec::new(), Vec::new(), command.split_whitespace());
        while let Some(word) = words.next() {
            match word {
                "--features" => features.extend(words.next().unwrap_or_default().split(',')),
                _ if word.starts_with("--") => {}
                _ => crates.push(word),
            }
        }
        for name in &crates {
            needs.entry((*name).to_owned()).or_default();
        }
        for feature in features {
            let (name, feature) = feature.split_once('/').unwrap_or((crates.first().unwrap_or(&""), feature));
            needs.entry(name.to_owned()).or_default().insert(feature.to_owned());
        }
    }
    needs
}

/// A set in words.
fn told(needs: &Needs) -> String {
    let each = needs.iter().map(|(name, features)| {
        let features: Vec<&str> = features.iter().map(String::as_str).collect();
        if features.is_empty() { name.clone() } else { format!("{name} ({})", features.join(", ")) }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// The manifest of a crate with what a set names, and what its programs use of other crates.
fn package(
    number: usize,
    needs: &Needs,
    programs: &[(String, Block)],
    workspace: &DocumentMut,
    project: &Path,
) -> Result<String, String> {
    let mut text = format!(
        "[package]\nname = \"set-{number}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n"
    );
    let mut dependency = |name: &str, features: &str| -> Result<(), String> {
        let folder = project.join(name);
        let from = match folder.is_dir() {
            true => format!("path = {:?}", folder.display().to_string()),
            false => version(workspace, name)?,
        };
        let _ = writeln!(text, "{name} = {{ {from}, {features} }}");
        Ok(())
    };
    for (name, features) in needs {
        let features: Vec<String> = features.iter().map(|feature| format!("\"{feature}\"")).collect();
        dependency(name, &format!("features = [{}]", features.join(", ")))?;
    }
    for (name, features) in OTHERS {
        let package = if name == "serde_json" { name.to_owned() } else { name.replace('_', "-") };
        let used = programs.iter().any(|(_, block)| block.program.contains(&format!("{name}::")));
        if used && !needs.contains_key(&package) {
            dependency(&package, features)?;
        }
    }
    Ok(text)
}

/// The version of a crate that the workspace has.
fn version(workspace: &DocumentMut, name: &str) -> Result<String, String> {
    let item = &workspace["workspace"]["dependencies"][name];
    let version = item.as_str().or_else(|| item.get("version").and_then(Item::as_str));
    version
        .map(|version| format!("version = \"{version}\""))
        .ok_or_else(|| format!("the workspace does not know {name}"))
}

/// The programs, each as a module.
fn library(programs: &[(String, Block)]) -> String {
    let mut text = "#![allow(dead_code, unused_imports, unused_variables)]\n#![deny(unused_must_use)]\n".to_owned();
    for (number, (file, Block { line, program, .. })) in programs.iter().enumerate() {
        let whole = program.contains("fn main()");
        let program = if whole { program.clone() } else { format!("fn main() {{\n{program}}}\n") };
        let _ = write!(text, "\n// {file}:{line}\nmod program_{number} {{\n{program}}}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_have_what_the_last_paragraph_before_them_names() {
        let text = "It needs `cargo add a --features x,y` and\n`cargo add --dev b c --features c/z`.\n\n```rust\n# fn main() {\na::b();\n# }\n```\n\n\
                    Text `cargo add d`.\n\n```console\n$ x\n```\n\n<!-- needs `cargo add d` -->\n\n```rust,no_run\nd::e();\n```\n";
        let found = blocks(text).expect("all say what they need");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].program.as_str()), (4, "fn main() {\na::b();\n}\n"));
        assert_eq!(told(&found[0].needs), "a (x, y), b, c (z)");
        assert_eq!((told(&found[1].needs), found[1].program.as_str()), ("d".to_owned(), "d::e();\n"));
        assert!(blocks("```rust\n```\n").is_err_and(|problem| problem.contains("line 1")));
    }
}
