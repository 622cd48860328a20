//! Every relative link in the project's Markdown leads to a file.

use std::path::{Path, PathBuf};

/// The Markdown files of a folder, at any depth, without what is built or installed.
fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_str()) {
                markdown(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The targets of the links in a text, outside blocks of code.
fn targets(text: &str) -> Vec<String> {
    let mut code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
            continue;
        }
        if code {
            continue;
        }
        if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
            found.push(target.to_owned());
        }
        for (at, _) in line.match_indices("](") {
            found.extend(line[at + 2..].split(')').next().map(str::to_owned));
        }
    }
    found
}

/// Whether a link is one to a file: no address, no place of the same page, no item that rustdoc resolves.
fn is_file(target: &str) -> bool {
    !target.contains("://")
        && !target.starts_with(['#', '`'])
        && !target.starts_with("mailto:")
        && !target.contains("::")
        && target.contains(['.', '/'])
}

#[test]
fn relative_links_lead_to_files() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let mut documents = Vec::new();
    markdown(project, &mut documents);
    let mut links = 0;
    let mut broken = Vec::new();
    for document in &documents {
        let text = std::fs::read_to_string(document).expect("the document can be read");
        for target in targets(&text).into_iter().filter(|target| is_file(target)) {
            links += 1;
            let path = target.split('#').next().unwrap_or_default();
            if !document.parent().expect("a folder").join(path).exists() {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(documents.len() > 20 && links > 10, "{links} links in {} documents", documents.len());
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn links_are_found_and_told_apart() {
    let text = "[a](b.md#c), [d](https://e) and [f](#g)\n```text\n[h](i.md)\n```\n[j]: ../k.md\n[`l`](crate::m)";
    let files: Vec<_> = targets(text).into_iter().filter(|target| is_file(target)).collect();
    assert_eq!(files, ["b.md#c", "../k.md"]);
}
