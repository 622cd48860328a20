//! Methods of steps that write a value into a field with JSON, in place of `step.claims = Some(JsonString::of(&claims)?)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::types::{Member, Types, argument_of, last_name};

/// The type of fields with JSON.
const JSON: &str = "JsonString";

/// The methods for one request.
pub(super) fn setters(types: &Types<'_>, request: &str) -> TokenStream {
    let methods: Vec<_> = types.members(request).iter().filter_map(setter).collect();
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

fn setter(Member { wire, ident, ty, optional }: &Member) -> Option<TokenStream> {
    let json = |ty: &Type| last_name(ty).as_deref() == Some(JSON);
    let list = argument_of(ty, "Vec").is_some_and(|item| json(&item));
    if !optional || !(list || json(ty)) {
        return None;
    }
    let (doc, parameter, written) = if list {
        (
            format!(" Writes values into `{wire}`, each as JSON."),
            quote!(values: impl IntoIterator<Item = impl ::serde::Serialize>),
            quote!(values.into_iter().map(|value| crate::rt::JsonString::of(&value)).collect::<Result<_, _>>()?),
        )
    } else {
        (
            format!(" Writes a value into `{wire}`, as JSON."),
            quote!(value: &(impl ::serde::Serialize + ?Sized)),
            quote!(crate::rt::JsonString::of(value)?),
        )
    };
    Some(quote! {
        #[doc = #doc]
        ///
        /// # Errors
        /// As [`JsonString::of`](crate::rt::JsonString::of).
        pub fn #ident(mut self, #parameter) -> Result<Self, crate::rt::Error> {
            self.#ident = Some(#written);
            Ok(self)
        }
    })
}
