//! Doc comments, a line per line, as a person would write them; progenitor and typify write blocks.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, Lit, Meta, parse_quote};

use super::debug::serde_of;
use super::{Code, Description};
use crate::Problems;

pub(super) fn run(code: &mut Code, _: &Description) -> Result<(), Problems> {
    for item in code.types.values_mut().flatten() {
        Lines.visit_item_mut(item);
    }
    for method in code.methods.values_mut() {
        Lines.visit_impl_item_fn_mut(method);
    }
    Ok(())
}

struct Lines;

macro_rules! visit_attrs {
    ($($visit:ident($node:ident))*) => {
        $(fn $visit(&mut self, node: &mut syn::$node) {
            split(&mut node.attrs);
            visit_mut::$visit(self, node);
        })*
    };
}

impl VisitMut for Lines {
    visit_attrs! {
        visit_item_struct_mut(ItemStruct)
        visit_item_enum_mut(ItemEnum)
        visit_item_type_mut(ItemType)
        visit_variant_mut(Variant)
        visit_impl_item_fn_mut(ImplItemFn)
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        split(&mut field.attrs);
        if serde_of(&field.attrs).flatten {
            field
                .attrs
                .insert(0, parse_quote!(#[doc = " Fields that this version does not know, kept and sent back."]));
        }
    }
}

fn split(attrs: &mut Vec<Attribute>) {
    *attrs = attrs.drain(..).flat_map(|attr| doc_text(&attr).map_or_else(|| vec![attr], |text| lines(&text))).collect();
}

/// The text of a doc attribute.
pub(super) fn doc_text(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(entry) = &attr.meta else { return None };
    match &entry.value {
        Expr::Lit(literal) if entry.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn lines(text: &str) -> Vec<Attribute> {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        // progenitor says it once more in its own words; the first line has method and path.
        let repeated = line.starts_with("Sends a `") && line.contains("` request to `");
        let empty_again = line.is_empty() && lines.last().is_none_or(|last| last.is_empty());
        if !repeated && !empty_again {
            lines.push(line);
        }
    }
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
        .into_iter()
        .map(|line| {
            let line = if line.is_empty() || line.starts_with(' ') { line.to_owned() } else { format!(" {line}") };
            parse_quote!(#[doc = #line])
        })
        .collect()
}
