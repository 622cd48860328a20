//! The documents that one call needs. Handlers do not wait, so what they need is fetched before they run.

use std::collections::BTreeMap;

use super::{Document, FetchError, Kind};

/// A document that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    /// Whether the server is asked even if what is kept is fresh.
    pub(crate) revalidate: bool,
}

impl Wanted {
    pub(crate) fn new(kind: Kind, url: &str) -> Self {
        Self { kind, url: url.to_owned(), revalidate: false }
    }
}

/// What has been fetched for a call, or why it could not be.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    fetched: BTreeMap<(Kind, String), Result<Document, FetchError>>,
}

impl Documents {
    /// The document, or why there is none. The error is what has to be fetched first.
    pub(crate) fn get(&self, wanted: Wanted) -> Result<Result<&Document, &FetchError>, Wanted> {
        match self.fetched.get(&(wanted.kind, wanted.url.clone())) {
            Some(fetched) => Ok(fetched.as_ref()),
            None => Err(wanted),
        }
    }

    pub(crate) fn insert(&mut self, wanted: Wanted, fetched: Result<Document, FetchError>) {
        self.fetched.insert((wanted.kind, wanted.url), fetched);
    }

    pub(crate) fn len(&self) -> usize {
        self.fetched.len()
    }
}
