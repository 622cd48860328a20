//! A report for people and for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Action, Report, Subject};

impl Subject {
    /// The heading of its group in the text, and its name in JSON.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Subject::Document => ("Document", "document"),
            Subject::Operation => ("Operations", "operation"),
            Subject::Parameter => ("Parameters", "parameter"),
            Subject::Request => ("Requests", "request"),
            Subject::Response => ("Responses", "response"),
            Subject::Schema => ("Schemas", "schema"),
            Subject::Property => ("Properties", "property"),
            Subject::EnumValue => ("Enum values", "enumValue"),
            Subject::Type => ("Types", "type"),
            Subject::Constraint => ("Constraints and defaults", "constraint"),
        }
    }
}

impl Action {
    /// Its sign in the text, and its name in JSON.
    pub(super) fn names(self) -> (char, &'static str) {
        match self {
            Action::Added => ('+', "added"),
            Action::Removed => ('-', "removed"),
            Action::Changed => ('~', "changed"),
        }
    }
}

impl Report {
    /// How many of the changes are of a kind.
    pub fn count(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }

    /// How many of the changes are breaking.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|change| change.breaking).count()
    }

    /// One line for each change, grouped by subject, and a last line with the counts.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut group = None;
        for change in &self.changes {
            if group != Some(change.subject) {
                group = Some(change.subject);
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{}", change.subject.names().0);
            }
            let _ = write!(text, "  {} {}", change.action.names().0, change.at);
            if !change.detail.is_empty() {
                let _ = write!(text, ": {}", change.detail);
            }
            text.push_str(if change.breaking { "  BREAKING\n" } else { "\n" });
        }
        if self.changes.is_empty() {
            text.push_str("no changes\n");
            return text;
        }
        let (added, removed) = (self.count(Action::Added), self.count(Action::Removed));
        let (changed, total) = (self.count(Action::Changed), self.changes.len());
        let breaking = self.breaking();
        let noun = if total == 1 { "change" } else { "changes" };
        let _ =
            writeln!(text, "{total} {noun}: {added} added, {removed} removed, {changed} changed; {breaking} breaking");
        text
    }

    /// The same as an object: `changes`, and their counts under `summary`.
    pub fn to_json(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            json!({
                "subject": change.subject.names().1,
                "action": change.action.names().1,
                "at": change.at,
                "detail": change.detail,
                "breaking": change.breaking,
            })
        });
        json!({
            "changes": changes.collect::<Vec<_>>(),
            "summary": {
                "added": self.count(Action::Added),
                "removed": self.count(Action::Removed),
                "changed": self.count(Action::Changed),
                "breaking": self.breaking(),
                "total": self.changes.len(),
            },
        })
    }
}
