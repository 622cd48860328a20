//! The tools: notes that a user keeps. Each tool needs a scope of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authlete_resource_server::Principal;
use http::request::Parts;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{ErrorData, schemars, tool, tool_router};

/// What the tools need, and what each of these scopes lets a client do.
pub const SCOPES: [(&str, &str); 3] =
    [("notes:read", "Read your notes"), ("notes:write", "Add notes"), ("notes:delete", "Delete your notes")];

/// The scope that everything needs, the list of the tools too.
pub(crate) const BASE_SCOPE: &str = "notes:read";

/// The scope that a tool needs, or `None` if there is no such tool.
pub(crate) fn scope_of(tool: &str) -> Option<&'static str> {
    match tool {
        "list_notes" => Some(BASE_SCOPE),
        "add_note" => Some("notes:write"),
        "delete_note" => Some("notes:delete"),
        _ => None,
    }
}

/// A user can have so many notes, of so many characters.
const MOST_NOTES: usize = 100;
const LONGEST_NOTE: usize = 1_000;

/// The notes of all users, by subject. A product has a database here.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<HashMap<String, Vec<String>>>>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct NewNote {
    /// What to note, in at most 1000 characters.
    text: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Which {
    /// The number of the note in the list; the first is 1.
    number: usize,
}

#[tool_router(server_handler, vis = "pub(crate)")]
impl Notes {
    #[tool(description = "Lists the user's notes with their numbers", annotations(read_only_hint = true))]
    fn list_notes(&self, Extension(parts): Extension<Parts>) -> Result<String, ErrorData> {
        self.of_user(&parts, |notes| {
            let lines = notes.iter().enumerate().map(|(index, note)| format!("{}. {note}", index + 1));
            let list = lines.collect::<Vec<_>>().join("\n");
            Ok(if list.is_empty() { "There are no notes.".to_owned() } else { list })
        })
    }

    #[tool(description = "Adds a note", annotations(read_only_hint = false, destructive_hint = false))]
    fn add_note(
        &self,
        Extension(parts): Extension<Parts>,
        Parameters(note): Parameters<NewNote>,
    ) -> Result<String, ErrorData> {
        self.of_user(&parts, |notes| {
            if notes.len() == MOST_NOTES || note.text.chars().count() > LONGEST_NOTE {
                let limits = format!("There can be {MOST_NOTES} notes, each of {LONGEST_NOTE} characters");
                return Err(ErrorData::invalid_params(limits, None));
            }
            notes.push(note.text);
            Ok(format!("Added as number {}.", notes.len()))
        })
    }

    #[tool(description = "Deletes a note", annotations(read_only_hint = false, destructive_hint = true))]
    fn delete_note(
        &self,
        Extension(parts): Extension<Parts>,
        Parameters(which): Parameters<Which>,
    ) -> Result<String, ErrorData> {
        self.of_user(&parts, |notes| match which.number.checked_sub(1).filter(|index| *index < notes.len()) {
            Some(index) => Ok(format!("Deleted: {}", notes.remove(index))),
            None => Err(ErrorData::invalid_params(format!("There is no note {}", which.number), None)),
        })
    }
}

impl Notes {
    /// Does something with the notes of the user whose token came with the request. The token itself goes no further: a
    /// tool that calls another API gets a token for that one (RFC 8693), and never passes on the one it was called with.
    fn of_user<T>(
        &self,
        parts: &Parts,
        act: impl FnOnce(&mut Vec<String>) -> Result<T, ErrorData>,
    ) -> Result<T, ErrorData> {
        let principal = parts.extensions.get::<Principal>();
        let Some(subject) = principal.and_then(Principal::subject) else {
            return Err(ErrorData::invalid_request("The access token stands for no user", None));
        };
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(notes.entry(subject.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_needs_a_scope_that_is_explained() {
        let tools = Notes::tool_router().list_all();
        assert_eq!(tools.len(), 3);
        for tool in tools {
            let scope = scope_of(&tool.name).unwrap_or_else(|| panic!("{} needs no scope", tool.name));
            assert!(SCOPES.iter().any(|(name, _)| *name == scope), "{scope}");
        }
        assert_eq!(scope_of("another"), None);
    }
}
