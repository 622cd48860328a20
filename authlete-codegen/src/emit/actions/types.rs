//! The fields of generated structs, by their names on the wire.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, GenericArgument, Ident, Item, PathArguments, Type};

use crate::emit::Description;
use crate::emit::syntax::{Code, wire_name};

/// The fields of every struct, and the names of the crate's own types of texts.
pub(super) struct Types<'a> {
    structs: BTreeMap<&'a str, Vec<Member>>,
    texts: &'a BTreeSet<String>,
}

/// A field of a generated struct.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) wire: String,
    pub(super) ident: Ident,
    /// What it holds, without `Option`.
    pub(super) ty: Type,
    pub(super) optional: bool,
}

impl<'a> Types<'a> {
    pub(super) fn read(code: &'a Code, description: &'a Description) -> Self {
        let mut structs = BTreeMap::new();
        for (name, items) in &code.types {
            let fields = items.iter().find_map(|item| match item {
                Item::Struct(item) => match &item.fields {
                    Fields::Named(fields) => Some(fields),
                    Fields::Unnamed(_) | Fields::Unit => None,
                },
                _ => None,
            });
            let members = fields.into_iter().flat_map(|fields| &fields.named).filter_map(member).collect();
            structs.insert(name.as_str(), members);
        }
        Self { structs, texts: &description.texts }
    }

    pub(super) fn members(&self, ty: &str) -> &[Member] {
        self.structs.get(ty).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn member(&self, ty: &str, wire: &str) -> Option<&Member> {
        self.members(ty).iter().find(|member| member.wire == wire)
    }

    /// Whether a type is one of the crate's own types of texts.
    pub(super) fn is_text(&self, ty: &Type) -> bool {
        last_name(ty).is_some_and(|name| self.texts.contains(&name))
    }

    /// An expression of type `Option<String>` for a field that has a text.
    pub(super) fn text(&self, ty: &str, path: &str, from: &TokenStream, keep: bool) -> Option<TokenStream> {
        let source = self.source(ty, path, from, keep)?;
        let mut holder = ty.to_owned();
        for part in path.split('.') {
            holder = last_name(&self.member(&holder, part)?.ty)?;
        }
        let own = format_ident!("{holder}");
        Some(if self.texts.contains(&holder) { quote!(#source.map(crate::rt::#own::into_string)) } else { source })
    }

    /// An expression of type `Option` for a field, or for one within it; `keep` leaves the field as it is.
    pub(super) fn source(&self, ty: &str, path: &str, from: &TokenStream, keep: bool) -> Option<TokenStream> {
        let mut parts = path.split('.');
        let first = self.member(ty, parts.next()?)?;
        let ident = &first.ident;
        let mut expression = match (first.optional, keep) {
            (true, false) => quote!(#from.#ident.take()),
            (true, true) => quote!(#from.#ident.clone()),
            (false, _) => quote!(Some(#from.#ident.clone())),
        };
        let mut holder = last_name(&first.ty)?;
        for part in parts {
            let member = self.member(&holder, part)?;
            let ident = &member.ident;
            expression = if member.optional {
                quote!(#expression.and_then(|value| value.#ident))
            } else {
                quote!(#expression.map(|value| value.#ident))
            };
            holder = last_name(&member.ty)?;
        }
        Some(expression)
    }
}

fn member(field: &syn::Field) -> Option<Member> {
    let ident = field.ident.clone()?;
    let wire = wire_name(field)?;
    let inner = argument_of(&field.ty, "Option");
    let optional = inner.is_some();
    Some(Member { wire, ident, ty: qualified(inner.unwrap_or_else(|| field.ty.clone())), optional })
}

/// A generated type, named from outside of its module.
fn qualified(mut ty: Type) -> Type {
    if let Type::Path(path) = &mut ty {
        for segment in &mut path.path.segments {
            if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                for argument in &mut arguments.args {
                    if let GenericArgument::Type(inner) = argument {
                        *inner = qualified(inner.clone());
                    }
                }
            }
        }
        let plain = path.path.leading_colon.is_none() && path.path.segments.len() == 1;
        if plain && path.path.segments[0].ident.to_string().starts_with(char::is_uppercase) {
            let name = &path.path.segments[0];
            return syn::parse_quote!(types::#name);
        }
    }
    ty
}

/// `T` of `wrapper<T>`.
pub(super) fn argument_of(ty: &Type, wrapper: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    if segment.ident != wrapper {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}

/// The last name of a path type.
pub(super) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}
