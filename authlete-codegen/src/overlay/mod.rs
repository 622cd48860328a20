//! OpenAPI Overlays, applied strictly.
//!
//! An overlay (OpenAPI Overlay Specification 1.0 or 1.1) changes a description at places found by JSONPath. The
//! standard lets an action miss silently; here an action that finds nothing, changes nothing, or finds something other
//! than it expected is a problem, so that a correction which upstream made unnecessary is noticed and goes.
//!
//! What we add to the standard, all of it in `x-` fields:
//! - `info.x-kind`: `correction` (upstream is wrong) or `shape` (Rust wants another shape);
//! - `x-expect` on an action: `count` (how many places match), `before` (what each of them equals), `has` (what each of
//!   them contains), `lacks` (names of members that none of them has).
//!
//! A reference that an update brings in must resolve, so that an overlay written for one document cannot break another.

mod apply;
mod merge;
mod model;
mod path;
mod report;

pub use apply::apply;
pub use merge::{Change, ChangeKind};
pub use model::{Action, Expect, Kind, Modifier, Overlay, Version};
pub use path::Path;
pub use report::{ActionReport, FileReport, OverlayReport};

use crate::{Document, Problem, Problems};

/// The overlays of a project, in the order of their names, corrections before shapes.
#[derive(Debug, Clone, Default)]
pub struct Overlays {
    /// Those that say what upstream has wrong.
    pub corrections: Vec<Overlay>,
    /// Those that say what Rust wants otherwise.
    pub shapes: Vec<Overlay>,
}

/// What came of applying [`Overlays`].
#[derive(Debug, Clone)]
pub struct Applied {
    /// The description after the corrections alone: right, and not yet shaped for Rust.
    pub corrected: Document,
    /// The description after all of them.
    pub shaped: Document,
    /// What each action did.
    pub report: OverlayReport,
}

impl Overlays {
    /// Reads overlay files, given as (name, content) in any order.
    ///
    /// # Errors
    /// Everything that is wrong in any of them; two files of one name; a shape whose name sorts before a correction's.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Problems> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(name, _)| *name);
        let mut problems = Problems::default();
        let mut overlays = Vec::new();
        for pair in files.windows(2) {
            if pair[0].0 == pair[1].0 {
                problems.0.push(Problem::new(pair[0].0, "", "two overlays have this name"));
            }
        }
        for (name, content) in files {
            match Overlay::parse(name, content) {
                Ok(overlay) => overlays.push(overlay),
                Err(found) => problems.0.extend(found.0),
            }
        }
        problems.0.extend(order_problems(&overlays));
        let (corrections, shapes) = overlays.into_iter().partition(|overlay| overlay.kind == Kind::Correction);
        problems.into_result(Self { corrections, shapes })
    }

    /// Applies the corrections, then the shapes.
    ///
    /// # Errors
    /// What [`apply`] says, of all files together.
    pub fn apply(&self, document: &Document, lenient: bool) -> Result<Applied, Problems> {
        let mut problems = Problems::default();
        let mut report = OverlayReport::default();
        let corrected = apply::collect(document.clone(), &self.corrections, lenient, &mut report, &mut problems);
        let shaped = apply::collect(corrected.clone(), &self.shapes, lenient, &mut report, &mut problems);
        problems.into_result(Applied { corrected, shaped, report })
    }
}

/// A shape before a correction: the description "corrected, not yet shaped" could not be written out.
fn order_problems(overlays: &[Overlay]) -> Vec<Problem> {
    let mut first_shape: Option<&Overlay> = None;
    let mut problems = Vec::new();
    for overlay in overlays {
        match (overlay.kind, first_shape) {
            (Kind::Shape, None) => first_shape = Some(overlay),
            (Kind::Correction, Some(shape)) => problems.push(
                Problem::new(
                    &overlay.file,
                    "info.x-kind",
                    format!("a correction comes after {}, which is a shape", shape.file),
                )
                .hint("files are applied in the order of their names: corrections need the lower numbers"),
            ),
            _ => {}
        }
    }
    problems
}
