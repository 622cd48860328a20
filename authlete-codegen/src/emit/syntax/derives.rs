//! Derives that progenitor's settings cannot give: `schemars::JsonSchema` on condition of its feature, and `Default`
//! for types with fields we do not know, which typify takes for required ones.

use quote::quote;
use syn::{Fields, Item, ItemStruct, parse_quote};

use super::debug::{is_option, serde_of};
use super::{Code, Description};
use crate::Problems;

pub(super) fn run(code: &mut Code, _: &Description) -> Result<(), Problems> {
    for item in code.types.values_mut().flatten() {
        if let Item::Struct(item) = item
            && lacks_default(item)
        {
            item.attrs.push(parse_quote!(#[derive(::std::default::Default)]));
        }
        let attrs = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) => &mut item.attrs,
            _ => continue,
        };
        let after_derive =
            attrs.iter().position(|attr| attr.path().is_ident("derive")).map_or(attrs.len(), |at| at + 1);
        attrs.insert(after_derive, parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]));
    }
    Ok(())
}

/// Whether every field can be left out, and yet there is no `Default`.
fn lacks_default(item: &ItemStruct) -> bool {
    let Fields::Named(fields) = &item.fields else { return false };
    let optional = fields.named.iter().all(|field| is_option(&field.ty) || serde_of(&field.attrs).flatten);
    let derived =
        item.attrs.iter().any(|attr| attr.path().is_ident("derive") && quote!(#attr).to_string().contains("Default"));
    optional && !derived
}
