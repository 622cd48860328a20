//! What a type knows of the JSON it is read from.

use serde_json::{Map, Value, json};

/// The shape of a type.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// An object with fields of its own.
    Struct(&'static Struct),
    /// A list.
    List(&'static Shape),
    /// An object whose keys may be anything.
    Map(&'static Shape),
    /// A text.
    Text,
    /// A text that has a variant when it is one of these.
    Enum(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// Any JSON, kept as it is.
    Untyped,
}

/// A struct.
#[derive(Debug)]
pub struct Struct {
    /// Its name in Rust.
    pub name: &'static str,
    /// Whether fields that it does not know are kept and written back.
    pub keeps_unknown: bool,
    /// The fields that it knows.
    pub fields: &'static [Field],
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Its type, without the `Option`.
    pub shape: Shape,
}

impl Field {
    /// A field that may be absent.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, required: false, shape }
    }

    /// A field that must be there.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, required: true, shape }
    }
}

impl Struct {
    /// The field of a name on the wire.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Shape {
    /// Some value that a type of this shape accepts, as small as can be.
    pub fn stand_in(&self) -> Value {
        match self {
            Self::Struct(declared) => {
                let mut object = Map::new();
                declared.fill(&mut object);
                Value::Object(object)
            }
            Self::List(_) => json!([]),
            Self::Map(_) => json!({}),
            Self::Text | Self::Untyped => json!(""),
            Self::Enum(known) => json!(known.first().copied().unwrap_or_default()),
            Self::Integer | Self::Number => json!(0),
            Self::Boolean => json!(false),
        }
    }

    /// The shape of a member or an element.
    pub fn step(&self, token: &str) -> Option<Self> {
        match self {
            Self::Struct(declared) => declared.field(token).map(|field| field.shape),
            Self::List(inner) | Self::Map(inner) => Some(**inner),
            Self::Untyped => Some(Self::Untyped),
            _ => None,
        }
    }

    /// Whether the JSON of this shape is an object or a list.
    pub fn is_container(&self) -> bool {
        matches!(self, Self::Struct(_) | Self::List(_) | Self::Map(_))
    }
}

impl Struct {
    /// Adds stand-ins for the required fields that an object lacks.
    pub fn fill(&self, object: &mut Map<String, Value>) {
        for field in self.fields.iter().filter(|field| field.required) {
            if !object.contains_key(field.name) {
                object.insert(field.name.to_owned(), field.shape.stand_in());
            }
        }
    }
}
