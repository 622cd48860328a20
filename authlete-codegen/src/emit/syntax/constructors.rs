//! Constructors: a type with required fields gets `new`, which takes those and leaves the others out.
//!
//! A type without required fields has `Default` instead, which typify derives.

use quote::quote;
use syn::{Fields, Item, parse_quote};

use super::debug::{is_option, serde_of};
use super::{Code, Description, type_name};
use crate::Problems;

pub(super) fn run(code: &mut Code, description: &Description) -> Result<(), Problems> {
    for items in code.types.values_mut() {
        let constructor = items.iter().find_map(|item| match item {
            Item::Struct(item) => constructor(item, description),
            _ => None,
        });
        items.extend(constructor);
    }
    Ok(())
}

fn constructor(item: &syn::ItemStruct, description: &Description) -> Option<Item> {
    let Fields::Named(fields) = &item.fields else { return None };
    let ident = &item.ident;
    let (mut arguments, mut values) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let (member, ty) = (field.ident.as_ref()?, &field.ty);
        if is_option(ty) || serde_of(&field.attrs).flatten {
            values.push(quote!(#member: ::std::default::Default::default()));
        } else {
            let text = type_name(ty).is_some_and(|name| name == "String" || description.texts.contains(&name));
            if text {
                arguments.push(quote!(#member: impl ::std::convert::Into<#ty>));
                values.push(quote!(#member: #member.into()));
            } else {
                arguments.push(quote!(#member: #ty));
                values.push(quote!(#member));
            }
        }
    }
    if arguments.is_empty() {
        return None;
    }
    Some(parse_quote! {
        impl #ident {
            /// With the required fields; the others are left out.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    })
}
