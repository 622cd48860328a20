//! Items as the text of a file that an editor can open and a person can read.

use proc_macro2::TokenStream;
use syn::Item;

use super::HEADER;
use crate::Problem;

/// A module's name as words.
pub(super) fn title(module: &str) -> String {
    if module == "common" { "several parts of the API".to_owned() } else { format!("`{module}`") }
}

/// Tokens as items.
pub(super) fn parse(stage: &str, tokens: TokenStream) -> Result<Vec<Item>, Problem> {
    let file: syn::File = syn::parse2(tokens)
        .map_err(|error| Problem::new(stage, "", format!("the generated code does not parse: {error}")))?;
    Ok(file.items)
}

/// Items as the text of a file.
pub(super) fn print(doc: &str, items: Vec<Item>) -> Result<String, Problem> {
    let lines = super::docs::lines(doc);
    let attrs = lines.iter().map(|line| syn::parse_quote!(#![doc = #line])).collect();
    let file = syn::File { shebang: None, frontmatter: None, attrs, items };
    Ok(format!("{HEADER}\n\n{}", blank_lines(&prettyplease::unparse(&file))))
}

/// An empty line between items and between methods: prettyplease prints none.
fn blank_lines(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 16);
    let mut previous = "";
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let closes = previous == format!("{indent}}}") || previous == format!("{indent}}};");
        if closes && indent.len() <= 4 && !line.trim_start().starts_with(['}', ')']) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    spaced
}
