//! Holds the words on actions, steps and the calls that follow against the table of actions.

use std::collections::BTreeMap;

use super::{Entry, FOLDER, Words};
use crate::Problem;
use crate::actions::{Actions, Kind, Step};

/// What the table has and the words have not, or the other way round.
pub fn check_actions(words: &Words, actions: &Actions) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, answering) in &actions.operations {
        let nothing = BTreeMap::new();
        let said = words.operations.get(name).map_or(&nothing, |operation| &operation.actions);
        for (value, action) in &answering.row.actions {
            let at = format!("{name}.{value}");
            let Some(entry) = said.get(value) else {
                problems.push(missing(&at));
                continue;
            };
            text(words, &at, Some(entry), &mut problems);
            match (action.kind, &entry.step) {
                (Kind::Continue, step) => text(words, &format!("{at}.step"), step.as_deref(), &mut problems),
                (_, Some(_)) => problems.push(too_much(&format!("{at}.step"), "the action has no step")),
                (_, None) => {}
            }
            follow_ups(words, &at, &action.next, &entry.next, &mut problems);
        }
        for value in said.keys().filter(|value| !answering.row.actions.contains_key(*value)) {
            problems.push(too_much(&format!("{name}.{value}"), "the operation has no such action"));
        }
    }
    for (name, operation) in words.operations.iter().filter(|(name, _)| !actions.operations.contains_key(*name)) {
        if let Some(value) = operation.actions.keys().next() {
            problems.push(too_much(&format!("{name}.{value}"), "the operation has no actions"));
        }
    }
    problems
}

fn follow_ups(
    words: &Words,
    at: &str,
    next: &BTreeMap<String, Step>,
    said: &BTreeMap<String, Entry>,
    problems: &mut Vec<Problem>,
) {
    for (name, step) in next {
        let at = format!("{at}.{name}");
        let entry = said.get(name);
        text(words, &at, entry, problems);
        let left = entry.and_then(|entry| entry.leaves.as_deref());
        match (&step.leaves, left) {
            (Some(rest), left) => {
                let at = format!("{at}.leaves");
                text(words, &at, left, problems);
                let nothing = BTreeMap::new();
                follow_ups(words, &at, &rest.next, left.map_or(&nothing, |left| &left.next), problems);
            }
            (None, Some(_)) => problems.push(too_much(&at, "the call that follows leaves nothing")),
            (None, None) => {}
        }
    }
    for name in said.keys().filter(|name| !next.contains_key(*name)) {
        problems.push(too_much(&format!("{at}.{name}"), "no such call follows"));
    }
}

fn text(words: &Words, at: &str, entry: Option<&Entry>, problems: &mut Vec<Problem>) {
    match entry.map(|entry| words.text(entry)) {
        Some(Some(text)) if !text.is_empty() => {}
        _ => problems.push(missing(at)),
    }
}

fn missing(at: &str) -> Problem {
    Problem::new(FOLDER, at, "has no words").hint("say in openapi/docs what has happened and what the server does now")
}

fn too_much(at: &str, message: &str) -> Problem {
    Problem::new(FOLDER, at, message).hint("rename the entry in openapi/docs, or delete it")
}
