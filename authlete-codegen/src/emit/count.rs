//! Counts in equal counts out.

use std::collections::BTreeSet;

use super::{Description, syntax::Code};
use crate::{Problem, Problems};

/// How many of what, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Operations, each with one method.
    pub operations: usize,
    /// Components, each with one type.
    pub components: usize,
    /// Of these, open enumerations.
    pub enums: usize,
    /// Types of progenitor's own making, beside those.
    pub invented: usize,
}

/// Every operation and component of the description appears in the code, once.
///
/// # Errors
/// One problem for each that does not.
pub fn check(code: &Code, description: &Description) -> Result<Counts, Problems> {
    let mut problems = Problems::default();
    let hint = "two names that become one in Rust, or a schema that progenitor inlines; see openapi/effective.json";
    for name in description.operations.keys().filter(|name| !code.methods.contains_key(*name)) {
        problems.0.push(Problem::new("count", name.clone(), "the operation has no method").hint(hint));
    }
    for name in code.methods.keys().filter(|name| !description.operations.contains_key(*name)) {
        problems.0.push(Problem::new("count", name.clone(), "the method belongs to no operation").hint(hint));
    }
    let components: BTreeSet<&String> = description.structs.keys().chain(description.others.keys()).collect();
    for name in &components {
        let definitions = code.types.get(*name).map_or(0, |items| {
            items
                .iter()
                .filter(|item| matches!(item, syn::Item::Struct(_) | syn::Item::Enum(_) | syn::Item::Type(_)))
                .count()
        });
        if definitions != 1 {
            let at = format!("#/components/schemas/{name}");
            problems.0.push(Problem::new("count", at, format!("the component has {definitions} types")).hint(hint));
        }
    }
    let counts = Counts {
        operations: description.operations.len(),
        components: components.len() + description.enums.len(),
        enums: description.enums.len(),
        invented: code.types.keys().filter(|name| !components.contains(name)).count(),
    };
    problems.into_result(counts)
}
