//! The index for programs that read documentation names every chapter of the guide, in the order of the guide's own list.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_index_names_every_chapter() {
    let index = read("docs/llms.txt");
    let listed: Vec<&str> = index
        .lines()
        .filter(|line| line.contains("/guide/"))
        .map(|line| line.trim_start_matches("- [").split(']').next().unwrap_or_default())
        .collect();
    let guide = read("authlete-api/src/guide/mod.rs");
    let chapters: Vec<&str> =
        guide.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(" {}")).collect();
    assert!(chapters.len() > 10, "{chapters:?}");
    assert_eq!(listed, chapters);
}
