//! What becomes of progenitor's output: every pass over its syntax tree alone, and the files, enumerations, tables and
//! counts that are made from it.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use authlete_codegen::actions::Actions;
use authlete_codegen::emit::progenitor::generate;
use authlete_codegen::emit::syntax::{Code, PASSES};
use authlete_codegen::emit::{self, Description, EnumType, count, enums};
use authlete_codegen::{Document, Problems};
use serde_json::{Value, json};

/// A description with one of everything that the passes treat in a way of its own.
fn shop() -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/emit/shop.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn code(document: &Document) -> (Code, Description) {
    let description = Description::read(document).unwrap_or_else(|problems| panic!("{problems}"));
    let file = generate(document, &description).unwrap_or_else(|problems| panic!("{problems}"));
    (Code::collect(file).unwrap_or_else(|problems| panic!("{problems}")), description)
}

/// The code as one text: types, then methods.
fn text(code: &Code) -> String {
    let mut items: Vec<syn::Item> = code.types.values().flatten().cloned().collect();
    let methods = code.methods.values();
    items.push(syn::parse_quote!(impl Client { #(#methods)* }));
    prettyplease::unparse(&syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items })
}

/// The items and methods that differ, whole, before and after.
fn before_and_after(before: &Code, after: &Code) -> String {
    let mut before = before.clone();
    let mut after = after.clone();
    before.methods.retain(|name, method| {
        let differs = tokens(&*method) != tokens(&after.methods[name]);
        if !differs {
            after.methods.remove(name);
        }
        differs
    });
    for (name, items) in &mut before.types {
        let made = after.types.entry(name.clone()).or_default();
        let old: Vec<String> = items.iter().map(tokens).collect();
        let new: Vec<String> = made.iter().map(tokens).collect();
        items.retain(|item| !new.contains(&tokens(item)));
        made.retain(|item| !old.contains(&tokens(item)));
    }
    let (before, after) = (text(&before), text(&after));
    similar::TextDiff::from_lines(&before, &after).unified_diff().context_radius(usize::MAX / 4).to_string()
}

fn tokens(node: &impl quote::ToTokens) -> String {
    node.to_token_stream().to_string()
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/emit"}, {
        insta::assert_snapshot!(name, text);
    });
}

fn messages(result: Result<impl std::fmt::Debug, Problems>) -> String {
    result.expect_err("this should be refused").to_string()
}

#[test]
fn each_pass() {
    let (before, description) = code(&shop());
    for pass in PASSES {
        let mut after = before.clone();
        (pass.run)(&mut after, &description).unwrap_or_else(|problems| panic!("{}: {problems}", pass.name));
        assert_ne!(text(&before), text(&after), "{} has nothing to do here", pass.name);
        snapshot(pass.name, &before_and_after(&before, &after));
    }
}

#[test]
fn files() {
    let emitted = emit::emit(&shop(), &Actions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut text = format!("{:?}\n", emitted.counts);
    for (folder, files) in [("api", emitted.api), ("emulator", emitted.emulator), ("tests", emitted.tests)] {
        for (path, content) in files {
            assert!(content.starts_with(emit::HEADER), "{path} has no header");
            assert!(syn::parse_file(&content).is_ok(), "{path} is not Rust");
            text.push_str(&format!("\n======== {folder}: {path}\n{content}"));
        }
    }
    snapshot("files", &text);
}

#[test]
fn values_become_variants_of_distinct_names() {
    let values = [
        "NEW",
        "UNKNOWN",
        "UNKNOWN_VALUE",
        "Unknown",
        "A256GCM",
        "ES256",
        "ES256K",
        "code id_token",
        "code_id_token",
        "",
        "EMPTY",
        " ",
        "1.0",
        "10",
        "2nd",
        "Self",
        "self",
        "type",
        "a",
        "A",
        "a2",
        "a3",
        "x+y",
        "x-y",
        "C#",
        "*",
        "urn:ietf:params:oauth",
        "S256²",
        "größe",
        "say \"hi\"\\",
        "two\nlines",
    ];
    let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
    let mut description = Description::default();
    let doc = "Things.\n\nUpstream: `things`.".to_owned();
    description.enums.insert("Thing".to_owned(), EnumType { doc, values: values.clone(), upstream: None });
    let text = enums::emit(&description).unwrap_or_else(|problems| panic!("{problems}"));
    let entries: Vec<(&str, String)> = text
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(variant, value)| (variant, syn::parse_str::<syn::LitStr>(value).expect("a literal").value()))
        .collect();
    let names: std::collections::BTreeSet<_> = entries.iter().map(|(variant, _)| *variant).collect();
    assert_eq!(names.len(), values.len(), "every value has a variant of its own: {text}");
    assert!(names.iter().all(|name| syn::parse_str::<syn::Ident>(name).is_ok() && *name != "Unknown"), "{names:?}");
    assert_eq!(entries.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), values);
    snapshot("enums", &text);

    description.enums.insert(
        "Twice".to_owned(),
        EnumType { doc: String::new(), values: vec!["A".to_owned(), "A".to_owned()], upstream: None },
    );
    assert_eq!(
        messages(enums::emit(&description)),
        "emit: #/components/schemas/Twice: the value \"A\" is listed twice"
    );
}

#[test]
fn names_of_values_do_not_depend_on_their_order() {
    let mut values: Vec<String> = [
        "+1", "-1", ">", "<", ">=", "<=", "=", "foo-bar", "foo_bar", "FooBar", "fooBar", "🦀", "🦞", "-", "_", "1.0",
        "10",
    ]
    .map(str::to_owned)
    .to_vec();
    let names = |values: &[String]| -> std::collections::BTreeMap<String, String> {
        let mut description = Description::default();
        let declared = EnumType { doc: String::new(), values: values.to_vec(), upstream: None };
        description.enums.insert("Thing".to_owned(), declared);
        let text = enums::emit(&description).unwrap_or_else(|problems| panic!("{problems}"));
        let lines = text.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
        lines.map(|(name, value)| (value.to_owned(), name.to_owned())).collect()
    };
    let forward = names(&values);
    assert_eq!(forward["\"+1\""], "Plus1");
    assert_eq!(forward["\"-1\""], "Minus1");
    assert_eq!(forward["\">=\""], "GreaterEqual");
    assert_eq!(forward["\"foo-bar\""], "FooHyphenBar");
    let distinct: std::collections::BTreeSet<&String> = forward.values().collect();
    assert_eq!(distinct.len(), values.len(), "{forward:?}");
    values.reverse();
    assert_eq!(names(&values), forward);
    values.rotate_left(5);
    assert_eq!(names(&values), forward);
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let (code, description) = code(&shop());
    assert!(count::check(&code, &description).is_ok());

    let mut fewer = code.clone();
    fewer.methods.remove("login");
    let method = fewer.methods["order_get"].clone();
    fewer.methods.insert("stray".to_owned(), method);
    fewer.types.remove("Sku");
    let order = fewer.types["Order"].clone();
    fewer.types.entry("Order".to_owned()).or_default().extend(order);
    snapshot("count", &messages(count::check(&fewer, &description)));

    // A type of progenitor's own is counted, and is no mistake.
    let mut more = code;
    let items = more.types["Sku"].clone();
    more.types.insert("Invented".to_owned(), items);
    assert_eq!(count::check(&more, &description).map(|counts| counts.invented), Ok(1));
}

/// The shop with a change.
fn changed(pointer: &str, value: Value) -> Document {
    let mut document = shop();
    *document.0.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")) = value;
    document
}

#[test]
fn a_failure_of_progenitor_is_traced_to_its_operation_or_component() {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let answer =
        |name: &str| json!({ "description": "-", "content": { "application/json": { "schema": reference(name) } } });
    let two = json!({ "200": answer("Order"), "201": answer("Receipt") });
    let document = changed("/paths/~1login/post/responses", two);
    let text = messages(emit::emit(&document, &Actions::default()));
    assert!(text.starts_with("progenitor: POST /login (login): "), "{text}");
    assert_eq!(text.matches("progenitor: ").count(), 1, "only one operation is to blame: {text}");

    let mixed = json!({ "type": "string", "enum": [1, "a"] });
    let text = messages(emit::emit(&changed("/components/schemas/Logo", mixed), &Actions::default()));
    assert!(text.starts_with("progenitor: #/components/schemas/Logo: "), "{text}");

    // Used by an operation, it is that operation's.
    let missing = reference("Nowhere");
    let text = messages(emit::emit(&changed("/components/schemas/Receipt", missing), &Actions::default()));
    assert!(text.starts_with("progenitor: DELETE /shops/{shopId}/orders/{orderId} (order_delete): "), "{text}");
}

#[test]
fn operations_without_an_id_or_with_anothers_are_refused() {
    let mut document = changed("/paths/~1logo/get/operationId", json!("login"));
    document.0["paths"]["/anything"]["post"]["operationId"] = Value::Null;
    let text = messages(emit::emit(&document, &Actions::default()));
    assert!(text.contains("emit: POST /anything: the operation has no operationId"), "{text}");
    assert!(text.contains("the operationId login too"), "{text}");
}

#[test]
fn two_components_of_one_rust_name_are_refused() {
    let mut document = shop();
    document.0["components"]["schemas"]["sku"] = json!({ "type": "string", "x-secret": false });
    let text = messages(emit::emit(&document, &Actions::default()));
    assert!(text.contains("#/components/schemas/sku"), "{text}");
}

#[test]
fn a_struct_that_nothing_describes_is_refused_as_its_secrets_are_unknown() {
    let inline = json!({ "type": "object", "properties": { "password": { "type": "string", "x-secret": true } } });
    let text =
        messages(emit::emit(&changed("/components/schemas/Order/properties/token", inline), &Actions::default()));
    assert!(text.starts_with("debug: OrderToken: "), "{text}");
}
