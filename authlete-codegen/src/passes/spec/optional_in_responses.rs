//! Nothing that is read is required: a member that is `null` or missing must not cost the whole response.
//!
//! A component that is sent as well loses its required members too. Whoever reads it cannot mend a response, while whoever
//! sends too little is told so by the server.

use serde_json::Value;

use super::walk::{directions, tidy};
use crate::passes::Notes;
use crate::{Document, Problems};

/// Runs the pass.
pub(super) fn run(document: &mut Document, notes: &mut Notes) -> Result<(), Problems> {
    tidy(document);
    let (sent, read) = directions(document);
    for name in &read {
        let Some(schema) = document.schemas_mut().get_mut(name).and_then(Value::as_object_mut) else { continue };
        let Some(required) = schema.get("required").cloned() else { continue };
        schema.retain(|key, _| key != "required");
        let names: Vec<_> = required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let also = if sent.contains(name) { ", in requests too" } else { "" };
        notes.changes.push(format!("{name}: {} may be absent{also}", names.join(", ")));
    }
    Ok(())
}
