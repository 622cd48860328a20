//! One operation of Authlete's API, as the description lists it.

/// An operation: the rows of the generated table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The operation id of the description.
    pub(crate) id: &'static str,
    /// The HTTP method, in capitals.
    pub(crate) method: &'static str,
    /// The path template, with its parameters in braces.
    pub(crate) path: &'static str,
}
