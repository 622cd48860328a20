//! The whole way, in one place: description → overlays → passes → progenitor → files.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::actions::{self, Table};
use crate::diff::rust::RustReport;
use crate::emit::{self, Emitted};
use crate::import::PROVENANCE;
use crate::overlay::{OverlayReport, Overlays};
use crate::passes::{Notes, spec::PASSES};
use crate::words::{Words, check_actions, wrap_references};
use crate::{Document, Problem, Problems};

/// What is generated from.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// An imported document: facts only.
    pub document: Document,
    /// The overlays, as (file name, content).
    pub overlays: Vec<(&'a str, &'a [u8])>,
    /// The table of actions.
    pub actions: &'a [u8],
    /// What is said of every item, as (file name, content).
    pub words: Vec<(&'a str, &'a [u8])>,
    /// An example of every operation, as (file name, content).
    pub examples: Vec<(&'a str, &'a [u8])>,
    /// Whether overlay actions, rows and rules that fit only the committed document become warnings, and items may lack
    /// words and examples.
    pub lenient: bool,
}

/// What is generated.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The text of every file, by its path in the project.
    pub files: BTreeMap<String, String>,
    /// What was tolerated, or noticed and left alone.
    pub warnings: Vec<String>,
}

/// The folders that hold nothing but what is generated, apart from the `mod.rs` of each, which is written by hand: any
/// other file in them that is not generated is stale.
pub const OWNED_FOLDERS: [&str; 3] = [API, EMULATOR, TESTS];

const API: &str = "authlete-api/src/generated";
const EMULATOR: &str = "authlete-emulator/src/generated";
const TESTS: &str = "tests/src/generated";

/// Generates every file.
///
/// # Errors
/// What the first stage that fails has to say, all of it.
pub fn generate(inputs: &Inputs<'_>) -> Result<Generated, Problems> {
    let overlays = Overlays::parse(inputs.overlays.iter().copied())?;
    let applied = overlays.apply(&inputs.document, inputs.lenient)?;
    let mut words = Words::parse(inputs.words.iter().copied())?;
    words.add_examples(inputs.examples.iter().copied())?;
    let mut effective = applied.shaped.clone();
    let names = operation_names(&effective)?;
    let mut unsaid = Vec::new();
    words.describe_components(&mut effective, &mut unsaid);
    words.describe_operations(&mut effective, &names, &mut unsaid);
    words.describe_regions(&mut effective, &mut unsaid);
    words.check_examples(&effective, names.values(), &mut unsaid);
    let corrected = described(&applied.corrected, &words, &names);
    let passes = run_passes(&mut effective, inputs.lenient)?;
    let table = Table::parse(inputs.actions)?;
    let (actions, misfits) = actions::check(&table, &effective, inputs.lenient)?;
    unsaid.extend(check_actions(&words, &actions));
    let misworded = unsaid.len();
    if !inputs.lenient {
        Problems(unsaid).into_result(())?;
    }
    let emitted = emit::emit(&effective, &actions, &words)?;

    let mut warnings: Vec<String> = applied.report.warnings.iter().map(Problem::to_string).collect();
    warnings.extend(misfits.iter().map(Problem::to_string));
    // All of them would drown the rest: a document that is tried out has its items before it has words.
    if misworded > 0 {
        warnings.push(format!(
            "{misworded} items lack words or an example, or these lack their item; a strict run names them"
        ));
    }
    for (name, notes) in &passes {
        warnings.extend(notes.warnings.iter().map(|warning| format!("{name}: {warning}")));
    }
    let report = report(&inputs.document, &applied.report, &passes, &emitted);
    let mut files = BTreeMap::from([
        ("openapi/corrected.json".to_owned(), corrected.to_canonical_string()),
        ("openapi/effective.json".to_owned(), effective.to_canonical_string()),
        ("openapi/report.md".to_owned(), report),
        ("docs/llms.txt".to_owned(), emitted.llms),
        ("docs/operations.md".to_owned(), emitted.overview + &origin(&inputs.document)),
    ]);
    for (folder, emitted) in [(API, emitted.api), (EMULATOR, emitted.emulator), (TESTS, emitted.tests)] {
        files.extend(emitted.into_iter().map(|(path, text)| (format!("{folder}/{path}"), text)));
    }
    Ok(Generated { files, warnings })
}

/// What differs between the Rust that two documents yield with the same overlays and table.
///
/// # Errors
/// When one of them yields nothing.
pub fn compare_rust(old: &Inputs<'_>, new: &Inputs<'_>) -> Result<RustReport, Problems> {
    let api = |inputs: &Inputs<'_>| -> Result<BTreeMap<String, String>, Problems> {
        let files = generate(inputs)?.files.into_iter();
        let below =
            files.filter_map(|(path, text)| Some((path.strip_prefix(API)?.trim_start_matches('/').to_owned(), text)));
        Ok(below.collect())
    };
    crate::diff::rust::compare(&api(old)?, &api(new)?)
}

/// The operations' names, by path and method.
fn operation_names(document: &Document) -> Result<BTreeMap<(String, String), String>, Problems> {
    let mut named = document.clone();
    for pass in PASSES {
        (pass.run)(&mut named, &mut Notes { lenient: true, ..Notes::default() })?;
        if pass.name == "operation_ids" {
            break;
        }
    }
    let names = named.operations().filter_map(|(path, method, operation)| {
        let name = operation.get("operationId")?.as_str()?;
        Some(((path.to_owned(), method.to_owned()), name.to_owned()))
    });
    Ok(names.collect())
}

/// The corrected document with the words, for people and for other tools.
fn described(corrected: &Document, words: &Words, names: &BTreeMap<(String, String), String>) -> Document {
    let mut document = corrected.clone();
    // The same problems were found in the document that generation goes on with.
    let mut ignored = Vec::new();
    words.describe_components(&mut document, &mut ignored);
    words.describe_operations(&mut document, names, &mut ignored);
    words.describe_regions(&mut document, &mut ignored);
    for server in document.0.get_mut("servers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(doc) = server.as_object_mut().and_then(|server| server.remove("x-doc")) {
            server["description"] = doc;
        }
    }
    document.for_each_operation_mut(|_, _, operation| {
        operation.remove("x-aliases");
        if let Some(doc) = operation.remove("x-doc") {
            operation.insert("description".to_owned(), doc);
        }
    });
    wrap_references(&mut document.0);
    document
}

type PassNotes = Vec<(&'static str, Notes)>;

fn run_passes(document: &mut Document, lenient: bool) -> Result<PassNotes, Problems> {
    let mut done = Vec::new();
    for pass in PASSES {
        let mut notes = Notes { lenient, ..Notes::default() };
        (pass.run)(document, &mut notes)?;
        done.push((pass.name, notes));
    }
    Ok(done)
}

/// Which document the operations come from, for readers of their list: nothing when the document does not say.
fn origin(document: &Document) -> String {
    let given = |key: &str| document.0.get(PROVENANCE).and_then(|from| from.get(key)?.as_str());
    let rows = [("source", "Source"), ("date", "Date"), ("version", "Version"), ("sha256", "SHA-256")];
    let rows: Vec<_> = rows.iter().filter_map(|(key, name)| Some(format!("| {name} | {} |\n", given(key)?))).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "\n## The document behind this\n\n\
         Authlete's own description, with what the overlays correct and add. Several documents have the same version; \
         date and sum tell which one it is.\n\n| | |\n|---|---|\n{}",
        rows.concat()
    )
}

fn report(input: &Document, overlays: &OverlayReport, passes: &PassNotes, emitted: &Emitted) -> String {
    let mut text = String::from(
        "<!-- Generated by `cargo xtask regen`; do not edit. -->\n\n# What became of the upstream description\n\n",
    );
    let counts = &emitted.counts;
    let _ = write!(
        text,
        "## In and out\n\n\
         | | upstream | effective | generated |\n|---|---|---|---|\n\
         | operations | {} | {} | {} methods |\n\
         | components | {} | {} | {} types and {} open enumerations, {} types as progenitor writes them |\n\n",
        input.operations().count(),
        counts.operations,
        counts.operations,
        input.schemas().count(),
        counts.types,
        counts.types - counts.enums,
        counts.enums,
        counts.verbatim,
    );
    let _ = write!(text, "## Overlays\n\n{}", overlays.to_markdown());
    text.push_str("## Passes\n\n");
    for (pass, (_, notes)) in PASSES.iter().zip(passes) {
        let _ = write!(text, "### {}: {}\n\n", pass.name, pass.why);
        if notes.changes.is_empty() && notes.warnings.is_empty() {
            text.push_str("Nothing to do.\n");
        }
        for change in &notes.changes {
            let _ = writeln!(text, "- {change}");
        }
        for warning in &notes.warnings {
            let _ = writeln!(text, "- **noticed**: {warning}");
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
