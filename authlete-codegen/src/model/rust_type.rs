//! The Rust type of a value, as data: nothing after the model compares printed types.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// A Rust type that generated code uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RustType {
    /// `()`: a response without a body.
    Unit,
    /// `Bytes`: a body that is not JSON.
    Bytes,
    /// `String`.
    String,
    /// `bool`.
    Bool,
    /// An integer type, by its name.
    Integer(&'static str),
    /// A floating-point type, by its name.
    Float(&'static str),
    /// `serde_json::Value`.
    Json,
    /// `serde_json::Map<String, Value>`.
    JsonMap,
    /// A generated type that is not an enumeration of strings.
    Named(String),
    /// A generated enumeration of strings.
    Enum(String),
    /// A type that the runtime has written by hand, for a string.
    Own(String),
    /// `Option<T>`.
    Option(Box<Self>),
    /// `Vec<T>`.
    List(Box<Self>),
    /// A map from strings to `T`.
    Map(Box<Self>),
    /// `Box<T>`.
    Boxed(Box<Self>),
    /// Anything else, as it is written.
    Other(String),
}

/// The integer types that progenitor uses.
const INTEGERS: [&str; 10] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "isize", "usize"];
const FLOATS: [&str; 2] = ["f32", "f64"];

impl RustType {
    /// The number type of a name.
    pub(super) fn number(name: &str) -> Option<Self> {
        let integer = INTEGERS.iter().find(|known| **known == name).map(|name| Self::Integer(name));
        integer.or_else(|| FLOATS.iter().find(|known| **known == name).map(|name| Self::Float(name)))
    }

    /// `T` of `Option<T>`, or the type itself.
    pub fn required(&self) -> &Self {
        match self {
            Self::Option(inner) => inner,
            other => other,
        }
    }

    /// Whether it is an `Option`.
    pub fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// The type with `Option` around it, unless it has one already.
    #[must_use]
    pub fn optional(self) -> Self {
        if self.is_option() { self } else { Self::Option(Box::new(self)) }
    }

    /// The type without a `Box` around it, and without an `Option` around that.
    pub fn unboxed(&self) -> &Self {
        match self {
            Self::Option(inner) | Self::Boxed(inner) => inner.unboxed(),
            other => other,
        }
    }

    /// The name of the generated type, where it is one.
    pub fn name(&self) -> Option<&str> {
        match self.unboxed() {
            Self::Named(name) | Self::Enum(name) => Some(name),
            _ => None,
        }
    }

    /// The elements, when it is a list, optional or not.
    pub fn elements(&self) -> Option<&Self> {
        match self.unboxed() {
            Self::List(element) => Some(element),
            _ => None,
        }
    }

    /// Whether the value is a string of the standard library.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String)
    }

    /// Whether the value is written as a string, whatever its type is.
    pub fn is_like_string(&self) -> bool {
        matches!(self, Self::String | Self::Enum(_) | Self::Own(_))
    }

    /// Whether a value is copied rather than cloned.
    pub fn is_copy(&self) -> bool {
        matches!(self, Self::Bool | Self::Integer(_) | Self::Float(_) | Self::Unit)
    }

    /// The type as it is written where generated types are reached by `types`, and the runtime's by `runtime`.
    pub fn tokens(&self, types: &TokenStream, runtime: &TokenStream) -> TokenStream {
        let inner = |inner: &Self| inner.tokens(types, runtime);
        match self {
            Self::Unit => quote!(()),
            Self::Bytes => quote!(#runtime::Bytes),
            Self::String => quote!(::std::string::String),
            Self::Bool => quote!(bool),
            Self::Integer(name) | Self::Float(name) => {
                let name = format_ident!("{name}");
                quote!(#name)
            }
            Self::Json => quote!(::serde_json::Value),
            Self::JsonMap => quote!(::serde_json::Map<::std::string::String, ::serde_json::Value>),
            Self::Named(name) | Self::Enum(name) => {
                let name = format_ident!("{name}");
                quote!(#types::#name)
            }
            Self::Own(name) => {
                let name = format_ident!("{name}");
                quote!(#runtime::#name)
            }
            Self::Option(value) => {
                let value = inner(value);
                quote!(::std::option::Option<#value>)
            }
            Self::List(element) => {
                let element = inner(element);
                quote!(::std::vec::Vec<#element>)
            }
            Self::Map(value) => {
                let value = inner(value);
                quote!(::std::collections::BTreeMap<::std::string::String, #value>)
            }
            Self::Boxed(value) => {
                let value = inner(value);
                quote!(::std::boxed::Box<#value>)
            }
            Self::Other(text) => text.parse().unwrap_or_else(|_| quote!(::serde_json::Value)),
        }
    }
}
