//! Passes: one rule each, applied to any Authlete document.

pub mod spec;

use crate::{Document, Problems};

/// One transformation of the specification.
pub struct Pass {
    /// Its name, as the report shows it.
    pub name: &'static str,
    /// Why it is there, in a line.
    pub why: &'static str,
    /// The transformation. Everything worth a reviewer's eye goes into the notes.
    pub run: fn(&mut Document, &mut Notes) -> Result<(), Problems>,
}

/// What a pass did, for the report: one line per change or observation.
#[derive(Debug, Default)]
pub struct Notes {
    /// Tolerate what fits only the committed document (`--lenient`): report it instead of failing.
    pub lenient: bool,
    /// What was done.
    pub changes: Vec<String>,
    /// What was noticed and left alone, or tolerated.
    pub warnings: Vec<String>,
}
