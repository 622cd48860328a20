//! Open enumerations, as calls of the macro in `authlete-core/src/wire/open_enum.rs`.

use heck::ToUpperCamelCase;

use super::{HEADER, docs};
use crate::model::{EnumValue, Model, TypeDefinition};
use crate::{Problem, Problems};

/// The file that declares every enumeration.
///
/// # Errors
/// When one lists a value twice.
pub fn emit(model: &Model) -> Result<String, Problems> {
    let mut problems = Problems::default();
    let mut text = format!(
        "{HEADER}\n\n//! Enumerations of strings. They are open: a value not listed is kept as `Unknown`.\n\nuse crate::rt;\n"
    );
    for (_, definition, values) in model.enums() {
        match declaration(definition, values) {
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
fn declaration(definition: &TypeDefinition, declared: &[EnumValue]) -> Result<String, Problem> {
    let name = &definition.name;
    let values: Vec<String> = declared.iter().map(|value| value.value.clone()).collect();
    let mut text = String::from("rt::open_enum! {\n");
    doc(&mut text, "    ", &definition.doc);
    text.push_str(&format!("    {name} {{\n"));
    for (EnumValue { doc: value_doc, .. }, (variant, value)) in declared.iter().zip(variants(name, &values)?) {
        let shown = if value.is_empty() { "The empty string.".to_owned() } else { format!("`{value}`") };
        let value_doc = if value_doc.is_empty() { shown } else { format!("{shown}: {value_doc}") };
        doc(&mut text, "        ", &value_doc);
        text.push_str(&format!("        {variant} = {value:?},\n"));
    }
    text.push_str("    }\n}\n");
    Ok(text)
}

fn doc(text: &mut String, indent: &str, words: &str) {
    for line in docs::lines(words) {
        text.push_str(format!("{indent}///{line}").trim_end());
        text.push('\n');
    }
}

/// The variants' names with their values. A name follows from the value and from those it would be confused with, not
/// from the order, so that a value added upstream renames no other.
fn variants(name: &str, values: &[String]) -> Result<Vec<(String, String)>, Problem> {
    if let Some(twice) = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)) {
        let at = format!("#/components/schemas/{name}");
        return Err(Problem::new("emit", at, format!("the value {:?} is listed twice", twice.1)));
    }
    let mut names: Vec<String> = values.iter().map(|value| variant(value, Separators::Dropped)).collect();
    for way in [Separators::Spelled, Separators::SpelledWithCase, Separators::SpelledWithHash] {
        let alike: Vec<bool> =
            names.iter().map(|name| names.iter().filter(|other| *other == name).count() > 1).collect();
        for (at, _) in alike.iter().enumerate().filter(|(_, alike)| **alike) {
            names[at] = variant(&values[at], way);
        }
    }
    Ok(names.into_iter().zip(values.iter().cloned()).collect())
}

/// How values are told apart whose words are the same.
#[derive(Clone, Copy, PartialEq)]
enum Separators {
    /// What separates words is left out.
    Dropped,
    /// It has a word.
    Spelled,
    /// And so has the case of the letters.
    SpelledWithCase,
    /// And a number that follows from the value.
    SpelledWithHash,
}

/// The name of a value's variant.
fn variant(value: &str, separators: Separators) -> String {
    let mut words = spelled(value, separators != Separators::Dropped);
    if !value.is_empty() && !words.chars().any(char::is_alphanumeric) {
        words = spelled(value, true);
    }
    let mut name: String = words.to_upper_camel_case().chars().filter(|c| is_part_of_names(*c)).collect();
    if name.is_empty() {
        "Empty".clone_into(&mut name);
    }
    if separators == Separators::SpelledWithCase || separators == Separators::SpelledWithHash {
        let (upper, lower) = (value.chars().any(char::is_uppercase), value.chars().any(char::is_lowercase));
        name.push_str(match (upper, lower) {
            (true, false) => "Uppercase",
            (false, true) => "Lowercase",
            _ => "",
        });
    }
    if separators == Separators::SpelledWithHash {
        // FNV-1a: the same on every machine.
        let hash = value.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        name.push_str(&format!("X{hash:08x}"));
    }
    if name == "Unknown" {
        // Upstream's own value of that name is a known one.
        name.push_str("Value");
    }
    if syn::parse_str::<syn::Ident>(&name).is_err() {
        name.insert_str(0, "Value");
    }
    name
}

/// The value with words in place of its symbols, and of what separates words where that is wanted.
fn spelled(value: &str, separators: bool) -> String {
    let mut words = String::new();
    let mut characters = value.chars().peekable();
    while let Some(c) = characters.next() {
        let digit_follows = characters.peek().is_some_and(char::is_ascii_digit);
        let word = match c {
            _ if c.is_alphanumeric() => None,
            '+' => Some("plus"),
            '-' if words.is_empty() && digit_follows => Some("minus"),
            '#' => Some("sharp"),
            '*' => Some("any"),
            '>' => Some("greater"),
            '<' => Some("less"),
            '=' => Some("equal"),
            '!' => Some("not"),
            '&' => Some("and"),
            '|' => Some("or"),
            '%' => Some("percent"),
            '$' => Some("dollar"),
            '@' => Some("at"),
            '~' => Some("tilde"),
            '^' => Some("caret"),
            '?' => Some("question"),
            '-' if separators => Some("hyphen"),
            '_' if separators => Some("underscore"),
            '.' if separators => Some("dot"),
            ':' if separators => Some("colon"),
            ';' if separators => Some("semicolon"),
            ',' if separators => Some("comma"),
            '/' if separators => Some("slash"),
            '\\' if separators => Some("backslash"),
            ' ' if separators => Some("space"),
            '\n' if separators => Some("newline"),
            _ => None,
        };
        match word {
            Some(word) => words.push_str(&format!(" {word} ")),
            // A symbol that has no word goes by its number.
            None if !c.is_ascii() && !is_part_of_names(c) && separators => {
                words.push_str(&format!(" u{:x} ", u32::from(c)));
            }
            None => words.push(c),
        }
    }
    words
}

/// Whether a name may hold the character, after its first one.
fn is_part_of_names(c: char) -> bool {
    syn::parse_str::<syn::Ident>(&format!("V{c}")).is_ok()
}
