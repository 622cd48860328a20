//! The tables of modules in `ARCHITECTURE.md` say what is there, and which module uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::project;

type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_modules_are_those_of_the_architecture() {
    let document = project::text("ARCHITECTURE.md");
    for name in ["authlete-core", "authlete-api", "authlete-resource-server", "authlete-test"] {
        let table = table(&document, name);
        let found = modules(&project::path(name).join("src"));
        assert_eq!(table, found, "the table of `{name}` in ARCHITECTURE.md, and its sources");
    }
}

#[test]
fn the_modules_of_core_stand_above_each_other() {
    let mut left = modules(&project::path("authlete-core").join("src"));
    while !left.is_empty() {
        let lowest: Vec<_> = left
            .iter()
            .filter(|(_, uses)| uses.iter().all(|used| !left.contains_key(used)))
            .map(|(name, _)| name.clone())
            .collect();
        assert!(!lowest.is_empty(), "a circle among {left:?}");
        left.retain(|name, _| !lowest.contains(name));
    }
}

/// The rows below the heading of a crate: `| module | what it holds | what it uses |`.
fn table(document: &str, name: &str) -> Uses {
    let (_, rest) = document.split_once(&format!("### `{name}`\n")).unwrap_or_else(|| panic!("no heading for {name}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let uses = cells[2].split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            (cells[0].trim_matches('`').to_owned(), uses)
        })
        .collect()
}

/// The modules of a crate, with those of the same crate that each uses outside of its tests.
fn modules(folder: &Path) -> Uses {
    let root = fs::read_to_string(folder.join("lib.rs")).unwrap();
    let declared = |line: &str| Some(line.rsplit_once("mod ")?.1.strip_suffix(';')?.to_owned());
    let is_test = |index: usize| index > 0 && root.lines().nth(index - 1).is_some_and(|line| line == "#[cfg(test)]");
    let lines = root.lines().enumerate().filter(|(_, line)| !line.starts_with(' '));
    let names: BTreeSet<String> =
        lines.filter(|(index, _)| !is_test(*index)).filter_map(|(_, line)| declared(line)).collect();
    // What the root gives out again belongs to the module that defines it.
    let mut defined = BTreeMap::new();
    for statement in root.split(';').map(str::trim).filter_map(|statement| statement.rsplit_once("pub use ")) {
        if let Some((module, items)) = statement.1.split_once("::") {
            for item in words(items) {
                defined.insert(item.to_owned(), module.to_owned());
            }
        }
    }
    let mut uses = Uses::new();
    for name in &names {
        let mut used = BTreeSet::new();
        for file in sources(folder, name) {
            let text = fs::read_to_string(file).unwrap();
            // Tests are last.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            // What a macro writes is used where the macro is called.
            let code = code.replace("$crate::", "");
            for path in code.split("crate::").skip(1).filter(|path| !path.is_empty()) {
                let first = match path.strip_prefix('{') {
                    Some(group) => words(group.split(';').next().unwrap_or_default()).collect(),
                    None => words(path).take(1).collect::<Vec<_>>(),
                };
                for word in first {
                    let module = defined.get(word).map_or(word, String::as_str);
                    if names.contains(module) && module != name {
                        used.insert(module.to_owned());
                    }
                }
            }
        }
        uses.insert(name.clone(), used);
    }
    uses
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_').filter(|word| !word.is_empty())
}

/// The files of a module: `name.rs`, and everything in the folder `name` but tests.
fn sources(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = project::files(folder);
    found.retain(|path| {
        let relative = path.strip_prefix(folder).unwrap().with_extension("");
        relative.starts_with(name) && project::has_extension(path, "rs") && !path.ends_with("tests.rs")
    });
    found
}
