//! An optional derive: `schemars::JsonSchema` behind its feature, which progenitor's settings cannot make conditional.

use syn::{Item, parse_quote};

use super::{Code, Description};
use crate::Problems;

pub(super) fn run(code: &mut Code, _: &Description) -> Result<(), Problems> {
    for item in code.types.values_mut().flatten() {
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
