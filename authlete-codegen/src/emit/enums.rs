//! Open enumerations, as calls of the macro in `authlete-api/src/open_enum.rs`.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;

use super::{Description, EnumType, HEADER};
use crate::{Problem, Problems};

/// The file that declares every enumeration.
///
/// # Errors
/// When one lists a value twice.
pub fn emit(description: &Description) -> Result<String, Problems> {
    let mut problems = Problems::default();
    let mut text = format!(
        "{HEADER}\n\n//! Enumerations of texts. They are open: a value not listed is kept as `Unknown`.\n\nuse crate::rt;\n"
    );
    for (name, declared) in &description.enums {
        match declaration(name, declared) {
            Ok(declaration) => {
                text.push('\n');
                text.push_str(&declaration);
            }
            Err(problem) => problems.0.push(problem),
        }
    }
    problems.into_result(text)
}

/// One enumeration. prettyplease leaves the inside of macro calls alone, so it is laid out here.
fn declaration(name: &str, declared: &EnumType) -> Result<String, Problem> {
    let variants = variants(name, &declared.values)?;
    let mut text = String::from("rt::open_enum! {\n");
    doc(&mut text, "    ", &declared.doc);
    text.push_str(&format!("    {name} {{\n"));
    for (variant, value) in variants {
        let value_doc = if value.is_empty() { "The empty text.".to_owned() } else { format!("`{value}`") };
        doc(&mut text, "        ", &value_doc);
        text.push_str(&format!("        {variant} = {value:?},\n"));
    }
    text.push_str("    }\n}\n");
    Ok(text)
}

fn doc(text: &mut String, indent: &str, lines: &str) {
    for line in lines.trim().lines() {
        text.push_str(format!("{indent}/// {line}").trim_end());
        text.push('\n');
    }
}

/// The variants' names with their values; two values that would share a name are told apart by a number.
fn variants(name: &str, values: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let mut used = BTreeSet::new();
    let mut variants = Vec::new();
    for value in values {
        if variants.iter().any(|(_, known)| known == value) {
            let at = format!("#/components/schemas/{name}");
            return Err(Problem::new("emit", at, format!("the value {value:?} is listed twice")));
        }
        let spelled = value.replace('+', " plus ").replace('#', " sharp ").replace('*', " any ");
        let mut variant: String = spelled.to_upper_camel_case().chars().filter(|c| is_part_of_names(*c)).collect();
        if variant.is_empty() {
            "Empty".clone_into(&mut variant);
        }
        if variant == "Unknown" {
            // Upstream's own value of that name is a known one.
            variant.push_str("Value");
        }
        if syn::parse_str::<syn::Ident>(&variant).is_err() {
            variant.insert_str(0, "Value");
        }
        let mut number = 1;
        let plain = variant.clone();
        while !used.insert(variant.clone()) {
            number += 1;
            variant = format!("{plain}{number}");
        }
        variants.push((variant, value.clone()));
    }
    Ok(variants)
}

/// Whether a name may hold the character, after its first one.
fn is_part_of_names(c: char) -> bool {
    syn::parse_str::<syn::Ident>(&format!("V{c}")).is_ok()
}
