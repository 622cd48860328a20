//! Paths in types: a type's file lies one level below the module that progenitor wrote it for.

use syn::visit_mut::{self, VisitMut};

use super::{Code, Description};
use crate::Problems;

pub(super) fn run(code: &mut Code, _: &Description) -> Result<(), Problems> {
    for item in code.types.values_mut().flatten() {
        Deeper.visit_item_mut(item);
    }
    Ok(())
}

struct Deeper;

impl VisitMut for Deeper {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        if path.segments.len() > 1
            && let Some(first) = path.segments.first_mut()
            && first.ident == "self"
        {
            first.ident = quote::format_ident!("super");
        }
        visit_mut::visit_path_mut(self, path);
    }
}
