//! `cargo xtask diff`: what differs between two documents.

use authlete_codegen::Document;
use authlete_codegen::diff::{Report, diff};
use authlete_codegen::import::import;
use clap::ValueEnum;

use crate::files;

/// The arguments of `diff`.
#[derive(clap::Args)]
pub(crate) struct Diff {
    /// The old document: a file, or - for standard input
    #[arg(value_name = "OLD")]
    old: String,
    /// The new document
    #[arg(value_name = "NEW")]
    new: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a report is printed.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Format {
    /// A line for each change
    #[default]
    Text,
    /// One JSON object
    Json,
}

impl Diff {
    /// Prints the report.
    pub(crate) fn run(&self) -> Result<(), String> {
        if self.old == "-" && self.new == "-" {
            return Err("only one of the two documents can come from standard input".to_owned());
        }
        let (old, new) = (facts(&self.old)?, facts(&self.new)?);
        print(&diff(&old, &new), self.format)
    }
}

/// The facts of a document, wherever it is; prose does not count as a difference.
pub(crate) fn facts(from: &str) -> Result<Document, String> {
    let bytes = files::read(from)?;
    Ok(import(&bytes, from).map_err(|problems| format!("{from} is not importable\n{problems}"))?.document)
}

/// Prints a report on standard output.
pub(crate) fn print(report: &Report, format: Format) -> Result<(), String> {
    files::print(&match format {
        Format::Text => report.to_text(),
        Format::Json => Document(report.to_json()).to_canonical_string(),
    })
}
