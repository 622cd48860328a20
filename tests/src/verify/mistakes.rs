//! Upstream's own mistakes, as far as they are known and explained.

use serde::Deserialize;

/// One explained mistake.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// JSON pointer of the example in the upstream document.
    pub at: String,
    /// JSON pointer within the example; it and everything below is explained.
    pub field: String,
    /// Why the example is wrong, not the schema.
    pub why: String,
    /// Whether it is one of documents before the committed one, which need not have it.
    #[serde(default)]
    pub earlier: bool,
}

impl Mistake {
    /// Whether this explains a finding.
    pub(super) fn explains(&self, at: &str, field: &str) -> bool {
        self.at == at && field.strip_prefix(&self.field).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }
}

/// Reads the list.
///
/// # Errors
/// When it is not a list of mistakes, or one of them has no reason.
pub fn parse(yaml: &str) -> Result<Vec<Mistake>, String> {
    let mistakes: Vec<Mistake> = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    match mistakes.iter().find(|mistake| mistake.why.trim().is_empty()) {
        Some(mistake) => Err(format!("the entry {} {} has no reason", mistake.at, mistake.field)),
        None => Ok(mistakes),
    }
}
