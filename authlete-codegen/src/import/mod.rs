//! Upstream document in, the same document with facts only out.
//!
//! [`parse`] reads and checks; [`import`] then keeps what a program can act on (paths, names, types, values,
//! constraints) and drops what is written for people, which is upstream's to publish and not ours to copy. Where the
//! standard requires a text, a short one of ours stands in.
//!
//! The result is written as JSON with sorted keys (`openapi/authlete.json`) even when upstream is YAML: one parser and
//! one byte form serve every stage, overlay targets and reviewers see what the generator sees, and a reordering
//! upstream does not show as a change.

mod check;
mod facts;
mod read;
mod shapes;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Document, Problem, Problems};

/// The name of this stage in problems.
const STAGE: &str = "import";

/// The extension that says where a document came from; ours, so `import` writes it and nothing else does.
pub const PROVENANCE: &str = "x-provenance";

/// What [`import`] made of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The facts, with their provenance.
    pub document: Document,
    /// What was dropped or filled in although it is neither prose nor an extension, with its place: oddities a
    /// maintainer should know of.
    pub notes: Vec<String>,
    /// How often each keyword was dropped as prose or as an extension.
    pub dropped: BTreeMap<String, usize>,
}

/// Reads a document and checks it, its prose still in place.
///
/// # Errors
/// When the bytes are not one YAML or JSON document in UTF-8, when that is not OpenAPI 3.0, when a reference leads
/// nowhere, or when two operations share an id.
pub fn parse(bytes: &[u8]) -> Result<Document, Problems> {
    let document = Document(read::read(bytes)?);
    check::openapi(&document)?;
    let mut problems = check::operation_ids(&document);
    problems.0.extend(check::references(&document, &facts::facts(&document.0).references).0);
    problems.into_result(document)
}

/// Reads a document and keeps its facts. `source` is the name that its provenance shall give.
///
/// # Errors
/// As [`parse`]; also when a reference leads into what is dropped.
pub fn import(bytes: &[u8], source: &str) -> Result<Imported, Problems> {
    let parsed = parse(bytes)?;
    let mut facts = facts::facts(&parsed.0);
    let version = facts.value.pointer("/info/version").cloned().unwrap_or(Value::Null);
    facts.value[PROVENANCE] = json!({
        "source": source,
        "version": version,
        "sha256": hex(&Sha256::digest(bytes)),
    });
    let document = Document(facts.value);
    check::references(&document, &facts.references).into_result(())?;
    Ok(Imported { document, notes: facts.notes, dropped: facts.dropped })
}

impl Imported {
    /// Says in the provenance what day the document is of, since several documents have the same version.
    ///
    /// # Errors
    /// When `date` is no date of the form `2026-08-03`.
    pub fn dated(mut self, date: &str) -> Result<Self, Problems> {
        let form = date.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        if !form.eq(*b"0000-00-00") {
            let problem = Problem::new(STAGE, "", format!("{date:?} is no date such as 2026-08-03"));
            return Err(Problems(vec![problem]));
        }
        self.document.0[PROVENANCE]["date"] = date.into();
        Ok(self)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
