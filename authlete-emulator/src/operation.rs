//! One operation of Authlete's API, as the description lists it.

use std::fmt;

/// An operation: the rows of the generated table.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// The operation id of the description.
    pub(crate) id: &'static str,
    /// Its name in the Rust SDK, such as `auth_token`.
    pub(crate) name: &'static str,
    /// The HTTP method, in capitals.
    pub(crate) method: &'static str,
    /// The path template, with its parameters in braces.
    pub(crate) path: &'static str,
    /// Whether its body is a list, and not an object.
    pub(crate) takes_list: bool,
    /// What it responds with when it succeeds.
    pub(crate) response: Shape,
}

/// There is no operation of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no operation {name}{}; an operation is named as Authlete's description or as the Rust SDK does, such as \
         auth_token_api or auth_token", similar.map(|similar| format!(" (did you mean {similar}?)")).unwrap_or_default())]
pub struct UnknownOperation {
    name: String,
    similar: Option<&'static str>,
}

impl Operation {
    /// The operation of this table that has the name, in the description or in the Rust SDK.
    pub(crate) fn named(operations: &'static [Self], name: &str) -> Result<&'static Self, UnknownOperation> {
        let found = operations.iter().find(|operation| operation.id == name || operation.name == name);
        found.ok_or_else(|| {
            let letters =
                |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
            let wanted = letters(name);
            let mut names = operations.iter().flat_map(|operation| [operation.name, operation.id]);
            let similar = names.find(|one| !wanted.is_empty() && letters(one).contains(&wanted));
            UnknownOperation { name: name.chars().take(100).collect(), similar }
        })
    }
}

impl Operation {
    /// Whether its response is an object that may have this member.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        matches!(self.response, Shape::Object(object) if object.0.iter().any(|member| member.name == name))
    }
}

impl fmt::Debug for Operation {
    // Shapes refer to each other in circles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Operation").field(&self.id).finish()
    }
}

/// What a value of the description is.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Anything: the description does not say.
    Any,
    /// `true` or `false`.
    Flag,
    /// A whole number of up to 64 bits.
    Integer,
    /// A string.
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A list of these.
    List(&'static Shape),
    /// An object.
    Object(&'static Object),
}

/// An object's members.
pub(crate) struct Object(pub(crate) &'static [Member]);

/// A member of an object.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// Whether it is there at all times.
    pub(crate) required: bool,
    /// What its value is made of.
    pub(crate) shape: Shape,
}
