//! The files of the project, for tests that read its sources and documents.

use std::path::{Path, PathBuf};

/// A place in the project.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

/// The text of a file of the project.
pub(crate) fn text(relative: &str) -> String {
    let path = path(relative);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder, at any depth, in order; a file itself.
pub(crate) fn files(place: &Path) -> Vec<PathBuf> {
    if !place.is_dir() {
        return vec![place.to_owned()];
    }
    let mut entries: Vec<_> = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

/// The Rust files below a folder, parsed.
pub(crate) fn sources(folder: &Path) -> Vec<(PathBuf, syn::File)> {
    let paths = files(folder).into_iter().filter(|path| has_extension(path, "rs"));
    paths
        .map(|path| {
            let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap());
            (path, file.unwrap())
        })
        .collect()
}

/// Whether a file has this extension.
pub(crate) fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}
