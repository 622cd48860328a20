//! `cargo xtask diff`: what differs between two documents.

use std::path::Path;

use authlete_codegen::Document;
use authlete_codegen::diff::diff;
use authlete_codegen::diff::rust::{RustReport, side_by_side};
use authlete_codegen::import::import;
use authlete_codegen::pipeline::{self, Inputs};
use clap::ValueEnum;

use crate::files;
use crate::regen::overlays;

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
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        if self.old == "-" && self.new == "-" {
            return Err("only one of the two documents can come from standard input".to_owned());
        }
        let (old, new) = (facts(&self.old)?, facts(&self.new)?);
        report(project, old, new, self.format)
    }
}

/// The facts of a document, wherever it is; prose does not count as a difference.
pub(crate) fn facts(from: &str) -> Result<Document, String> {
    let bytes = files::read(from)?;
    Ok(import(&bytes, from).map_err(|problems| format!("{from} is not importable\n{problems}"))?.document)
}

/// Prints what differs between two documents, on the wire and in the Rust that they yield here.
pub(crate) fn report(project: &Path, old: Document, new: Document, format: Format) -> Result<(), String> {
    let wire = diff(&old, &new);
    let rust = rust(project, old, new);
    if let Err(problem) = &rust {
        eprintln!("note: what changes in Rust is not known, since one of the documents yields none:\n{problem}");
    }
    files::print(&match (format, &rust) {
        (Format::Text, Ok(rust)) => side_by_side(&wire, rust),
        (Format::Text, Err(_)) => wire.to_text(),
        (Format::Json, rust) => {
            let rust = rust.as_ref().map_or(serde_json::Value::Null, RustReport::to_json);
            Document(serde_json::json!({ "wire": wire.to_json(), "rust": rust })).to_canonical_string()
        }
    })
}

/// What differs in Rust. Overlays and the table of actions are those of the project, as far as they fit.
fn rust(project: &Path, old: Document, new: Document) -> Result<RustReport, String> {
    let overlays = overlays(project)?;
    let overlays: Vec<_> = overlays.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    let table = project.join("openapi/actions.yaml");
    let actions = if table.exists() { files::read_file(&table)? } else { b"operations: {}".to_vec() };
    let inputs = |document| Inputs {
        document,
        overlays: overlays.clone(),
        actions: &actions,
        words: Vec::new(),
        examples: Vec::new(),
        lenient: true,
    };
    pipeline::compare_rust(&inputs(old), &inputs(new)).map_err(|problems| problems.to_string())
}
