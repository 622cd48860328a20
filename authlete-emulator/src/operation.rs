//! One operation of Authlete's API, as the description lists it.

use std::fmt;

/// An operation: the rows of the generated table.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// The operation id of the description.
    pub(crate) id: &'static str,
    /// The HTTP method, in capitals.
    pub(crate) method: &'static str,
    /// The path template, with its parameters in braces.
    pub(crate) path: &'static str,
    /// Whether its body is a list, and not an object.
    pub(crate) takes_list: bool,
    /// What it answers when it succeeds.
    pub(crate) answer: Shape,
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
