//! Tables of what the description holds: for the crate and `verify-examples`.

use quote::{format_ident, quote};
use syn::{Item, parse_quote};

use super::syntax::{Code, type_name};
use super::{Description, Operation, files::print, shapes::shape};
use crate::Problems;

/// `operations.rs`: a static for every operation, and a list of all.
pub(super) fn operations(description: &Description) -> Result<String, Problems> {
    let mut items: Vec<Item> = vec![parse_quote!(
        use crate::rt::{CacheClass, Host, Idempotency, Operation, OperationParts};
    )];
    let mut names = Vec::new();
    for operation in description.operations.values() {
        let Operation { id, name, method, path, tag, idp, layer, .. } = operation;
        let host = if *idp { quote!(Host::Idp) } else { quote!(Host::Api) };
        let idempotency = match layer.as_ref().map(|layer| layer.idempotency.as_str()) {
            Some("safe") => quote!(Idempotency::Safe),
            Some("idempotent") => quote!(Idempotency::Idempotent),
            _ => quote!(Idempotency::NotIdempotent),
        };
        let cache = match layer.as_ref().map(|layer| layer.cache.as_str()) {
            Some("service") => quote!(CacheClass::Service),
            Some("client") => quote!(CacheClass::Client),
            Some("clears") => quote!(CacheClass::Clears),
            _ => quote!(CacheClass::None),
        };
        let ends_tokens = layer.as_ref().is_some_and(|layer| layer.ends_tokens);
        let name = name.trim_start_matches("r#");
        let ident = format_ident!("{}", name.to_uppercase());
        let doc = format!(" `{method} {path}`");
        items.push(parse_quote! {
            #[doc = #doc]
            pub static #ident: Operation = Operation::new(OperationParts {
                id: #id,
                name: #name,
                method: #method,
                path: #path,
                tag: #tag,
                idempotency: #idempotency,
                cache: #cache,
                ends_tokens: #ends_tokens,
                host: #host,
            });
        });
        names.push(ident);
    }
    items.push(parse_quote! {
        /// Every operation, by name.
        pub static ALL: &[&Operation] = &[#(&#names),*];
    });
    let public = public_members(description);
    items.push(parse_quote! {
        /// The members of requests and responses whose strings may be shown, wherever they stand.
        #[doc(hidden)]
        pub static PUBLIC_MEMBERS: &[&str] = &[#(#public),*];
    });
    Ok(print("What is known of every operation before it is called.", items)?)
}

/// The names of the fields that are secret in no component.
fn public_members(description: &Description) -> Vec<&str> {
    let fields = || description.structs.values().flat_map(|declared| &declared.fields);
    let secret: std::collections::BTreeSet<&str> =
        fields().filter(|(_, field)| field.secret).map(|(name, _)| name.as_str()).collect();
    let all: std::collections::BTreeSet<&str> = fields().map(|(name, _)| name.as_str()).collect();
    all.difference(&secret).copied().collect()
}

/// For a test of what is printed: every struct. That each can be made by struct update shows in that this compiles.
pub(super) fn debugged(description: &Description) -> Result<String, Problems> {
    let entries = description.structs.keys().map(|name| {
        let ty = format_ident!("{name}");
        quote!((#name, debugged::<types::#ty>))
    });
    let mut items = vec![
        parse_quote!(
            use authlete_api::types;
        ),
        parse_quote!(
            use super::{Debugged, debugged};
        ),
        parse_quote! {
            /// Every struct, by name.
            pub(super) static DEBUGGED: &[(&str, Debugged)] = &[#(#entries),*];
        },
    ];
    items.extend(description.structs.keys().map(|name| {
        let ty = format_ident!("{name}");
        parse_quote!(const _: fn(types::#ty) -> types::#ty = |rest| types::#ty { ..rest };)
    }));
    Ok(print("Every struct of the description, to be printed, and made by struct update.", items)?)
}

/// For `verify-examples`: how the value at each place of the upstream document is decoded and encoded again, and what its
/// type knows of it.
pub(super) fn places(code: &Code, description: &Description) -> Result<String, Problems> {
    let place = |at: &str, ty: &syn::Type| {
        let shape = shape(ty, code, description);
        quote!(Place { at: #at, round_trip: round_trip::<#ty>, shape: #shape })
    };
    let structs = description.structs.iter().map(|(name, declared)| (name, declared.upstream.as_str()));
    // Most enumerations have no name upstream: they are written out where they are used.
    let enums = description.enums.iter().filter_map(|(name, declared)| Some((name, declared.upstream.as_deref()?)));
    let schemas = structs.chain(enums).map(|(name, upstream)| {
        let ident = format_ident!("{name}");
        place(upstream, &parse_quote!(types::#ident))
    });
    let schemas: Vec<_> = schemas.collect();
    let mut requests = Vec::new();
    let mut responses = Vec::new();
    for (name, operation) in &description.operations {
        let Some(method) = code.methods.get(name) else { continue };
        let at = format!("{} {}", operation.method, operation.path);
        let body = method.sig.inputs.iter().find_map(|input| match input {
            syn::FnArg::Typed(input) if matches!(&*input.pat, syn::Pat::Ident(pat) if pat.ident == "body") => {
                Some(match &*input.ty {
                    syn::Type::Reference(reference) => &*reference.elem,
                    other => other,
                })
            }
            _ => None,
        });
        requests.extend(body.filter(|ty| is_json(ty)).map(|ty| place(&at, ty)));
        responses.extend(call_output(method).filter(is_json).map(|ty| place(&at, &ty)));
    }
    let items = vec![
        parse_quote!(
            use authlete_api::types;
        ),
        parse_quote!(
            use super::shapes;
        ),
        parse_quote!(
            use crate::{
                round_trip::{Place, round_trip},
                shape::Shape,
            };
        ),
        parse_quote! {
            /// Components, by their upstream names.
            pub static SCHEMAS: &[Place] = &[#(#schemas),*];
        },
        parse_quote! {
            /// Request bodies, by method and path.
            pub static REQUESTS: &[Place] = &[#(#requests),*];
        },
        parse_quote! {
            /// Bodies of successful responses, by method and path.
            pub static RESPONSES: &[Place] = &[#(#responses),*];
        },
    ];
    Ok(print("Every place of the description that holds a value, with its type.", items)?)
}

/// What is not JSON has no round trip.
fn is_json(ty: &syn::Type) -> bool {
    type_name(ty).as_deref() != Some("Bytes")
}

/// `T` of `Call<'_, T>`, unless there is none.
fn call_output(method: &syn::ImplItemFn) -> Option<syn::Type> {
    let syn::ReturnType::Type(_, output) = &method.sig.output else { return None };
    let syn::Type::Path(path) = &**output else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(syn::Type::Tuple(_)) => None,
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}
