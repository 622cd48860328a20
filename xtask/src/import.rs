//! `cargo xtask import`: an upstream document's facts into `openapi/authlete.json`.

use std::path::Path;

use authlete_codegen::Document;
use authlete_codegen::import::{Imported, import};
use serde_json::json;

use crate::diff::{Format, report};
use crate::{fetch, files};

/// The arguments of `import`.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// An OpenAPI 3.0 document, YAML or JSON: a file, an http(s) URL, or - for standard input
    #[arg(value_name = "PATH|URL|-")]
    from: String,
    /// The name that the provenance gives [default: the file's name or the URL]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The day that the document is of: its version does not tell, since several documents have the same
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
    /// How to print what changed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Import {
    /// Reads, imports, writes, and reports.
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let target = project.join("openapi/authlete.json");
        let source = self.source.clone().unwrap_or_else(|| source_name(&self.from));
        let bytes = files::read_anywhere(&self.from)?;
        let imported = import(&bytes, &source).and_then(|imported| match &self.date {
            Some(date) => imported.dated(date),
            None => Ok(imported),
        });
        let imported = imported.map_err(|problems| problems.to_string())?;
        let before = present(&target)?;
        files::write(&target, &imported.document.to_canonical_string())?;
        notes(&imported);
        report(project, before, imported.document, self.format)
    }
}

/// The facts of the present file; none when there is no file, or when it is not one of ours any more.
fn present(path: &Path) -> Result<Document, String> {
    let none = || Document(json!({}));
    if !path.exists() {
        return Ok(none());
    }
    let bytes = files::read_file(path)?;
    Ok(import(&bytes, "").map_or_else(
        |problems| {
            eprintln!("note: everything counts as new, since the present file is not readable: {problems}");
            none()
        },
        |present| present.document,
    ))
}

/// What the provenance says when the user does not: nothing that depends on the machine.
fn source_name(from: &str) -> String {
    if from == "-" {
        return "standard input".to_owned();
    }
    if files::is_url(from) {
        return fetch::without_credentials(from);
    }
    Path::new(from).file_name().map_or_else(|| from.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The oddities, on standard error: the report alone is for machines.
fn notes(imported: &Imported) {
    for note in &imported.notes {
        eprintln!("note: {note}");
    }
    let dropped: Vec<_> = imported.dropped.iter().map(|(key, count)| format!("{count} {key}")).collect();
    if !dropped.is_empty() {
        eprintln!("note: dropped as prose: {}", dropped.join(", "));
    }
}
