//! What the fields of each generated type are called on the wire, for `verify-examples`.
//!
//! Types that keep unknown fields write them back, so a field we do not know looks the same before and after. These
//! tables tell it apart. They are read from the code, not from the description, so that a field lost between the two
//! shows as well.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericArgument, Item, ItemStruct, PathArguments, Type, parse_quote};

use super::{Description, files::print, syntax::Code};
use crate::Problems;

/// `shapes.rs`: a static for every struct, named like it.
pub(super) fn shapes(code: &Code, description: &Description) -> Result<String, Problems> {
    let structs = code.types.iter().filter_map(|(name, items)| Some((name, declared(items)?)));
    let mut items: Vec<Item> = vec![
        parse_quote!(
            use authlete_api::types;
        ),
        parse_quote!(
            use super::shapes;
        ),
        parse_quote!(
            use crate::shape::{Field, Shape, Struct};
        ),
    ];
    for (name, declared) in structs {
        let ident = format_ident!("{name}");
        let doc = format!(" `{name}`.");
        let required = |wire: &str| {
            description.structs.get(name).and_then(|known| known.fields.get(wire)).is_some_and(|field| field.required)
        };
        let mut keeps_unknown = false;
        let mut fields = Vec::new();
        for field in &declared.fields {
            let Some(own) = &field.ident else { continue };
            let Serde { rename, flatten } = serde_attributes(field);
            if flatten {
                keeps_unknown = true;
                continue;
            }
            let wire = rename.unwrap_or_else(|| own.to_string().trim_start_matches("r#").to_owned());
            let shape = shape(&field.ty, code, description);
            let kind = if required(&wire) { format_ident!("required") } else { format_ident!("optional") };
            fields.push(quote!(Field::#kind(#wire, #shape)));
        }
        items.push(parse_quote! {
            #[doc = #doc]
            pub static #ident: Struct = Struct { name: #name, keeps_unknown: #keeps_unknown, fields: &[#(#fields),*] };
        });
    }
    Ok(print("The fields of every struct, by their names on the wire.", items)?)
}

/// The shape of a type, as an expression; one that is neither plain, a list, a map nor a type of ours has to come out
/// exactly as it went in.
pub(super) fn shape(ty: &Type, code: &Code, description: &Description) -> TokenStream {
    let path = match ty {
        Type::Path(path) => path,
        Type::Reference(reference) => return shape(&reference.elem, code, description),
        Type::Slice(slice) => return list(&slice.elem, code, description),
        _ => return quote!(Shape::Untyped),
    };
    let Some(last) = path.path.segments.last() else { return quote!(Shape::Untyped) };
    let name = last.ident.to_string();
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().rev().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    let ident = &last.ident;
    match (name.as_str(), argument) {
        ("Option" | "Box", Some(inner)) => shape(inner, code, description),
        ("Vec", Some(inner)) => list(inner, code, description),
        ("HashMap" | "BTreeMap" | "Map", Some(inner)) => {
            let inner = shape(inner, code, description);
            quote!(Shape::Map(&#inner))
        }
        ("String" | "str", None) => quote!(Shape::Text),
        ("bool", None) => quote!(Shape::Boolean),
        ("i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64", None) => quote!(Shape::Integer),
        ("f32" | "f64", None) => quote!(Shape::Number),
        _ if description.texts.contains(&name) => quote!(Shape::Text),
        _ if description.enums.contains_key(&name) => quote!(Shape::Enum(types::#ident::KNOWN)),
        _ if code.types.get(&name).is_some_and(|items| declared(items).is_some()) => {
            quote!(Shape::Struct(&shapes::#ident))
        }
        _ => quote!(Shape::Untyped),
    }
}

fn list(element: &Type, code: &Code, description: &Description) -> TokenStream {
    let element = shape(element, code, description);
    quote!(Shape::List(&#element))
}

/// The struct among a type's items, when its fields have names.
fn declared(items: &[Item]) -> Option<&ItemStruct> {
    items.iter().find_map(|item| match item {
        Item::Struct(item) if matches!(item.fields, syn::Fields::Named(_)) => Some(item),
        _ => None,
    })
}

/// What serde is told about a field, as far as it matters here.
#[derive(Default)]
struct Serde {
    rename: Option<String>,
    flatten: bool,
}

fn serde_attributes(field: &syn::Field) -> Serde {
    let mut found = Serde::default();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // Arguments of a form this does not know (`default`, `skip_serializing_if = "…"`) are read over.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("flatten") {
                found.flatten = true;
            } else if let Ok(value) = meta.value() {
                let text: syn::LitStr = value.parse()?;
                if meta.path.is_ident("rename") {
                    found.rename = Some(text.value());
                }
            }
            Ok(())
        });
    }
    found
}
