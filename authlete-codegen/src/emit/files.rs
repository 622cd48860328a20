//! Splits the code into files an editor can open, one module per tag, and prints them.

use std::collections::BTreeMap;

use quote::quote;
use syn::Item;

use super::description::module_name;
use super::{Description, Files, HEADER, syntax::Code};
use crate::{Problem, Problems};

/// The files of types and of methods.
pub(super) fn split(code: &Code, description: &Description) -> Result<Files, Problems> {
    let mut files = Files::new();
    types(code, description, &mut files)?;
    calls(code, description, &mut files)?;
    Ok(files)
}

fn types(code: &Code, description: &Description, files: &mut Files) -> Result<(), Problem> {
    let mut modules: BTreeMap<&str, BTreeMap<&str, Vec<Item>>> = BTreeMap::new();
    for (name, items) in &code.types {
        let module = description.modules.get(name).map_or("common", String::as_str);
        modules.entry(module).or_default().insert(name, items.clone());
    }
    let mut declarations = String::new();
    for (module, types) in &modules {
        let mut items: Vec<Item> = vec![syn::parse_quote!(
            #[allow(unused_imports)]
            use super::*;
        )];
        items.extend(types.values().flatten().cloned());
        files.insert(format!("types/{module}.rs"), print(&format!("Types of {}.", title(module)), items)?);
        let names: Vec<_> = types.keys().copied().collect();
        declarations.push_str(&format!("mod {module};\npub use {module}::{{{}}};\n", names.join(", ")));
    }
    let names: Vec<_> = description.enums.keys().map(String::as_str).collect();
    declarations.push_str(&format!("mod enums;\npub use enums::{{{}}};\n", names.join(", ")));
    let mut items = syn::parse_str::<syn::File>(&declarations).map_err(|error| internal(&error))?.items;
    items.extend(code.modules.iter().cloned().map(Item::Mod));
    files.insert("types/mod.rs".to_owned(), print("The types that operations take and return, by their tags.", items)?);
    Ok(())
}

fn calls(code: &Code, description: &Description, files: &mut Files) -> Result<(), Problem> {
    let mut modules: BTreeMap<String, Vec<syn::ImplItemFn>> = BTreeMap::new();
    for operation in description.operations.values() {
        if let Some(method) = code.methods.get(&operation.name) {
            modules.entry(module_name(&operation.tag)).or_default().push(method.clone());
        }
    }
    let mut declarations = String::new();
    for (module, methods) in modules {
        declarations.push_str(&format!("mod {module};\npub(crate) use {module}::*;\n"));
        let file: syn::File = syn::parse2(quote! {
            #[allow(unused_imports)]
            use crate::generated::{operations, types};
            use crate::rt;

            #(#methods)*
        })
        .map_err(|error| internal(&error))?;
        files.insert(format!("calls/{module}.rs"), print(&format!("Operations of {}.", title(&module)), file.items)?);
    }
    let items = syn::parse_str::<syn::File>(&declarations).map_err(|error| internal(&error))?.items;
    files.insert("calls/mod.rs".to_owned(), print("A function for every operation, by their tags.", items)?);
    Ok(())
}

/// A module's name as words.
fn title(module: &str) -> String {
    if module == "common" { "several parts of the API".to_owned() } else { format!("`{module}`") }
}

/// Items as the text of a file.
pub(super) fn print(doc: &str, items: Vec<Item>) -> Result<String, Problem> {
    let doc = format!(" {doc}");
    let attrs = vec![syn::parse_quote!(#![doc = #doc])];
    let file = syn::File { shebang: None, frontmatter: None, attrs, items };
    Ok(format!("{HEADER}\n\n{}", blank_lines(&prettyplease::unparse(&file))))
}

/// An empty line between items and between methods: prettyplease prints none.
fn blank_lines(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 16);
    let mut previous = "";
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let closes = previous == format!("{indent}}}") || previous == format!("{indent}}};");
        if closes && indent.len() <= 4 && !line.trim_start().starts_with(['}', ')']) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    spaced
}

fn internal(error: &syn::Error) -> Problem {
    Problem::new("emit", "", format!("the generated code does not parse: {error}"))
}
