//! What `docs/stability.md` promises of the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, TypeParamBound, Visibility};

use crate::project;

/// The crates that are published and have an API in Rust.
const CRATES: [&str; 5] =
    ["authlete-core", "authlete-api", "authlete-resource-server", "authlete-emulator", "authlete-test"];

/// The traits that users implement: a new method of one has a default.
const FOR_USERS: [&str; 5] = ["CredentialsProvider", "KeySource", "SharedStore", "Transport", "TransportLayer"];

/// The traits that generated code alone reaches, through the hidden module.
const FOR_GENERATED_CODE: [&str; 3] = ["Object", "OpenEnum", "TakeParts"];

/// The sources of a crate, parsed.
fn sources_of(name: &str) -> Vec<(PathBuf, syn::File)> {
    project::sources(&project::path(name).join("src"))
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
    for (path, file) in project::sources(&project::path("authlete-api/src/generated/types")) {
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
    let open_enum = project::text("authlete-core/src/wire/open_enum.rs");
    let at = open_enum.find("pub enum $name").unwrap();
    assert!(open_enum[..at].trim_end().ends_with("#[non_exhaustive]"), "open_enum makes exhaustive enumerations");
}

#[test]
fn actions_are_exhaustive() {
    let mut enums = 0;
    for (path, file) in project::sources(&project::path("authlete-api/src/generated/actions")) {
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
fn structs_and_enumerations_that_users_read_may_grow() {
    let mut closed = Vec::new();
    for name in CRATES {
        for (path, file) in sources_of(name) {
            if path.components().any(|part| part.as_os_str() == "generated") {
                continue;
            }
            for item in file.items {
                let (vis, attrs, ident) = match item {
                    Item::Struct(item) if item.fields.iter().any(|field| is_public(&field.vis)) => {
                        (item.vis, item.attrs, item.ident)
                    }
                    // One without variants is a mark of a type, with nothing to match.
                    Item::Enum(item) if !item.variants.is_empty() => (item.vis, item.attrs, item.ident),
                    _ => continue,
                };
                if is_public(&vis) && !is_open(&attrs) {
                    closed.push(ident.to_string());
                }
            }
        }
    }
    closed.sort();
    // What generated code and the crates of this project make and match; and `LoginCheck`, an outcome to be matched.
    let known = [
        "ClientSettings",
        "Content",
        "Exchange",
        "Extra",
        "Found",
        "HeaderSource",
        "HttpSettings",
        "Layers",
        "LoginCheck",
        "OperationParts",
        "Rendering",
        "RequestFacts",
        "ResponseParts",
        "TlsAndProxy",
    ];
    assert_eq!(closed, known);
}

#[test]
fn public_traits_are_sealed_unless_users_implement_them() {
    let mut open = Vec::new();
    let mut sealed = 0;
    for name in CRATES {
        for (path, file) in sources_of(name) {
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
        for (path, file) in sources_of(name) {
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
    let read = project::text;
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

/// The dependencies below 1.0 whose types or traits are part of a crate's public API, with the feature that switches them
/// on. The document says why those without one may be there.
const YOUNG: [(&str, &str, Option<&str>); 8] = [
    ("authlete-api", "reqwest", Some("reqwest")),
    ("authlete-core", "axum-core", Some("axum")),
    ("authlete-core", "futures-core", None),
    ("authlete-core", "reqwest", Some("reqwest")),
    ("authlete-core", "tower-service", Some("tower")),
    ("authlete-resource-server", "axum-core", Some("axum")),
    ("authlete-resource-server", "tower-layer", None),
    ("authlete-resource-server", "tower-service", None),
];

#[test]
fn types_of_crates_below_1_0_are_public_behind_features_that_name_them() {
    let mut found = BTreeSet::new();
    for name in ["authlete-core", "authlete-api", "authlete-resource-server"] {
        let young = young_dependencies(name);
        for (_, file) in sources_of(name) {
            let items = flat(file.items);
            let imported = imported(&items, &young);
            for tokens in items.iter().flat_map(public) {
                found.extend(mentioned(tokens, &young, &imported).into_iter().map(|young| (name, young)));
            }
        }
    }
    let known: BTreeSet<_> = YOUNG.iter().map(|(name, young, _)| (*name, (*young).to_owned())).collect();
    assert_eq!(found, known);

    let document = project::text("docs/stability.md");
    for (name, young, feature) in YOUNG {
        let manifest = project::text(&format!("{name}/Cargo.toml"));
        match feature {
            Some(feature) => {
                let mut lines = manifest.lines().filter(|line| line.starts_with(&format!("{feature} = [")));
                assert!(lines.any(|line| line.contains(&format!("\"dep:{young}\""))), "{name}: {feature}");
            }
            None => assert!(document.contains(&format!("`{}::", young.replace('-', "_"))), "{young}"),
        }
    }
}

/// Items, with those of the modules among them that are no tests.
fn flat(items: Vec<Item>) -> Vec<Item> {
    items
        .into_iter()
        .flat_map(|item| match item {
            Item::Mod(module) if module.attrs.iter().any(is_cfg_test) => Vec::new(),
            Item::Mod(module) => flat(module.content.map(|(_, items)| items).unwrap_or_default()),
            item => vec![item],
        })
        .collect()
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.to_token_stream().to_string().contains("test")
}

/// The names that a file imports from young dependencies.
fn imported(items: &[Item], young: &[String]) -> BTreeMap<String, String> {
    let mut imported = BTreeMap::new();
    for item in items {
        if let Item::Use(item) = item
            && let syn::UseTree::Path(first) = &item.tree
            && let Some(dependency) = young.iter().find(|young| first.ident == young.replace('-', "_"))
        {
            let mut names = Vec::new();
            leaves(&item.tree, &mut names);
            imported.extend(names.into_iter().map(|name| (name, dependency.clone())));
        }
    }
    imported
}

/// The direct dependencies of a crate of which every locked version is below 1.0.
fn young_dependencies(name: &str) -> Vec<String> {
    let manifest = project::text(&format!("{name}/Cargo.toml"));
    let lock = project::text("Cargo.lock");
    let table = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names = table.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).filter(|name| !name.is_empty());
    let is_young = |name: &&str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let mut versions = lock.split(&entry).skip(1).peekable();
        versions.peek().is_some() && versions.all(|rest| rest.starts_with("0."))
    };
    names.filter(is_young).filter(|name| !name.starts_with("authlete-")).map(str::to_owned).collect()
}

/// The public parts of an item: signatures, fields, what it re-exports, the traits that it implements.
fn public(item: &Item) -> Vec<TokenStream> {
    match item {
        Item::Fn(item) if is_public(&item.vis) => vec![item.sig.to_token_stream()],
        Item::Type(item) if is_public(&item.vis) => vec![item.ty.to_token_stream()],
        Item::Use(item) if is_public(&item.vis) => {
            let tree = &item.tree;
            vec![quote::quote!(#tree::)]
        }
        Item::Struct(item) if is_public(&item.vis) => {
            let fields = item.fields.iter().filter(|field| is_public(&field.vis));
            fields.map(|field| field.ty.to_token_stream()).collect()
        }
        Item::Enum(item) if is_public(&item.vis) => {
            item.variants.iter().map(|variant| variant.fields.to_token_stream()).collect()
        }
        Item::Trait(item) if is_public(&item.vis) => vec![item.to_token_stream()],
        Item::Impl(item) => match &item.trait_ {
            Some((path, _)) => vec![path.to_token_stream()],
            None => {
                let methods = item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) if is_public(&method.vis) => Some(method.sig.to_token_stream()),
                    _ => None,
                });
                methods.collect()
            }
        },
        _ => Vec::new(),
    }
}

/// The young dependencies that some code mentions, by path or by an imported name.
fn mentioned(code: TokenStream, young: &[String], imported: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut tokens = code.into_iter().peekable();
    // The colons of `::` before a token, as in `std::time`: a single one stands before a type.
    let mut colons = 0;
    while let Some(token) = tokens.next() {
        let was_inside = colons == 2;
        colons = match &token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons + 1,
            _ => 0,
        };
        match token {
            TokenTree::Group(group) => found.extend(mentioned(group.stream(), young, imported)),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                // The first colon of `::`, or the name is that of something else.
                let is_path = matches!(tokens.peek(), Some(TokenTree::Punct(punct))
                    if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
                found.extend(
                    young.iter().find(|young| is_path && !was_inside && young.replace('-', "_") == name).cloned(),
                );
                found.extend(imported.get(&name).cloned());
            }
            _ => {}
        }
    }
    found
}
