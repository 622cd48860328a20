//! Every example of an upstream document, through the types of the project and back.
//!
//! [`verify`] collects the examples, decodes each with the type of its place just as the client does, encodes it again
//! and reports every field that is lost or changed. A field is lost, too, when it lands among those that a type keeps
//! without knowing them: the shapes of the types tell.

mod check;
mod collect;
mod compare;
mod mistakes;
mod place_of;
mod report;

use std::borrow::Cow;

use authlete_codegen::Document;
use serde_json::Value;

pub use collect::{Kind, Skip};
pub use mistakes::{Mistake, parse as parse_mistakes};
pub use place_of::Places;
pub use report::{Count, Report};

use collect::Example;

/// Checks every example of a document.
///
/// `committed` says whether the document is the one the project is generated from. The list of mistakes belongs to
/// that: an entry which explains nothing there has to go.
pub fn verify(document: &Document, committed: bool, mistakes: &[Mistake], places: &Places) -> Report {
    let mut report = Report::default();
    let mut used = vec![false; mistakes.len()];
    for Example { at, kind, value, home } in collect::collect(document, places) {
        let count = report.counts.entry(kind).or_default();
        count.found += 1;
        let home = match home {
            Ok(home) => home,
            Err(skip) => {
                count.skipped += 1;
                report.skip(&at, skip);
                continue;
            }
        };
        let value = match parsed(value, home.shape().is_some_and(|shape| shape.is_container())) {
            Ok(value) => value,
            Err(why) => {
                count.skipped += 1;
                report.skip(&at, Skip::NotJson(why.to_owned()));
                continue;
            }
        };
        if matches!(value, Cow::Owned(_)) {
            report.notes.push(format!("{at}: the JSON is written as text"));
        }
        count.checked += 1;
        let result = check::check(&home, &value);
        report.fields += result.fields;
        report.lenient += result.lenient;
        for (field, text) in result.unlisted {
            report.notes.push(format!("{at}: {field}: {text:?} is not listed, and kept as an unknown value"));
        }
        for finding in result.findings {
            match mistakes.iter().position(|mistake| mistake.explains(&at, &finding.field)) {
                Some(index) => {
                    used[index] = true;
                    report.explained += 1;
                }
                None => report.problems.push(format!("{at}: {}: {}", named(&finding.field), finding.what)),
            }
        }
    }
    for (mistake, _) in mistakes.iter().zip(used).filter(|(mistake, used)| !used && !mistake.earlier) {
        let what =
            format!("{}: {}: listed as a mistake, but nothing is wrong there", mistake.at, named(&mistake.field));
        if committed {
            report.problems.push(format!("{what}; remove the entry"));
        } else {
            report.notes.push(what);
        }
    }
    report
}

/// The example as JSON: an object or a list that is written as text is read once more.
fn parsed(value: &Value, container: bool) -> Result<Cow<'_, Value>, &'static str> {
    match value {
        Value::Null => Err("it is null"),
        Value::String(text) if container => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| "it is a text, and that is not JSON")?;
            if parsed.is_object() || parsed.is_array() { Ok(Cow::Owned(parsed)) } else { Ok(Cow::Borrowed(value)) }
        }
        _ => Ok(Cow::Borrowed(value)),
    }
}

/// A pointer, or words for the empty one.
fn named(field: &str) -> &str {
    if field.is_empty() { "the whole" } else { field }
}
