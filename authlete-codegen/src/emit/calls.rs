//! `calls/*.rs`: a function for each operation, which makes its request.
//!
//! They are compiled in the crate that has them, decoders included: a user's build has nothing to translate but the call.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Files;
use super::docs::doc;
use super::files::{parse, print, title};
use crate::Problem;
use crate::model::{Body, BodyForm, Model, Operation, Parameter, Place, RustType};

/// The files, one for each tag.
pub(super) fn emit(model: &Model) -> Result<Files, Problem> {
    let mut modules: BTreeMap<String, Vec<&Operation>> = BTreeMap::new();
    for operation in model.operations.values() {
        modules.entry(operation.module()).or_default().push(operation);
    }
    let mut files = Files::new();
    let mut declarations = TokenStream::new();
    for (module, operations) in modules {
        let functions = operations.iter().map(|operation| function(model, operation)).collect::<Result<Vec<_>, _>>()?;
        let items = quote! {
            #[allow(unused_imports)]
            use crate::generated::{operations, types};
            use crate::rt;
            #(#functions)*
        };
        let text = print(&format!("Operations of {}.", title(&module)), parse("calls", items)?)?;
        files.insert(format!("calls/{module}.rs"), text);
        let module = format_ident!("{module}");
        declarations.extend(quote!(mod #module; pub(crate) use #module::*;));
    }
    let text = print("A function for every operation, by their tags.", parse("calls", declarations)?)?;
    files.insert("calls/mod.rs".to_owned(), text);
    Ok(files)
}

/// Whether a call has parameters that can be left out, so that it is made from setters.
pub(super) fn is_optional(parameter: &Parameter) -> bool {
    parameter.place != Place::Path && parameter.ty.is_option()
}

/// The parameters that a function takes: those that cannot be left out.
pub(super) fn required(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().filter(|parameter| !is_optional(parameter))
}

/// The parameters that have setters.
pub(super) fn optional(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().filter(|parameter| is_optional(parameter))
}

fn function(model: &Model, operation: &Operation) -> Result<TokenStream, Problem> {
    let name = format_ident!("{}", operation.name);
    let docs = doc(&format!("`{} {}`", operation.method, operation.path));
    let constant = constant(operation);
    let mut arguments: Vec<TokenStream> = required(operation)
        .map(|parameter| {
            let (name, ty) = (format_ident!("{}", parameter.name), argument_type(&parameter.ty));
            quote!(#name: #ty)
        })
        .collect();
    let path = path(operation);
    let mut steps = TokenStream::new();
    for parameter in required(operation) {
        let (ident, wire) = (format_ident!("{}", parameter.name), &parameter.wire);
        let value = match (parameter.json, &parameter.ty) {
            (true, _) => quote!(&::serde_json::json!(#ident).to_string()),
            (false, ty) if ty.is_copy() => quote!(&#ident),
            (false, _) => quote!(#ident),
        };
        match parameter.place {
            Place::Path => {}
            Place::Query => steps.extend(quote!(.query(#wire, #value))),
            Place::Header => {
                let value = header_value(&parameter.ty, &ident).ok_or_else(|| {
                    let message = format!("the parameter {wire} is more than a header can hold");
                    Problem::new("calls", operation.name.clone(), message)
                })?;
                steps.extend(quote!(.header(#wire, #value)));
            }
        }
    }
    let decode = match &operation.response {
        RustType::Unit => quote!(rt::empty),
        RustType::Bytes => quote!(rt::raw),
        _ => {
            steps.extend(quote!(.accept_json()));
            if acknowledges(model, &operation.response) { quote!(rt::acknowledgement) } else { quote!(rt::json) }
        }
    };
    if let Some(body) = &operation.body {
        let (ty, step) = send_body(body);
        arguments.push(quote!(body: #ty));
        steps.extend(step);
        steps.extend(idempotency(model, operation, body)?);
    }
    let output = operation.response.tokens(&quote!(types), &quote!(rt));
    let (call, end) = if optional(operation).next().is_some() {
        (quote!(rt::OptionalCall<'a, #output>), quote!(.optional(#decode)))
    } else {
        (quote!(rt::Call<'a, #output>), quote!(.call(#decode)))
    };
    Ok(quote! {
        #docs
        pub(crate) fn #name<'a>(client: &'a rt::Client, #(#arguments),*) -> #call {
            rt::request(client, &operations::#constant)
                .path(#path)
                #steps
                #end
        }
    })
}

/// Whether a response says only how the call went, which its status says as well.
fn acknowledges(model: &Model, response: &RustType) -> bool {
    let RustType::Named(name) = response else { return false };
    let object = model.object(name).filter(|object| object.all_optional());
    object.is_some_and(|object| {
        object.fields.iter().all(|field| ["resultCode", "resultMessage"].contains(&field.wire.as_str()))
    })
}

/// The static that tells of an operation.
pub(super) fn constant(operation: &Operation) -> syn::Ident {
    format_ident!("{}", operation.plain_name().to_uppercase())
}

/// The path, with its parameters escaped.
fn path(operation: &Operation) -> TokenStream {
    let mut template = String::new();
    let mut values = Vec::new();
    let mut rest = operation.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        template.push_str(&before.replace('}', "}}"));
        let Some((wire, after)) = after.split_once('}') else { break };
        match operation.path_parameters().find(|parameter| parameter.wire == wire) {
            Some(parameter) => {
                let ident = format_ident!("{}", parameter.name);
                let value = if parameter.ty.is_copy() { quote!(&#ident) } else { quote!(#ident) };
                template.push_str("{}");
                values.push(quote!(rt::path_segment(#value)));
            }
            None => template.push_str(&format!("{{{{{wire}}}}}")),
        }
        rest = after;
    }
    template.push_str(&rest.replace('{', "{{").replace('}', "}}"));
    match values.as_slice() {
        [] => quote!(#template),
        values => quote!(rt::path(::std::format_args!(#template, #(#values),*))),
    }
}

/// How a function takes a value that it only writes.
pub(super) fn argument_type(ty: &RustType) -> TokenStream {
    let written = |ty: &RustType| ty.tokens(&quote!(types), &quote!(rt));
    match ty {
        RustType::String => quote!(&str),
        ty if ty.is_copy() => written(ty),
        RustType::List(element) => {
            let element = written(element);
            quote!(&[#element])
        }
        ty => {
            let ty = written(ty);
            quote!(&#ty)
        }
    }
}

/// A value as one that a header can be made from.
fn header_value(ty: &RustType, ident: &syn::Ident) -> Option<TokenStream> {
    Some(match ty {
        RustType::String => quote!(#ident),
        RustType::Enum(_) | RustType::Own(_) => quote!(#ident.as_str()),
        RustType::Bool | RustType::Integer(_) | RustType::Float(_) => quote!(#ident.to_string()),
        _ => return None,
    })
}

/// What a function takes as the body, and how it goes into the request.
fn send_body(body: &Body) -> (TokenStream, TokenStream) {
    let media = &body.media;
    match body.form {
        BodyForm::Json => {
            let ty = argument_type(&body.ty);
            (ty, quote!(.json(::serde_json::to_vec(body))))
        }
        BodyForm::Form => {
            let ty = argument_type(&body.ty);
            (ty, quote!(.form(::serde_json::to_value(body))))
        }
        BodyForm::Text => (quote!(&str), quote!(.header("content-type", #media).body(body.to_owned()))),
        BodyForm::Bytes => (quote!(rt::Bytes), quote!(.header("content-type", #media).body(body))),
    }
}

/// Whether this request may be sent again, where its fields decide.
fn idempotency(model: &Model, operation: &Operation, body: &Body) -> Result<Option<TokenStream>, Problem> {
    let Some(layer) = operation.layer.as_ref().filter(|layer| !layer.not_idempotent_with.is_empty()) else {
        return Ok(None);
    };
    let mut conditions = Vec::new();
    for wire in &layer.not_idempotent_with {
        let (wire, parameter) = wire.split_once('.').map_or((wire.as_str(), None), |(wire, name)| (wire, Some(name)));
        let field = body.ty.name().and_then(|name| model.field(name, wire));
        let name = field.map(|field| format_ident!("{}", field.name));
        conditions.push(match (name, parameter) {
            (Some(name), None) if field.is_some_and(|field| field.ty.is_option()) => quote!(body.#name.is_some()),
            (Some(name), Some(parameter)) if field.is_some_and(|field| field.ty == RustType::String) => {
                quote!(rt::has_parameter(&body.#name, #parameter))
            }
            _ => {
                let message =
                    format!("x-not-idempotent-with names {wire}, which is neither an optional field of its request, nor a string with parameters");
                return Err(
                    Problem::new("calls", operation.name.clone(), message).hint("correct it in openapi/overlays")
                );
            }
        });
    }
    Ok(Some(quote!(.not_idempotent_if(#(#conditions)||*))))
}
