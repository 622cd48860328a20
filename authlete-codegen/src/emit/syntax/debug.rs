//! `Debug` that keeps secrets: types with a secret field, or with fields we do not know, lose the derived one.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, Item, ItemStruct, LitStr, Meta, Path, Token, parse_quote};

use super::{Code, Description, type_name};
use crate::{Problem, Problems};

pub(super) fn run(code: &mut Code, description: &Description) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for (name, items) in &mut code.types {
        let mut written = None;
        for item in items.iter_mut() {
            if let Item::Enum(item) = item
                && description.others.get(name) == Some(&true)
            {
                without_derive(&mut item.attrs, "Debug");
                written = Some(implementation(&item.ident, &hidden(name)));
            }
            if let Item::Struct(item) = item {
                match redacted(name, item, description) {
                    Ok(Some(implementation)) => {
                        without_derive(&mut item.attrs, "Debug");
                        written = Some(implementation);
                    }
                    Ok(None) => {}
                    Err(problem) => problems.0.push(problem),
                }
            }
        }
        items.extend(written);
    }
    problems.into_result(())
}

/// The hiding implementation, when the type needs one.
fn redacted(name: &str, item: &ItemStruct, description: &Description) -> Result<Option<Item>, Problem> {
    let ident = &item.ident;
    let body = match &item.fields {
        Fields::Named(fields) => {
            let Some(declared) = description.structs.get(name) else {
                return Err(Problem::new(
                    "debug",
                    name,
                    "is a struct that no component describes, so its secrets are unknown",
                )
                .hint("name the inline schema it stands for; see the pass named_inline_objects"));
            };
            let mut hides = false;
            let mut prints = Vec::new();
            for field in &fields.named {
                let Some(member) = &field.ident else { continue };
                let serde = serde_of(&field.attrs);
                let wire = serde.rename.unwrap_or_else(|| member.to_string().trim_start_matches("r#").to_owned());
                let label = member.to_string().trim_start_matches("r#").to_owned();
                let secret = declared.fields.get(&wire).is_some_and(|field| field.secret);
                hides |= secret || serde.flatten;
                prints.push(if serde.flatten {
                    quote!(.field(#label, &crate::rt::Extra(&self.#member)))
                } else if !secret {
                    quote!(.field(#label, &self.#member))
                } else if is_option(&field.ty) {
                    quote!(.field(#label, &crate::rt::optional(&self.#member)))
                } else {
                    quote!(.field(#label, &crate::rt::Redacted))
                });
            }
            if !hides {
                return Ok(None);
            }
            quote!(f.debug_struct(#name) #(#prints)* .finish())
        }
        Fields::Unnamed(_) if description.others.get(name) == Some(&true) => hidden(name),
        Fields::Unnamed(_) | Fields::Unit => return Ok(None),
    };
    Ok(Some(implementation(ident, &body)))
}

/// Prints the name alone, as of a tuple struct.
fn hidden(name: &str) -> TokenStream {
    quote!(f.debug_tuple(#name).field(&crate::rt::Redacted).finish())
}

fn implementation(ident: &syn::Ident, body: &TokenStream) -> Item {
    parse_quote! {
        impl ::std::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                #body
            }
        }
    }
}

/// What a field's serde attributes say of its place on the wire.
#[derive(Default)]
pub(super) struct Serde {
    pub(super) rename: Option<String>,
    pub(super) flatten: bool,
}

pub(super) fn serde_of(attrs: &[Attribute]) -> Serde {
    let mut found = Serde::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let Ok(entries) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else { continue };
        for entry in entries {
            match entry {
                Meta::Path(path) if path.is_ident("flatten") => found.flatten = true,
                Meta::NameValue(entry) if entry.path.is_ident("rename") => {
                    let value = &entry.value;
                    found.rename = syn::parse2::<LitStr>(quote!(#value)).ok().map(|text| text.value());
                }
                _ => {}
            }
        }
    }
    found
}

pub(super) fn is_option(ty: &syn::Type) -> bool {
    type_name(ty).as_deref() == Some("Option")
}

/// Takes one trait out of the derived ones.
fn without_derive(attrs: &mut [Attribute], unwanted: &str) {
    for attr in attrs.iter_mut().filter(|attr| attr.path().is_ident("derive")) {
        if let Ok(paths) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) {
            let kept: Punctuated<Path, Token![,]> = paths
                .into_iter()
                .filter(|path| path.segments.last().is_none_or(|last| last.ident != unwanted))
                .collect();
            *attr = parse_quote!(#[derive(#kept)]);
        }
    }
}
