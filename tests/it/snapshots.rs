//! What a user of the crate sees of the generated code.

use authlete_api::operations;
use syn::{ImplItem, Item};

use crate::project;

/// The generated files of a folder, parsed.
fn files(folder: &str) -> Vec<syn::File> {
    let folder = project::path("authlete-api/src/generated").join(folder);
    project::sources(&folder).into_iter().map(|(_, file)| file).collect()
}

/// The generated function of every operation, by name.
fn functions() -> Vec<syn::ItemFn> {
    let items = files("calls").into_iter().flat_map(|file| file.items);
    let mut functions: Vec<_> =
        items.filter_map(|item| if let Item::Fn(function) = item { Some(function) } else { None }).collect();
    functions.sort_by_key(|function| function.sig.ident.to_string());
    functions
}

/// The signatures of what is public on the groups and the handles, as a trait for each.
fn groups() -> Vec<Item> {
    let mut traits = std::collections::BTreeMap::<String, Vec<syn::Signature>>::new();
    for item in files("groups").into_iter().flat_map(|file| file.items) {
        let name = owner(&item);
        if let (Item::Impl(item), Some(name)) = (item, name) {
            let methods = item.items.into_iter().filter_map(|item| match item {
                ImplItem::Fn(method) if matches!(method.vis, syn::Visibility::Public(_)) => Some(method.sig),
                _ => None,
            });
            traits.entry(name).or_default().extend(methods);
        }
    }
    let traits = traits.into_iter().map(|(name, mut signatures)| {
        signatures.sort_by_key(|signature| signature.ident.to_string());
        let name = quote::format_ident!("{name}");
        syn::parse_quote!(trait #name { #(#signatures;)* })
    });
    traits.collect()
}

fn print(items: Vec<Item>) -> String {
    prettyplease::unparse(&syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items })
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn signatures() {
    snapshot("signatures", &print(groups()));
}

#[test]
fn operations_and_functions_are_the_same() {
    let functions: Vec<_> = functions().iter().map(|function| function.sig.ident.to_string()).collect();
    assert_eq!(operations::ALL.iter().map(|operation| operation.name).collect::<Vec<_>>(), functions);
    let table: Vec<_> = operations::ALL
        .iter()
        .map(|operation| format!("{operation}: {}, of {}", operation.id, operation.tag))
        .collect();
    snapshot("operations", &table.join("\n"));
}

#[test]
fn enumerations() {
    let text = project::text("authlete-api/src/generated/types/enums.rs");
    let lines = text.lines().map(str::trim).filter_map(|line| {
        let value = line.strip_suffix(',').filter(|line| line.contains(" = ")).map(|line| format!("    {line}"));
        value.or_else(|| line.strip_suffix(" {").filter(|name| *name != "rt::open_enum!").map(str::to_owned))
    });
    snapshot("enumerations", &lines.collect::<Vec<_>>().join("\n"));
}

/// A few of each kind, whole: required fields, secrets, lists, unknown fields, maps, and what has neither.
#[test]
fn types() {
    let names = [
        "AuthorizationDetailsElement",
        "AuthorizationRequest",
        "ClientAuthorizationUpdateRequest",
        "InfoResponse",
        "ServiceJwksGetResponse",
        "TaggedValue",
        "TrustAnchor",
    ];
    let items: Vec<Item> = files("types").into_iter().flat_map(|file| file.items).collect();
    let mut chosen = Vec::new();
    for name in names {
        let before = chosen.len();
        chosen.extend(items.iter().filter(|item| owner(item).as_deref() == Some(name)).cloned());
        assert!(chosen.len() > before, "there is no type {name}");
    }
    snapshot("types", &print(chosen));
}

/// The type that an item declares or implements something for.
fn owner(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Impl(item) => match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// One with a body, a path alone, a query, a list as the body, an answer that may be missing, and none.
#[test]
fn calls() {
    let names = [
        "auth_authorization",
        "auth_token_create_batch",
        "client_authorization_get_list_by_subject",
        "client_delete",
        "misc_echo",
        "service_get",
        "service_jwks_get",
    ];
    let chosen = functions().into_iter().filter(|function| names.contains(&function.sig.ident.to_string().as_str()));
    let chosen: Vec<_> = chosen.map(Item::Fn).collect();
    assert_eq!(chosen.len(), names.len());
    snapshot("calls", &print(chosen));
}
