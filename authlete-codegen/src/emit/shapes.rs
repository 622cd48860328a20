//! What the fields of each generated type are called on the wire, for `verify-examples`.
//!
//! Types that keep unknown fields write them back, so a field we do not know looks the same before and after. These
//! tables tell it apart.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::files::{parse, print};
use crate::Problem;
use crate::model::{Model, RustType};

/// `shapes.rs`: a static for every struct, named like it.
pub(super) fn shapes(model: &Model) -> Result<String, Problem> {
    let mut items = quote! {
        use authlete_api::types;

        use super::shapes;
        use crate::shape::{Field, Shape, Struct};
    };
    for (name, _, object) in model.objects() {
        let ident = format_ident!("{name}");
        let docs = super::docs::doc(&format!("`{name}`."));
        let keeps_unknown = object.rest.is_some();
        let fields = object.fields.iter().map(|field| {
            let (wire, shape) = (&field.wire, shape(&field.ty, model));
            let kind = if field.required { format_ident!("required") } else { format_ident!("optional") };
            quote!(Field::#kind(#wire, #shape))
        });
        items.extend(quote! {
            #docs
            pub static #ident: Struct = Struct { name: #name, keeps_unknown: #keeps_unknown, fields: &[#(#fields),*] };
        });
    }
    print("The fields of every struct, by their names on the wire.", parse("tests", items)?)
}

/// The shape of a type, as an expression; one that is neither plain, a list, a map nor a type of ours has to come out
/// exactly as it went in.
pub(super) fn shape(ty: &RustType, model: &Model) -> TokenStream {
    match ty {
        RustType::Option(inner) | RustType::Boxed(inner) => shape(inner, model),
        RustType::List(element) => {
            let element = shape(element, model);
            quote!(Shape::List(&#element))
        }
        RustType::Map(value) => {
            let value = shape(value, model);
            quote!(Shape::Map(&#value))
        }
        RustType::String | RustType::Own(_) => quote!(Shape::Text),
        RustType::Bool => quote!(Shape::Boolean),
        RustType::Integer(_) => quote!(Shape::Integer),
        RustType::Float(_) => quote!(Shape::Number),
        RustType::Enum(name) => {
            let ident = format_ident!("{name}");
            quote!(Shape::Enum(types::#ident::KNOWN))
        }
        RustType::Named(name) if model.object(name).is_some() => {
            let ident = format_ident!("{name}");
            quote!(Shape::Struct(&shapes::#ident))
        }
        RustType::JsonMap => quote!(Shape::Map(&Shape::Untyped)),
        RustType::Named(_) | RustType::Json | RustType::Unit | RustType::Bytes | RustType::Other(_) => {
            quote!(Shape::Untyped)
        }
    }
}
