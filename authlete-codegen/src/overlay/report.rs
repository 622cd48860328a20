//! What the actions did, for the report a reviewer reads.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Change, ChangeKind, Kind};
use crate::Problem;

/// What applying overlays did.
#[derive(Debug, Clone, Default)]
pub struct OverlayReport {
    /// One entry per file, in the order of application.
    pub files: Vec<FileReport>,
    /// Actions left out because of leniency, and those of which a part was unnecessary.
    pub warnings: Vec<Problem>,
}

/// What one overlay did.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The name of the file.
    pub file: String,
    /// What it is for.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// The actions that were applied.
    pub actions: Vec<ActionReport>,
}

/// What one action did.
#[derive(Debug, Clone)]
pub struct ActionReport {
    /// Its place in the list, counted from 1.
    pub number: usize,
    /// What it selects.
    pub target: String,
    /// Why it is there.
    pub description: Option<String>,
    /// The places it selected, as JSON pointers.
    pub places: Vec<String>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The places that already were as it wants them.
    pub already: Vec<String>,
    /// The names of its target's last segment that selected nothing.
    pub idle_names: Vec<String>,
}

impl OverlayReport {
    /// The report in Markdown: corrections place by place, shapes by their number.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            let kind = match file.kind {
                Kind::Correction => "correction",
                Kind::Shape => "shape",
            };
            let _ = write!(text, "### {} ({kind}): {}\n\n", file.file, file.title);
            for action in &file.actions {
                action.write(file.kind, &mut text);
            }
            text.push('\n');
        }
        if !self.warnings.is_empty() {
            text.push_str("### Warnings\n\n");
            for warning in &self.warnings {
                let _ = writeln!(text, "- {warning}");
            }
            text.push('\n');
        }
        text
    }
}

impl ActionReport {
    fn write(&self, kind: Kind, text: &mut String) {
        let _ = write!(text, "{}. `{}`: {} matched", self.number, shortened(&self.target), self.places.len());
        let mut counts: BTreeMap<ChangeKind, usize> = BTreeMap::new();
        for change in &self.changes {
            *counts.entry(change.kind).or_default() += 1;
        }
        for (kind, count) in counts {
            let _ = write!(text, ", {count} {kind}");
        }
        text.push('\n');
        if let Some(description) = &self.description {
            let _ = writeln!(text, "   {}", description.replace('\n', " "));
        }
        if kind == Kind::Correction {
            for change in &self.changes {
                let _ = writeln!(text, "   - {} `{}`", change.kind, change.at);
            }
        }
    }
}

/// A target that lists a hundred names would hide the rest of the line.
fn shortened(target: &str) -> String {
    const MOST: usize = 100;
    if target.chars().count() <= MOST {
        return target.to_owned();
    }
    let start: String = target.chars().take(MOST).collect();
    format!("{start}…")
}
