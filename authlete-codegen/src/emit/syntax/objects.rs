//! Reading types without required fields: `authlete-api`'s own reader in place of the derived one, which took most of
//! the time that compiling the crate takes.

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Fields, Item, ItemStruct, Meta, Path, Token, parse_quote};

use super::debug::is_option;
use super::{Code, Description, wire_name};
use crate::Problems;

pub(super) fn run(code: &mut Code, _: &Description) -> Result<(), Problems> {
    for items in code.types.values_mut() {
        let mut implementations = Vec::new();
        for item in &mut *items {
            if let Item::Struct(item) = item
                && let Some(implementation) = object(item)
                && without_deserialize(item)
            {
                let ident = &item.ident;
                implementations.push(implementation);
                implementations.push(parse_quote! {
                    impl<'de> ::serde::Deserialize<'de> for #ident {
                        fn deserialize<D: ::serde::Deserializer<'de>>(
                            deserializer: D,
                        ) -> ::std::result::Result<Self, D::Error> {
                            crate::rt::deserialize(deserializer)
                        }
                    }
                });
            }
        }
        items.extend(implementations);
    }
    Ok(())
}

/// How the type is read, unless it has required fields.
fn object(item: &ItemStruct) -> Option<Item> {
    let Fields::Named(fields) = &item.fields else { return None };
    let (mut members, mut rest) = (Vec::new(), None);
    for field in &fields.named {
        let ident = field.ident.as_ref()?;
        match wire_name(field) {
            None => rest = Some(ident),
            Some(name) if is_option(&field.ty) => members.push((name, ident)),
            Some(_) => return None,
        }
    }
    let ident = &item.ident;
    let number = proc_macro2::Literal::usize_unsuffixed;
    let numbers = members.iter().enumerate().map(|(at, (name, _))| {
        let number = number(at);
        quote!(#name => #number)
    });
    let values = members.iter().enumerate().map(|(at, (_, ident))| {
        let number = number(at);
        quote!(#number => self.#ident = members.next_value()?)
    });
    let open = rest.is_some();
    let keep = rest.map(|rest| {
        quote! {
            fn keep(&mut self, name: ::std::string::String, value: ::serde_json::Value) {
                self.#rest.insert(name, value);
            }
        }
    });
    Some(parse_quote! {
        impl crate::rt::Object for #ident {
            const OPEN: bool = #open;

            fn find(name: &str) -> ::std::option::Option<usize> {
                ::std::option::Option::Some(match name {
                    #(#numbers,)*
                    _ => return ::std::option::Option::None,
                })
            }

            fn read<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                member: usize,
                members: &mut A,
            ) -> ::std::result::Result<(), A::Error> {
                match member {
                    #(#values,)*
                    _ => {}
                }
                ::std::result::Result::Ok(())
            }

            #keep
        }
    })
}

/// Takes `Deserialize` off the derives; says whether it was there.
fn without_deserialize(item: &mut ItemStruct) -> bool {
    for attr in &mut item.attrs {
        if attr.path().is_ident("derive")
            && let Ok(derives) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
        {
            let is_it = |path: &Path| path.segments.last().is_some_and(|last| last.ident == "Deserialize");
            let others: Vec<&Path> = derives.iter().filter(|path| !is_it(path)).collect();
            if others.len() < derives.len() {
                let meta: Meta = parse_quote!(derive(#(#others),*));
                attr.meta = meta;
                return true;
            }
        }
    }
    false
}
