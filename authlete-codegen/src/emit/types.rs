//! `types/*.rs`: the types that operations take and return, with their constructors, setters and readers.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Files;
use super::docs::{self, doc};
use super::files::{parse, print, title};
use crate::Problem;
use crate::model::{Field, Model, RustType, Struct, TypeDefinition, TypeKind, Verbatim};

/// The files, one for each tag.
pub(super) fn emit(model: &Model) -> Result<Files, Problem> {
    let mut files = Files::new();
    let mut modules: BTreeMap<&str, Vec<&TypeDefinition>> = BTreeMap::new();
    for definition in model.types.values().filter(|definition| !matches!(definition.kind, TypeKind::Enum(_))) {
        modules.entry(definition.module.as_str()).or_default().push(definition);
    }
    let mut declarations = TokenStream::new();
    for (module, definitions) in &modules {
        let mut items = quote! {
            #[allow(unused_imports)]
            use crate::rt;
        };
        // Code that is taken over names the other types without a path.
        if definitions.iter().any(|definition| matches!(definition.kind, TypeKind::Verbatim(_))) {
            items.extend(quote! {
                #[allow(unused_imports)]
                use super::*;
            });
        }
        items.extend(definitions.iter().map(|definition| emit_type(definition)));
        files.insert(
            format!("types/{module}.rs"),
            print(&format!("Types of {}.", title(module)), parse("types", items)?)?,
        );
        let (module, names) = (format_ident!("{module}"), names(definitions.iter().map(|definition| &definition.name)));
        declarations.extend(quote!(mod #module; pub use #module::{#(#names),*};));
    }
    let names = names(model.enums().map(|(name, _, _)| name));
    declarations.extend(quote!(mod enums; pub use enums::{#(#names),*};));
    if model.types.values().any(|definition| matches!(definition.kind, TypeKind::Verbatim(_))) {
        declarations.extend(model.helpers.iter().map(|helper| helper.definition.clone()));
    }
    let doc = "The types that operations take and return.";
    files.insert("types/mod.rs".to_owned(), print(doc, parse("types", declarations)?)?);
    Ok(files)
}

/// What is said of the members that no field is for.
const EXTRA: &str = "Members of the JSON object that this version of the crate has no field for, by their names. They are written back \
                     unchanged, so that an update loses nothing that a newer Authlete knows.";

fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<syn::Ident> {
    names.map(|name| format_ident!("{name}")).collect()
}

fn emit_type(definition: &TypeDefinition) -> TokenStream {
    match &definition.kind {
        TypeKind::Struct(object) => emit_struct(definition, object),
        TypeKind::Verbatim(verbatim) => emit_verbatim(definition, verbatim),
        TypeKind::Enum(_) => TokenStream::new(),
    }
}

/// Where generated types are reached in their own files.
fn here(ty: &RustType) -> TokenStream {
    ty.tokens(&quote!(super), &quote!(rt))
}

fn schemars() -> TokenStream {
    quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))])
}

fn emit_struct(definition: &TypeDefinition, object: &Struct) -> TokenStream {
    let ident = format_ident!("{}", definition.name);
    let docs = doc(&definition.doc);
    let hides = object.rest.is_some() || object.fields.iter().any(|field| field.secret);
    let by_reader = reads_itself(object);
    let mut derives = vec![quote!(Clone), quote!(PartialEq), quote!(::serde::Serialize)];
    if !by_reader {
        derives.push(quote!(::serde::Deserialize));
    }
    if object.all_optional() {
        derives.push(quote!(Default));
    }
    if !hides {
        derives.push(quote!(Debug));
    }
    let fields = object.fields.iter().map(|field| {
        let (docs, name, ty) = (doc(&docs::field(field)), format_ident!("{}", field.name), here(&field.ty));
        let rename = (field.label() != field.wire).then(|| {
            let wire = &field.wire;
            quote!(rename = #wire)
        });
        let skip = field.ty.is_option().then(|| quote!(skip_serializing_if = "::std::option::Option::is_none"));
        let attributes: Vec<TokenStream> = rename.into_iter().chain(skip).collect();
        let serde = (!attributes.is_empty()).then(|| quote!(#[serde(#(#attributes),*)]));
        quote!(#docs #serde pub #name: #ty)
    });
    let rest = object.rest.as_ref().map(|(name, ty)| {
        let (name, ty) = (format_ident!("{name}"), here(ty));
        let docs = doc(EXTRA);
        quote!(#docs #[serde(flatten)] pub #name: #ty)
    });
    let fields = fields.chain(rest);
    let schemars = schemars();
    let reader = by_reader.then(|| reader(&ident, object));
    let debug = hides.then(|| debug(definition, object));
    let methods: Vec<TokenStream> = constructor(definition, object)
        .into_iter()
        .chain(object.fields.iter().filter_map(|field| setter(object, field)))
        .chain(object.fields.iter().filter_map(|field| unit_accessor(object, field)))
        .collect();
    let methods = (!methods.is_empty()).then(|| quote!(impl #ident { #(#methods)* }));
    quote! {
        #docs
        #[derive(#(#derives),*)]
        #schemars
        #[non_exhaustive]
        pub struct #ident { #(#fields),* }
        #reader
        #debug
        #methods
    }
}

/// Whether the type is read by the runtime's reader, member by member into a value that starts empty.
fn reads_itself(object: &Struct) -> bool {
    object.all_optional() && object.rest.as_ref().is_none_or(|(_, ty)| *ty == RustType::JsonMap)
}

/// How the type is read: what serde derives would take most of the time that compiling the crate takes.
fn reader(ident: &syn::Ident, object: &Struct) -> TokenStream {
    let number = proc_macro2::Literal::usize_unsuffixed;
    let numbers = object.fields.iter().enumerate().map(|(at, field)| {
        let (number, wire) = (number(at), &field.wire);
        quote!(#wire => #number)
    });
    let values = object.fields.iter().enumerate().map(|(at, field)| {
        let (number, name) = (number(at), format_ident!("{}", field.name));
        match positional(field) {
            Some(list) => quote! {
                #number => {
                    let value: ::std::option::Option<#list> = members.next_value()?;
                    self.#name = value.map(#list::into_inner);
                }
            },
            None => quote!(#number => self.#name = members.next_value()?),
        }
    });
    let open = object.rest.is_some();
    let keep = object.rest.as_ref().map(|(rest, _)| {
        let rest = format_ident!("{rest}");
        quote! {
            fn keep(&mut self, name: ::std::string::String, value: ::serde_json::Value) {
                self.#rest.insert(name, value);
            }
        }
    });
    quote! {
        impl rt::Object for #ident {
            const OPEN: bool = #open;

            fn find(name: &str) -> ::std::option::Option<usize> {
                ::std::option::Option::Some(match name {
                    #(#numbers,)*
                    _ => return ::std::option::Option::None,
                })
            }

            fn read<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                member: usize,
                members: &mut A,
            ) -> ::std::result::Result<(), A::Error> {
                match member {
                    #(#values,)*
                    _ => {}
                }
                ::std::result::Result::Ok(())
            }

            #keep
        }

        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                rt::deserialize(deserializer)
            }
        }
    }
}

/// The runtime's list that a field is read by, where the places of its elements mean something.
fn positional(field: &Field) -> Option<TokenStream> {
    let element = field.ty.elements().filter(|_| field.positional)?;
    Some(match element {
        RustType::List(element) => {
            let element = here(element);
            quote!(rt::PositionalLists::<#element>)
        }
        element => {
            let element = here(element);
            quote!(rt::Positional::<#element>)
        }
    })
}

/// `Debug` that keeps secrets.
fn debug(definition: &TypeDefinition, object: &Struct) -> TokenStream {
    let name = &definition.name;
    let prints = object.fields.iter().map(|field| {
        let (label, name) = (field.label(), format_ident!("{}", field.name));
        if !field.secret {
            quote!(.field(#label, &self.#name))
        } else if field.ty.is_option() {
            quote!(.field(#label, &rt::optional(&self.#name)))
        } else {
            quote!(.field(#label, &rt::Redacted))
        }
    });
    let rest = object.rest.as_ref().map(|(rest, ty)| {
        let (label, rest) = (rest.as_str(), format_ident!("{rest}"));
        if *ty == RustType::JsonMap {
            quote!(.field(#label, &rt::Extra(&self.#rest)))
        } else {
            quote!(.field(#label, &rt::Redacted))
        }
    });
    implementation(name, &quote!(f.debug_struct(#name) #(#prints)* #rest .finish()))
}

/// Prints the name alone, as of a tuple struct.
fn hidden(name: &str) -> TokenStream {
    implementation(name, &quote!(f.debug_tuple(#name).field(&rt::Redacted).finish()))
}

fn implementation(name: &str, body: &TokenStream) -> TokenStream {
    let ident = format_ident!("{name}");
    quote! {
        impl ::std::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                #body
            }
        }
    }
}

/// `new`, which takes the required fields. A type without any has `Default` instead.
fn constructor(definition: &TypeDefinition, object: &Struct) -> Option<TokenStream> {
    let (mut arguments, mut values, mut named) = (Vec::new(), Vec::new(), Vec::new());
    for field in &object.fields {
        let name = format_ident!("{}", field.name);
        if field.ty.is_option() {
            values.push(quote!(#name: ::std::option::Option::None));
        } else {
            let ty = here(&field.ty);
            named.push(format!("- `{}`: {}", field.label(), field.doc.split("\n\n").next().unwrap_or_default()));
            if field.ty.is_like_string() {
                arguments.push(quote!(#name: impl ::std::convert::Into<#ty>));
                values.push(quote!(#name: #name.into()));
            } else {
                arguments.push(quote!(#name: #ty));
                values.push(quote!(#name));
            }
        }
    }
    if arguments.is_empty() {
        return None;
    }
    values.extend(object.rest.as_ref().map(|(rest, _)| {
        let rest = format_ident!("{rest}");
        quote!(#rest: ::std::default::Default::default())
    }));
    let docs = doc(&format!(
        "Makes a `{}` of what it always has. Every other field stays unset, until its method sets it.\n\n{}",
        definition.name,
        named.join("\n")
    ));
    Some(quote! {
        #docs
        pub fn new(#(#arguments),*) -> Self {
            Self { #(#values),* }
        }
    })
}

/// The parameter of a setter, and the expression for what it writes.
pub(super) fn setter_parts(ty: &RustType, types: &TokenStream) -> (TokenStream, TokenStream) {
    let written = |ty: &RustType| ty.tokens(types, &quote!(rt));
    match ty {
        ty if ty.is_copy() => (written(ty), quote!(value)),
        // JSON is made from values, or said to be JSON: a string is not taken for it.
        ty if is_json(ty) => (written(ty), quote!(value)),
        RustType::List(element) if is_json(element) => {
            let element = written(element);
            (quote!(impl ::std::iter::IntoIterator<Item = #element>), quote!(value.into_iter().collect()))
        }
        RustType::List(element) => {
            let element = written(element);
            (
                quote!(impl ::std::iter::IntoIterator<Item = impl ::std::convert::Into<#element>>),
                quote!(value.into_iter().map(::std::convert::Into::into).collect()),
            )
        }
        RustType::Option(_) | RustType::Other(_) => (written(ty), quote!(value)),
        ty => {
            let ty = written(ty);
            (quote!(impl ::std::convert::Into<#ty>), quote!(value.into()))
        }
    }
}

/// The runtime's type of strings that hold JSON.
const JSON: &str = "JsonString";

/// Whether a type is a string that holds JSON.
pub(super) fn is_json(ty: &RustType) -> bool {
    matches!(ty, RustType::Own(name) if name == JSON)
}

/// Names of methods that a setter must not take.
const TAKEN: [&str; 9] = ["new", "default", "clone", "clone_from", "eq", "ne", "fmt", "into", "serialize"];

/// The name of a field's setter.
pub(super) fn setter_name(field: &Field) -> syn::Ident {
    if TAKEN.contains(&field.label()) {
        format_ident!("with_{}", field.label())
    } else {
        format_ident!("{}", field.name)
    }
}

/// The method that sets an optional field.
fn setter(object: &Struct, field: &Field) -> Option<TokenStream> {
    let RustType::Option(ty) = &field.ty else { return None };
    let (name, method) = (format_ident!("{}", field.name), setter_name(field));
    // An accessor of that name would be in the way.
    if object.fields.iter().any(|other| unit_accessor_name(object, other).is_some_and(|known| known == method)) {
        return None;
    }
    let (parameter, value) = setter_parts(ty, &quote!(super));
    let docs = doc(&docs::setter(field));
    Some(quote! {
        #docs
        #[must_use]
        pub fn #method(mut self, value: #parameter) -> Self {
            self.#name = ::std::option::Option::Some(#value);
            self
        }
    })
}

/// What an accessor of a field with a unit returns, and how it is made from the number in `value`.
pub(super) fn unit_type(field: &Field) -> Option<(TokenStream, TokenStream)> {
    if !matches!(field.ty.required(), RustType::Integer(_)) {
        return None;
    }
    let function = match field.unit.as_deref()? {
        "seconds" => quote!(rt::seconds),
        "milliseconds" => quote!(rt::milliseconds),
        "nanoseconds" => quote!(rt::nanoseconds),
        "epoch-seconds" => return Some((quote!(::std::time::SystemTime), quote!(rt::epoch_seconds))),
        "epoch-milliseconds" => return Some((quote!(::std::time::SystemTime), quote!(rt::epoch_milliseconds))),
        _ => return None,
    };
    Some((quote!(::std::time::Duration), function))
}

fn unit_accessor_name(object: &Struct, field: &Field) -> Option<syn::Ident> {
    let (_, _) = unit_type(field)?;
    let moment = field.unit.as_deref().is_some_and(|unit| unit.starts_with("epoch-"));
    let name = format!("{}_as_{}", field.label(), if moment { "time" } else { "duration" });
    object.fields.iter().all(|other| other.label() != name).then(|| format_ident!("{name}"))
}

/// The method that reads a number of seconds or the like as a time.
fn unit_accessor(object: &Struct, field: &Field) -> Option<TokenStream> {
    let (output, function) = unit_type(field)?;
    let (method, name) = (unit_accessor_name(object, field)?, format_ident!("{}", field.name));
    let docs = doc(&docs::unit_accessor(field));
    let value = if field.ty.is_option() { quote!(self.#name?) } else { quote!(self.#name) };
    Some(quote! {
        #docs
        pub fn #method(&self) -> ::std::option::Option<#output> {
            #function(i64::from(#value))
        }
    })
}

/// A union or a wrapper, as progenitor writes it.
fn emit_verbatim(definition: &TypeDefinition, verbatim: &Verbatim) -> TokenStream {
    let Verbatim { derives, attributes, definition: code, implementations, is_data } = verbatim;
    let docs = doc(&definition.doc);
    if !is_data {
        return quote!(#docs #attributes #code #(#implementations)*);
    }
    let hides = definition.secret;
    let mut paths: Vec<TokenStream> = derives
        .iter()
        .filter(|derive| !(hides && derive.rsplit("::").next() == Some("Debug")))
        .filter_map(|derive| derive.parse().ok())
        .collect();
    if !derives.iter().any(|derive| derive.rsplit("::").next() == Some("PartialEq")) {
        paths.push(quote!(PartialEq));
    }
    let (schemars, debug) = (schemars(), hides.then(|| hidden(&definition.name)));
    quote! {
        #docs
        #[derive(#(#paths),*)]
        #schemars
        #attributes
        #code
        #debug
        #(#implementations)*
    }
}
