//! What `docs/stability.md` promises of the code.

use std::path::{Path, PathBuf};

use syn::{Attribute, Item, TypeParamBound, Visibility};

/// The crates that are published and have an API in Rust.
const CRATES: [&str; 5] =
    ["authlete-core", "authlete-api", "authlete-resource-server", "authlete-emulator", "authlete-test"];

/// The traits that users implement: a new method of one has a default.
const FOR_USERS: [&str; 5] = ["CredentialsProvider", "KeySource", "SharedStore", "Transport", "TransportLayer"];

/// The traits that generated code alone reaches, through the hidden module.
const FOR_GENERATED_CODE: [&str; 3] = ["Object", "OpenEnum", "TakeParts"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files of a folder, at any depth, parsed.
fn files(folder: &Path) -> Vec<(PathBuf, syn::File)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, syn::parse_file(&text).unwrap()));
        }
    }
    found
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_open(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

#[test]
fn generated_types_may_get_fields_and_values() {
    let mut structs = 0;
    for (path, file) in files(&project().join("authlete-api/src/generated/types")) {
        for item in file.items {
            match item {
                Item::Struct(item) if is_public(&item.vis) => {
                    assert!(is_open(&item.attrs), "{}: {} is exhaustive", path.display(), item.ident);
                    structs += 1;
                }
                // Enumerations of strings are made by the macro `open_enum`, which makes them non-exhaustive.
                Item::Enum(item) => {
                    assert!(is_open(&item.attrs), "{}: {} is exhaustive", path.display(), item.ident);
                }
                _ => {}
            }
        }
    }
    assert!(structs > 100, "{structs} types are generated");
    let open_enum = std::fs::read_to_string(project().join("authlete-core/src/wire/open_enum.rs")).unwrap();
    let at = open_enum.find("pub enum $name").unwrap();
    assert!(open_enum[..at].trim_end().ends_with("#[non_exhaustive]"), "open_enum makes exhaustive enumerations");
}

#[test]
fn actions_are_exhaustive() {
    let mut enums = 0;
    for (path, file) in files(&project().join("authlete-api/src/generated/actions")) {
        for item in file.items {
            if let Item::Enum(item) = item
                && is_public(&item.vis)
            {
                assert!(!is_open(&item.attrs), "{}: {} is non-exhaustive", path.display(), item.ident);
                enums += 1;
            }
        }
    }
    assert!(enums > 40, "{enums} enumerations of actions are generated");
}

#[test]
fn public_traits_are_sealed_unless_users_implement_them() {
    let mut open = Vec::new();
    let mut sealed = 0;
    for name in CRATES {
        for (path, file) in files(&project().join(name).join("src")) {
            for item in file.items {
                let Item::Trait(item) = item else { continue };
                if !is_public(&item.vis) {
                    continue;
                }
                let is_sealed = item.supertraits.iter().any(|bound| {
                    matches!(bound, TypeParamBound::Trait(bound)
                        if bound.path.segments.last().is_some_and(|last| last.ident == "Sealed"))
                });
                if is_sealed {
                    sealed += 1;
                } else {
                    open.push((item.ident.to_string(), path.clone()));
                }
            }
        }
    }
    assert!(sealed >= 4, "{sealed} traits are sealed");
    open.sort();
    let mut known: Vec<&str> = FOR_USERS.into_iter().chain(FOR_GENERATED_CODE).collect();
    known.sort_unstable();
    assert_eq!(open.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), known, "{open:#?}");
}

#[test]
fn the_traits_of_generated_code_are_in_no_public_module() {
    for name in CRATES {
        for (path, file) in files(&project().join(name).join("src")) {
            if path.ends_with("authlete-core/src/codegen.rs") {
                continue;
            }
            for item in file.items {
                if let Item::Use(item) = item
                    && is_public(&item.vis)
                {
                    let mut names = Vec::new();
                    leaves(&item.tree, &mut names);
                    for name in names {
                        assert!(!FOR_GENERATED_CODE.contains(&name.as_str()), "{} exports {name}", path.display());
                    }
                }
            }
        }
    }
}

/// The names that a `use` brings in.
fn leaves(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, names),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        syn::UseTree::Glob(_) => {}
    }
}

#[test]
fn the_document_names_tests_that_there_are() {
    let read = |path: &str| std::fs::read_to_string(project().join(path)).unwrap();
    let tests = ["authlete-codegen/tests/stability.rs", "tests/it/stability.rs", "tests/it/lenient_responses.rs"];
    let tests: String = tests.into_iter().map(read).collect();
    let document = read("docs/stability.md");
    // Names of tests are the only ones of several words.
    let named: Vec<_> = document.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 2).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(tests.contains(&format!("fn {name}()")), "there is no test {name}");
    }
}
