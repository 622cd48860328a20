//! The words of generated items, from what the model says of them.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Field, Layer, Operation};

/// A text as doc comments, a line for each line.
pub(super) fn doc(text: &str) -> TokenStream {
    let lines = lines(text);
    quote!(#(#[doc = #lines])*)
}

/// The lines of a doc comment, as they stand after `///`.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if line.is_empty() && lines.last().is_none_or(String::is_empty) {
            continue;
        }
        lines.push(if line.is_empty() { String::new() } else { format!(" {line}") });
    }
    lines
}

/// Names in a sentence: `a`, `b` and `c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// What is said of a field.
pub(super) fn field(field: &Field) -> String {
    field.doc.clone()
}

/// What is said of the method that sets a field: the same as of the field.
pub(super) fn setter(field: &Field) -> String {
    format!("Sets `{}`: {}", field.label(), first_lower(&field.doc))
}

/// What is said of the method that reads a field as a time.
pub(super) fn unit_accessor(field: &Field) -> String {
    let what = if field.unit.as_deref().is_some_and(|unit| unit.starts_with("epoch-")) {
        "`SystemTime`; `None` also where the number is before 1970 or too large"
    } else {
        "`Duration`; `None` also where the number is negative"
    };
    format!("`{}` as a {what}.\n\n{}", field.label(), field.doc)
}

/// A sentence that goes on after a colon.
fn first_lower(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        // An abbreviation keeps its letters, and code its case.
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// How an operation is called, as a link to its method.
pub(super) fn link(operation: &Operation) -> String {
    let place = super::overview::place(operation);
    let Some(Layer { group, method, .. }) = &operation.layer else { return place };
    if group == super::groups::SERVICE {
        format!("[{place}](crate::AuthleteService::{method})")
    } else {
        format!("[{place}](crate::groups::{}::{method})", super::groups::api_type(group))
    }
}

/// A text as one paragraph more.
pub(super) fn and(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}
