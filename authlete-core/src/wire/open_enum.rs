//! Enumerations that stay readable when the server learns a new value.

/// Declares an enumeration of texts with one more variant, `Unknown`, for every text we do not know.
///
/// An unknown text is kept and written back as it came, so a new value never fails the response around it.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A value this version does not know, as it came.
            Unknown(::std::string::String),
        }

        impl $name {
            /// The values that the description lists, in its order.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The text on the wire.
            #[inline(never)] // a copy in each of its many callers here would take long to compile
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl $crate::codegen::OpenEnum for $name {
            const TEXTS: &'static [&'static str] = Self::KNOWN;
            const VALUES: &'static [Self] = &[$(Self::$variant),*];

            fn unknown(text: ::std::string::String) -> Self {
                Self::Unknown(text)
            }
        }

        $crate::codegen::open_enum_impls!($name);
    };
}

/// The conversions and comparisons of an open enumeration, the same for all.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum_impls {
    ($name:ident) => {
        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                $crate::codegen::enum_from_text(text)
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                $crate::codegen::enum_from_text(&text)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok($crate::codegen::enum_from_text(text))
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        // By text, so that a known value is equal to itself however it was made.
        impl ::std::cmp::PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::std::cmp::Eq for $name {}

        impl ::std::cmp::PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl ::std::cmp::PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl ::std::cmp::PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(self.cmp(other))
            }
        }

        impl ::std::cmp::Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                deserializer
                    .deserialize_str($crate::codegen::TextVisitor::of::<Self>())
                    .map($crate::codegen::Found::into)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $crate::codegen::json_schema(Self::KNOWN)
            }
        }
    };
}

/// What the shared code needs of an open enumeration.
pub trait OpenEnum: Clone + 'static {
    /// The texts that are known.
    const TEXTS: &'static [&'static str];
    /// What they stand for, in the same order.
    const VALUES: &'static [Self];

    /// The value of a string that is not known.
    fn unknown(text: String) -> Self;
}

/// A text, looked up among the known ones. This and its visitor are the same for all enumerations, so that they are
/// compiled once.
#[derive(Debug)]
pub enum Found {
    /// The number of a known one.
    Known(usize),
    /// One that is not known.
    Unknown(String),
}

impl Found {
    #[inline(never)]
    fn new(texts: &[&str], text: &str) -> Self {
        match texts.iter().position(|known| *known == text) {
            Some(index) => Self::Known(index),
            None => Self::Unknown(text.to_owned()),
        }
    }

    /// The value.
    pub fn into<T: OpenEnum>(self) -> T {
        match self {
            Self::Known(index) => T::VALUES[index].clone(),
            Self::Unknown(text) => T::unknown(text),
        }
    }
}

/// The value that a string stands for.
pub fn from_text<T: OpenEnum>(text: &str) -> T {
    Found::new(T::TEXTS, text).into()
}

/// Reads a string.
#[derive(Debug)]
pub struct TextVisitor(&'static [&'static str]);

impl TextVisitor {
    /// For one enumeration.
    pub fn of<T: OpenEnum>() -> Self {
        Self(T::TEXTS)
    }
}

impl serde::de::Visitor<'_> for TextVisitor {
    type Value = Found;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::new(self.0, text))
    }
}

/// Any text; the known ones are listed as examples, since the enumeration is open.
#[cfg(feature = "schemars")]
pub fn json_schema(known: &[&str]) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "examples": known })
}

#[cfg(test)]
mod tests {
    #![expect(unreachable_pub, reason = "the macro declares public types")]

    use std::collections::HashSet;

    crate::__open_enum! {
        /// A signal.
        Signal {
            /// `GO`
            Go = "GO",
            /// `STOP`
            Stop = "STOP",
        }
    }

    #[test]
    fn known_and_unknown_values_round_trip() {
        let signals: Vec<Signal> = serde_json::from_str(r#"["GO","SLOW"]"#).unwrap();
        assert!(matches!(&signals[..], [Signal::Go, Signal::Unknown(text)] if text == "SLOW"));
        assert_eq!(serde_json::to_string(&signals).unwrap(), r#"["GO","SLOW"]"#);
    }

    #[test]
    fn texts_convert_and_compare() {
        assert_eq!(Signal::KNOWN, ["GO", "STOP"]);
        assert_eq!(Signal::from("STOP"), Signal::Stop);
        assert_eq!("SLOW".parse::<Signal>().unwrap().as_str(), "SLOW");
        assert_eq!(Signal::Unknown("GO".to_owned()), Signal::Go);
        assert_eq!(HashSet::from([Signal::Unknown("GO".to_owned()), Signal::Go]).len(), 1);
        assert_eq!(Signal::Go, "GO");
        assert_eq!(Signal::KNOWN, ["GO", "STOP"]);
        assert_eq!(format!("{:>5}|{:?}", Signal::Stop, Signal::Go), " STOP|\"GO\"");
    }
}
