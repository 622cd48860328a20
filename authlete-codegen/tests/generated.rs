//! What the passes make is what progenitor takes: every schema becomes one type of the same name, every operation one
//! method, and every optional list an `Option`.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::Path;

use authlete_codegen::Document;
use authlete_codegen::passes::Notes;
use authlete_codegen::passes::spec::PASSES;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

fn passed(path: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut document = Document(serde_json::from_str(&text).expect("the document is JSON"));
    for pass in PASSES {
        let mut notes = Notes { lenient: true, ..Notes::default() };
        (pass.run)(&mut document, &mut notes).unwrap_or_else(|problems| panic!("{}: {problems}", pass.name));
    }
    document
}

fn generated(document: &Document) -> syn::File {
    let spec = serde_json::from_value(document.0.clone()).expect("the passes leave an OpenAPI document");
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Positional);
    let tokens = Generator::new(&settings).generate_tokens(&spec).expect("progenitor takes what the passes leave");
    syn::parse2(tokens).expect("progenitor writes Rust")
}

/// The public types, the methods, and the fields that are lists but not optional.
fn contents(file: &syn::File) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut types, mut methods, mut plain_lists) = (Vec::new(), Vec::new(), Vec::new());
    for item in &file.items {
        match item {
            syn::Item::Mod(module) if module.ident == "types" => {
                for item in module.content.iter().flat_map(|(_, items)| items) {
                    match item {
                        syn::Item::Struct(item) => {
                            types.push(item.ident.to_string());
                            plain_lists.extend(item.fields.iter().filter_map(|field| plain_list(&item.ident, field)));
                        }
                        syn::Item::Enum(item) => types.push(item.ident.to_string()),
                        _ => {}
                    }
                }
            }
            syn::Item::Impl(item) if item.trait_.is_none() => {
                methods.extend(item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(item) if item.sig.asyncness.is_some() => Some(item.sig.ident.to_string()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (types, methods, plain_lists)
}

fn plain_list(owner: &syn::Ident, field: &syn::Field) -> Option<String> {
    let syn::Type::Path(path) = &field.ty else { return None };
    let last = path.path.segments.last()?;
    let name = field.ident.as_ref()?;
    (last.ident == "Vec" || last.ident == "HashMap").then(|| format!("{owner}.{name}"))
}

fn check(path: &str) {
    let document = passed(path);
    let (mut types, mut methods, plain_lists) = contents(&generated(&document));
    types.sort();
    methods.sort();

    let mut schemas: Vec<String> = document.schemas().map(|(name, _)| name.clone()).collect();
    schemas.sort();
    assert_eq!(types, schemas, "{path}: each schema is one type of its name");
    let mut ids: Vec<_> = document.operations().map(|(_, _, operation)| operation["operationId"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    assert_eq!(Value::from(methods), Value::Array(ids), "{path}: each operation is one method of its name");

    let required: BTreeSet<String> = document
        .schemas()
        .flat_map(|(name, schema)| {
            let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(move |field| format!("{name}.{field}").to_lowercase().replace('_', ""))
        })
        .collect();
    for list in plain_lists {
        let wire = list.to_lowercase().replace('_', "");
        assert!(required.contains(&wire), "{path}: {list} is optional, and has to be an Option");
    }
}

#[test]
fn the_committed_document() {
    check("../openapi/authlete.json");
}

#[test]
fn a_document_with_all_that_is_odd() {
    check("tests/fixtures/passes/odd.json");
}
