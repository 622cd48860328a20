//! Tables of what the description holds: for the crate and for tests.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::calls::constant;
use super::docs::doc;
use super::files::{parse, print};
use super::shapes::shape;
use crate::Problem;
use crate::model::{Model, Operation, RustType, TypeKind};

/// `operations.rs`: a static for every operation, and a list of all.
pub(super) fn operations(model: &Model) -> Result<String, Problem> {
    let mut items = quote! {
        use crate::rt::{CacheClass, Host, Idempotency, Operation, OperationParts};
    };
    for operation in model.operations.values() {
        let Operation { id, method, path, tag, layer, since, .. } = operation;
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
        let since = since.as_ref().map_or_else(|| quote!(None), |since| quote!(Some(#since)));
        let host = if operation.idp { quote!(Host::Idp) } else { quote!(Host::Api) };
        let (ident, name) = (constant(operation), operation.plain_name());
        let docs = doc(&format!("`{method} {path}`: {}", super::overview::place(operation)));
        items.extend(quote! {
            #docs
            pub static #ident: Operation = Operation::new(OperationParts {
                id: #id,
                name: #name,
                method: #method,
                path: #path,
                tag: #tag,
                idempotency: #idempotency,
                cache: #cache,
                ends_tokens: #ends_tokens,
                since: #since,
                host: #host,
            });
        });
    }
    let names = model.operations.values().map(constant);
    items.extend(quote! {
        /// Every operation, by name.
        pub static ALL: &[&Operation] = &[#(&#names),*];
    });
    let public = public_members(model);
    items.extend(quote! {
        /// The members of requests and responses whose strings may be shown, wherever they stand.
        #[doc(hidden)]
        pub static PUBLIC_MEMBERS: &[&str] = &[#(#public),*];
    });
    print("What is known of every operation before it is called.", parse("operations", items)?)
}

/// The names of the fields that are secret in no component.
fn public_members(model: &Model) -> Vec<&str> {
    let fields = || model.objects().flat_map(|(_, _, object)| &object.fields);
    let secret: BTreeSet<&str> = fields().filter(|field| field.secret).map(|field| field.wire.as_str()).collect();
    let all: BTreeSet<&str> = fields().map(|field| field.wire.as_str()).collect();
    all.difference(&secret).copied().collect()
}

/// For a test of what is printed: every struct.
pub(super) fn debugged(model: &Model) -> Result<String, Problem> {
    let entries = model.objects().map(|(name, _, _)| {
        let ty = format_ident!("{name}");
        quote!((#name, debugged::<types::#ty>))
    });
    let items = quote! {
        use authlete_api::types;

        use super::{Debugged, debugged};

        /// Every struct, by name.
        pub(super) static DEBUGGED: &[(&str, Debugged)] = &[#(#entries),*];
    };
    print("Every struct of the description, to be printed.", parse("tests", items)?)
}

/// For `verify-examples`: how the value at each place of the upstream document is decoded and encoded again, and what its
/// type knows of it.
pub(super) fn places(model: &Model) -> Result<String, Problem> {
    let place = |at: &str, ty: &RustType| {
        let (shape, ty) = (shape(ty, model), ty.tokens(&quote!(types), &quote!(authlete_api)));
        quote!(Place { at: #at, round_trip: round_trip::<#ty>, shape: #shape })
    };
    let schemas = model.types.values().filter_map(|definition| {
        let upstream = definition.upstream.as_deref()?;
        let ty = match definition.kind {
            TypeKind::Enum(_) => RustType::Enum(definition.name.clone()),
            TypeKind::Struct(_) => RustType::Named(definition.name.clone()),
            TypeKind::Verbatim(_) => return None,
        };
        Some(place(upstream, &ty))
    });
    let schemas: Vec<TokenStream> = schemas.collect();
    let (mut requests, mut responses) = (Vec::new(), Vec::new());
    // What is not JSON has no round trip.
    let is_json = |ty: &RustType| !matches!(ty, RustType::Bytes | RustType::Unit);
    for operation in model.operations.values() {
        let at = format!("{} {}", operation.method, operation.path);
        let body = operation.body.as_ref().map(|body| &body.ty);
        requests.extend(body.filter(|ty| is_json(ty)).map(|ty| place(&at, ty)));
        responses.extend(Some(&operation.response).filter(|ty| is_json(ty)).map(|ty| place(&at, ty)));
    }
    let items = quote! {
        use authlete_api::types;

        use super::shapes;
        use crate::{
            round_trip::{Place, round_trip},
            shape::Shape,
        };

        /// Components, by their upstream names.
        pub static SCHEMAS: &[Place] = &[#(#schemas),*];

        /// Request bodies, by method and path.
        pub static REQUESTS: &[Place] = &[#(#requests),*];

        /// Bodies of successful responses, by method and path.
        pub static RESPONSES: &[Place] = &[#(#responses),*];
    };
    print("Every place of the description that holds a value, with its type.", parse("tests", items)?)
}
