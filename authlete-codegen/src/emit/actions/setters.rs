//! Setters of the calls that follow: those of their requests, and for fields with JSON ones that write any value.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::docs::{self, doc};
use crate::emit::types::{setter_name, setter_parts};
use crate::model::{Field, Model, RustType};

/// The type of fields with JSON.
const JSON: &str = "JsonString";

/// The methods for one request.
pub(super) fn setters(model: &Model, request: &str) -> TokenStream {
    let Some(object) = model.object(request) else { return TokenStream::new() };
    let methods: Vec<_> = object.fields.iter().filter_map(setter).collect();
    if methods.is_empty() {
        return TokenStream::new();
    }
    let request = format_ident!("{request}");
    quote! {
        impl PendingRequest<types::#request> {
            #(#methods)*
        }
    }
}

fn setter(field: &Field) -> Option<TokenStream> {
    let RustType::Option(ty) = &field.ty else { return None };
    let (name, method) = (format_ident!("{}", field.name), setter_name(field));
    let json = |ty: &RustType| matches!(ty, RustType::Own(name) if name == JSON);
    let (parameter, written) = match ty.elements() {
        Some(element) if json(element) => (
            quote!(impl IntoIterator<Item = impl ::serde::Serialize>),
            quote!(value.into_iter().map(|value| rt::JsonString::of(&value)).collect::<Result<_, _>>()?),
        ),
        None if json(ty) => (quote!(&(impl ::serde::Serialize + ?Sized)), quote!(rt::JsonString::of(value)?)),
        _ => {
            let (parameter, value) = setter_parts(ty, &quote!(types));
            let docs = doc(&docs::setter(field));
            return Some(quote! {
                #docs
                pub fn #method(mut self, value: #parameter) -> Self {
                    self.#name = Some(#value);
                    self
                }
            });
        }
    };
    let docs = doc(&format!(
        "{}\n\nThe value is written as JSON.\n\n# Errors\nAs [`JsonString::of`](crate::JsonString::of).",
        docs::setter(field)
    ));
    Some(quote! {
        #docs
        pub fn #method(mut self, value: #parameter) -> Result<Self, rt::Error> {
            self.#name = Some(#written);
            Ok(self)
        }
    })
}
