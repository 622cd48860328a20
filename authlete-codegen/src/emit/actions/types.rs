//! Expressions that reach the fields of responses and requests.

use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;

use crate::model::{Field, Model, RustType};

/// An expression of type `Option<String>` for a field that is a string.
pub(super) fn string(model: &Model, ty: &str, path: &str, from: &TokenStream, keep: bool) -> Option<TokenStream> {
    let source = source(model, ty, path, from, keep)?;
    Some(match model.field(ty, path)?.ty.unboxed() {
        RustType::Own(own) => {
            let own = format_ident!("{own}");
            quote!(#source.map(rt::#own::into_string))
        }
        RustType::String => source,
        _ => return None,
    })
}

/// The fields on a path, from the one of the type to the one that is meant.
fn fields<'a>(model: &'a Model, ty: &str, path: &str) -> Option<Vec<&'a Field>> {
    let mut object = model.object(ty);
    let mut fields: Vec<&Field> = Vec::new();
    for part in path.split('.') {
        let field = object?.field(part)?;
        object = field.ty.name().and_then(|name| model.object(name));
        fields.push(field);
    }
    Some(fields)
}

/// An expression of type `Option` for a field, or for one within it; `keep` leaves the field as it is.
pub(super) fn source(model: &Model, ty: &str, path: &str, from: &TokenStream, keep: bool) -> Option<TokenStream> {
    let fields = fields(model, ty, path)?;
    let (field, within) = fields.split_first()?;
    let name = format_ident!("{}", field.name);
    let mut expression = match (field.ty.is_option(), keep) {
        (true, false) => quote!(#from.#name.take()),
        (true, true) => quote!(#from.#name.clone()),
        (false, _) => quote!(Some(#from.#name.clone())),
    };
    for field in within {
        let name = format_ident!("{}", field.name);
        expression = if field.ty.is_option() {
            quote!(#expression.and_then(|value| value.#name))
        } else {
            quote!(#expression.map(|value| value.#name))
        };
    }
    Some(expression)
}

/// A condition: the field is there, or the one within it, and is no empty string or list.
pub(super) fn present(model: &Model, ty: &str, path: &str) -> Option<TokenStream> {
    let fields = fields(model, ty, path)?;
    let (field, within) = fields.split_first()?;
    let name = format_ident!("{}", field.name);
    let mut value = if field.ty.is_option() { quote!(response.#name.as_ref()) } else { quote!(Some(&response.#name)) };
    for field in within {
        let name = format_ident!("{}", field.name);
        value = if field.ty.is_option() {
            quote!(#value.and_then(|value| value.#name.as_ref()))
        } else {
            quote!(#value.map(|value| &value.#name))
        };
    }
    Some(match fields.last()?.ty.unboxed() {
        RustType::Own(_) => quote!(#value.is_some_and(|value| !value.as_str().is_empty())),
        RustType::String | RustType::List(_) => quote!(#value.is_some_and(|value| !value.is_empty())),
        _ => quote!(#value.is_some()),
    })
}

/// A type as the files of actions write it.
pub(super) fn written(ty: &RustType) -> TokenStream {
    ty.tokens(&quote!(types), &quote!(rt))
}
