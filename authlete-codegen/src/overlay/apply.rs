//! Applying overlays: every action in turn, every failure collected.

use serde_json::Value;

use super::merge::{Change, ChangeKind, Outcome, Shape, conflicts, contains, merge};
use super::path::Place;
use super::report::{ActionReport, FileReport, OverlayReport};
use super::{Action, Modifier, Overlay, Version};
use crate::document::pointer_of;
use crate::{Document, Problem, Problems};

/// How many places a message lists before it only counts them.
const LISTED: usize = 5;

const GONE: &str = "upstream may have mended this: if so the action has to go; if not, its target has moved";

/// Applies overlays in the order given. With `lenient`, an action that finds nothing, changes nothing or finds
/// something else than it expected is left out with a warning; one that finds some of its places is applied to those.
///
/// # Errors
/// All failures of all actions; the document is then as it was.
pub fn apply(document: &mut Document, overlays: &[Overlay], lenient: bool) -> Result<OverlayReport, Problems> {
    let mut problems = Problems(super::order_problems(overlays));
    let mut report = OverlayReport::default();
    let changed = collect(document.clone(), overlays, lenient, &mut report, &mut problems);
    let report = problems.into_result(report)?;
    *document = changed;
    Ok(report)
}

/// The document after the overlays, failing actions left out.
pub(super) fn collect(
    mut document: Document,
    overlays: &[Overlay],
    lenient: bool,
    report: &mut OverlayReport,
    problems: &mut Problems,
) -> Document {
    for overlay in overlays {
        let mut file = FileReport {
            file: overlay.file.clone(),
            kind: overlay.kind,
            title: overlay.title.clone(),
            actions: Vec::new(),
        };
        for action in &overlay.actions {
            let run = Run { overlay, action };
            match run.apply(&mut document.0) {
                Ok(done) => {
                    report.warnings.extend(run.already_warning(&done));
                    match run.partial_problem(&done) {
                        Some(problem) if lenient => report.warnings.push(problem),
                        problem => problems.0.extend(problem.map(|problem| problem.hint(GONE))),
                    }
                    file.actions.push(done);
                }
                Err(Failure { message, of_this_document: true }) if lenient => {
                    report.warnings.push(run.problem(message));
                }
                Err(Failure { message, of_this_document: true }) => problems.0.push(run.problem(message).hint(GONE)),
                Err(Failure { message, .. }) => problems.0.push(run.problem(message)),
            }
        }
        report.files.push(file);
    }
    document
}

/// Why an action could not be applied.
struct Failure {
    message: String,
    /// Whether another document would let it pass: what `lenient` tolerates.
    of_this_document: bool,
}

impl Failure {
    /// The document is not the one this action was written for.
    fn mismatch(message: impl Into<String>) -> Self {
        Self { message: message.into(), of_this_document: true }
    }

    /// The action asks for something that cannot be done.
    fn wrong(message: impl Into<String>) -> Self {
        Self { message: message.into(), of_this_document: false }
    }
}

/// One action at work.
struct Run<'a> {
    overlay: &'a Overlay,
    action: &'a Action,
}

impl Run<'_> {
    fn apply(&self, document: &mut Value) -> Result<ActionReport, Failure> {
        let places = self.action.target.places(document);
        self.check_expectations(document, &places)?;
        self.check_version(document, &places)?;
        let outcome = match &self.action.modifier {
            Modifier::Remove => remove(document, places.clone())?,
            Modifier::Update(update) => self.merge(document, &places, update)?,
            Modifier::Copy(from) => {
                let sources = from.places(document);
                let [source] = sources.as_slice() else {
                    let message = format!("copy {}: selects {} places, not one", from.as_str(), sources.len());
                    return Err(Failure::mismatch(message));
                };
                let source = document.pointer(&source.pointer()).cloned().unwrap_or_default();
                self.merge(document, &places, &source)?
            }
        };
        if outcome.changes.is_empty() {
            return Err(Failure::mismatch("changes nothing: everything is already as it asks"));
        }
        Ok(ActionReport {
            number: self.action.number,
            target: self.action.target.as_str().to_owned(),
            description: self.action.description.clone(),
            places: places.iter().map(Place::pointer).collect(),
            changes: outcome.changes,
            already: outcome.already,
            idle_names: self.action.target.idle_names(&places),
        })
    }

    fn check_expectations(&self, document: &Value, places: &[Place]) -> Result<(), Failure> {
        let expect = &self.action.expect;
        if places.is_empty() {
            return Err(Failure::mismatch("its target selects nothing"));
        }
        let differing = |test: &dyn Fn(&Value) -> bool| -> Vec<String> {
            let differs = |pointer: &String| !document.pointer(pointer).is_some_and(test);
            places.iter().map(Place::pointer).filter(differs).collect()
        };
        if let Some(before) = &expect.before {
            let found = differing(&|value| value == before);
            if !found.is_empty() {
                return Err(Failure::mismatch(format!("expects {before}, which is not at {}", list(&found))));
            }
        }
        if let Some(part) = &expect.has {
            let found = differing(&|value| contains(value, part));
            if !found.is_empty() {
                return Err(Failure::mismatch(format!("expects to find {part}, which is not in {}", list(&found))));
            }
        }
        for name in &expect.lacks {
            let found = differing(&|value| value.get(name).is_none());
            if !found.is_empty() {
                return Err(Failure::mismatch(format!("expects no {name:?}, which is in {}", list(&found))));
            }
        }
        Ok(())
    }

    /// What the versions of the standard let an action select.
    fn check_version(&self, document: &Value, places: &[Place]) -> Result<(), Failure> {
        let shapes: Vec<_> =
            places.iter().filter_map(|place| document.pointer(&place.pointer())).map(Shape::of).collect();
        if self.overlay.version == Version::V1_0 {
            if matches!(self.action.modifier, Modifier::Copy(_)) {
                return Err(Failure::wrong("\"copy\" needs Overlay 1.1: this file says 1.0"));
            }
            if let Some(index) = shapes.iter().position(|shape| *shape == Shape::Primitive) {
                let at = places[index].pointer();
                let message = format!(
                    "{at} is a primitive value, which Overlay 1.0 cannot select: select what is around it, or use 1.1"
                );
                return Err(Failure::wrong(message));
            }
        }
        let mixed = shapes.iter().any(|shape| Some(shape) != shapes.first());
        if mixed && !matches!(self.action.modifier, Modifier::Remove) {
            return Err(Failure::wrong(
                "selects objects, arrays and primitive values together: they need an action each",
            ));
        }
        Ok(())
    }

    /// All or nothing: a conflict at one place leaves the others alone too.
    fn merge(&self, document: &mut Value, places: &[Place], update: &Value) -> Result<Outcome, Failure> {
        let pointers: Vec<_> = places.iter().map(Place::pointer).collect();
        let mut dangling = Vec::new();
        find_dangling(&|pointer| is_there(document, &pointers, update, pointer), update, &mut dangling);
        if !dangling.is_empty() {
            return Err(Failure::mismatch(format!("refers to what is not there: {}", list(&dangling))));
        }
        let version = self.overlay.version;
        let found: Vec<_> = pointers
            .iter()
            .filter_map(|pointer| Some((pointer, document.pointer(pointer)?)))
            .flat_map(|(pointer, target)| conflicts(target, update, pointer))
            .collect();
        if !found.is_empty() {
            return Err(Failure::wrong(list(&found)));
        }
        let mut all = Outcome::default();
        for pointer in &pointers {
            if let Some(target) = document.pointer_mut(pointer) {
                let outcome = merge(target, update, pointer, version);
                all.changes.extend(outcome.changes);
                all.already.extend(outcome.already);
            }
        }
        Ok(all)
    }

    /// A part of an action that has nothing left to do is no failure, and still worth a look.
    fn already_warning(&self, done: &ActionReport) -> Option<Problem> {
        (!done.already.is_empty())
            .then(|| self.problem(format!("partly unnecessary: already so at {}", list(&done.already))))
    }

    /// Fewer or other places than the action was written for: it still did its work at those it found, which is what
    /// leniency wants, and what strictness must hear of.
    fn partial_problem(&self, done: &ActionReport) -> Option<Problem> {
        if !done.idle_names.is_empty() {
            return Some(self.problem(format!("names that select nothing: {}", done.idle_names.join(", "))));
        }
        let count = self.action.expect.count.filter(|count| *count != done.places.len())?;
        Some(self.problem(format!("expects {count} places and selects {}: {}", done.places.len(), list(&done.places))))
    }

    fn problem(&self, message: String) -> Problem {
        let at = format!("action {}, {}", self.action.number, self.action.target.as_str());
        let message = match &self.action.description {
            Some(why) => format!("{message} (it is there because: {why})"),
            None => message,
        };
        Problem::new(&self.overlay.file, at, message)
    }
}

/// Whether a pointer leads to something in the document, or in what the update puts there.
fn is_there(document: &Value, places: &[String], update: &Value, pointer: &str) -> bool {
    document.pointer(pointer).is_some()
        || places
            .iter()
            .filter_map(|place| pointer.strip_prefix(place.as_str()))
            .any(|rest| update.pointer(rest).is_some())
}

/// The references in an update that lead nowhere.
fn find_dangling(is_there: &impl Fn(&str) -> bool, update: &Value, found: &mut Vec<String>) {
    match update {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref")
                && let Some(pointer) = pointer_of(reference)
                && !is_there(&pointer)
            {
                found.push(reference.clone());
            }
            members.values().for_each(|member| find_dangling(is_there, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| find_dangling(is_there, item, found)),
        _ => {}
    }
}

fn remove(document: &mut Value, mut places: Vec<Place>) -> Result<Outcome, Failure> {
    places.sort_by(Place::removal_order);
    let mut outcome = Outcome::default();
    for place in places {
        let Some(parent) = place.parent() else {
            return Err(Failure::wrong("removes the whole document"));
        };
        if let Some(parent) = document.pointer_mut(&parent) {
            place.remove_from(parent);
            outcome.changes.push(Change { kind: ChangeKind::Removed, at: place.pointer() });
        }
    }
    outcome.changes.reverse();
    Ok(outcome)
}

fn list(items: &[String]) -> String {
    let shown = items.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match items.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
