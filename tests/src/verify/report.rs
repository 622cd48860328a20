//! What checking every example found.

use std::collections::BTreeMap;
use std::fmt;

use super::collect::{Kind, Skip};

/// How many examples of a kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// In the document.
    pub found: usize,
    /// Of these, taken through a type.
    pub checked: usize,
    /// Of these, left out for a reason that is listed.
    pub skipped: usize,
}

/// The outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Examples by kind.
    pub counts: BTreeMap<Kind, Count>,
    /// How many fields were compared.
    pub fields: usize,
    /// How many of them came out in another form that counts as equal.
    pub lenient: usize,
    /// How many findings the list of mistakes explains.
    pub explained: usize,
    /// What was not checked, and why.
    pub skipped: Vec<String>,
    /// What is worth knowing, and no problem.
    pub notes: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
}

impl Report {
    pub(super) fn skip(&mut self, at: &str, skip: Skip) {
        let (Skip::NotJson(why) | Skip::NoType(why)) = skip;
        self.skipped.push(format!("{at}: {why}"));
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12}{:>8}{:>9}{:>9}", "examples", "found", "checked", "skipped")?;
        let mut total = Count::default();
        for (kind, count) in &self.counts {
            row(f, kind.name(), *count)?;
            total.found += count.found;
            total.checked += count.checked;
            total.skipped += count.skipped;
        }
        row(f, "all", total)?;
        writeln!(f)?;
        writeln!(
            f,
            "{} fields compared, {} of them equal in another form; {} findings explained, {} not",
            self.fields,
            self.lenient,
            self.explained,
            self.problems.len()
        )?;
        for (title, lines) in [("skipped", &self.skipped), ("notes", &self.notes), ("problems", &self.problems)] {
            if !lines.is_empty() {
                writeln!(f, "\n{title}:")?;
            }
            for line in lines {
                writeln!(f, "- {line}")?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, count: Count) -> fmt::Result {
    writeln!(f, "{name:<12}{:>8}{:>9}{:>9}", count.found, count.checked, count.skipped)
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Component => "components",
            Self::Property => "properties",
            Self::Request => "requests",
            Self::Response => "responses",
            Self::Error => "errors",
            Self::Other => "others",
        }
    }
}
