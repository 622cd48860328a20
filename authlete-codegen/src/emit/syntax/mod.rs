//! Passes over the syntax tree of progenitor's output: what no description and no setting can express.

mod calls;
mod constructors;
mod debug;
mod derives;
mod docs;
mod objects;
mod paths;

use std::collections::BTreeMap;

use syn::{ImplItem, ImplItemFn, Item, ItemMod, Type};

use super::Description;
use crate::{Problem, Problems};

/// progenitor's output, taken apart.
#[derive(Clone, Default)]
pub struct Code {
    /// The definition of each type with all that is implemented for it, by type name.
    pub types: BTreeMap<String, Vec<Item>>,
    /// Modules beside the types, which some of them use (`error`, `defaults`).
    pub modules: Vec<ItemMod>,
    /// The method of each operation, by name.
    pub methods: BTreeMap<String, ImplItemFn>,
}

/// One pass over the syntax tree.
pub struct Pass {
    /// Its name, that of its module.
    pub name: &'static str,
    /// Does it.
    pub run: fn(&mut Code, &Description) -> Result<(), Problems>,
}

/// The order of the passes.
pub const PASSES: &[Pass] = &[
    Pass { name: "paths", run: paths::run },
    Pass { name: "calls", run: calls::run },
    Pass { name: "derives", run: derives::run },
    Pass { name: "objects", run: objects::run },
    Pass { name: "debug", run: debug::run },
    Pass { name: "constructors", run: constructors::run },
    Pass { name: "docs", run: docs::run },
];

/// Runs every pass.
pub(super) fn run(code: &mut Code, description: &Description) -> Result<(), Problems> {
    PASSES.iter().try_for_each(|pass| (pass.run)(code, description))
}

impl Code {
    /// Takes the types and the operations' methods. The client around them, its constructors (which can panic) and its
    /// hooks stay behind: `authlete-api` has its own.
    ///
    /// # Errors
    /// When there is something among the types that is none of what belongs to one.
    pub fn collect(file: syn::File) -> Result<Self, Problems> {
        let mut code = Self::default();
        for item in file.items {
            match item {
                Item::Mod(module) if module.ident == "types" => {
                    for item in module.content.into_iter().flat_map(|(_, items)| items) {
                        code.add_type_item(item)?;
                    }
                }
                Item::Impl(item) if item.trait_.is_none() && type_name(&item.self_ty).as_deref() == Some("Client") => {
                    for item in item.items {
                        if let ImplItem::Fn(method) = item
                            && method.sig.asyncness.is_some()
                        {
                            code.methods.insert(method.sig.ident.to_string(), method);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(code)
    }

    fn add_type_item(&mut self, item: Item) -> Result<(), Problem> {
        let name = match &item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            Item::Type(item) => Some(item.ident.to_string()),
            Item::Impl(item) => owner(item),
            _ => None,
        };
        match (name, item) {
            (_, Item::Mod(module)) => self.modules.push(module),
            (Some(name), item) => self.types.entry(name).or_default().push(item),
            (None, item) => {
                let text = quote::quote!(#item).to_string();
                let text = text.chars().take(120).collect::<String>();
                return Err(Problem::new("syntax", "progenitor's types", format!("unexpected item: {text}"))
                    .hint("progenitor's output has changed; teach authlete-codegen/src/emit/syntax about it"));
            }
        }
        Ok(())
    }
}

/// A field's name on the wire; `None` for the one that takes what is not known.
pub(super) fn wire_name(field: &syn::Field) -> Option<String> {
    let serde = debug::serde_of(&field.attrs);
    let ident = field.ident.as_ref()?.to_string();
    (!serde.flatten).then(|| serde.rename.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned()))
}

/// The type an implementation belongs to: its own, or for `impl From<X> for u64` the `X`.
fn owner(item: &syn::ItemImpl) -> Option<String> {
    let own = type_name(&item.self_ty)?;
    let foreign = matches!(&*item.self_ty, Type::Path(path) if path.path.leading_colon.is_some());
    if !foreign {
        return Some(own);
    }
    let segment = item.trait_.as_ref()?.0.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Some(own) };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(argument) => type_name(argument),
        _ => None,
    })
}

/// The last name of a path type, references looked through.
pub(super) fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}
