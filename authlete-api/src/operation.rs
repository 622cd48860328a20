//! What is known of an operation before it is called.

use crate::repeat::{self, Repeat};

/// One operation of the API, as the description has it. The generated table is [`crate::operations::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's id in the upstream description, `auth_token_api` for example.
    pub id: &'static str,
    /// The name of the method on [`Client`](crate::Client) that calls it.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces: `/api/{serviceId}/auth/token`.
    pub path: &'static str,
    /// The part of the API it belongs to, in the description's words.
    pub tag: &'static str,
}

impl Operation {
    /// For the generated table.
    pub(crate) const fn new(
        id: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
        tag: &'static str,
    ) -> Self {
        Self { id, name, method, path, tag }
    }

    /// When a call of this operation may be made again without asking the user.
    pub fn repeat(&self) -> Repeat {
        repeat::of(self)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} {})", self.name, self.method, self.path)
    }
}
