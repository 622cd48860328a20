//! What the emulator is told of the description: what it routes by, and which members its answers may have.

use std::collections::BTreeSet;

use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Item, parse_quote};

use super::files::print;
use crate::model::{Model, Operation};
use crate::{Document, Problem};

/// `operations.rs`: the emulator routes by the description, and by nothing else.
pub(super) fn operations(document: &Document, model: &Model) -> Result<String, Problem> {
    let mut components = BTreeSet::new();
    let mut entries = Vec::new();
    for Operation { id, name, method, path, .. } in model.operations.values() {
        let operation = &document.0["paths"][path][method.to_lowercase()];
        let takes_list = json_schema(&operation["requestBody"]).is_some_and(|schema| schema["type"] == "array");
        let answer =
            answer(operation).map_or_else(|| quote!(Shape::Any), |schema| shape(document, schema, &mut components));
        entries.push(quote!(Operation {
            id: #id,
            name: #name,
            method: #method,
            path: #path,
            takes_list: #takes_list,
            response: #answer
        }));
    }
    let mut items: Vec<Item> = vec![
        parse_quote!(
            use crate::operation::{Member, Object, Operation, Shape};
        ),
        parse_quote! {
            /// By the names of the SDK's methods.
            pub(crate) const OPERATIONS: &[Operation] = &[#(#entries),*];
        },
    ];
    items.extend(members(document, components));
    print("Every operation of the corrected description, and the members of its answer.", items)
}

/// A static for each component, and for those that they refer to; for an enumeration, a constant.
fn members(document: &Document, mut wanted: BTreeSet<String>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut done = BTreeSet::new();
    while let Some(name) = wanted.pop_first() {
        if !done.insert(name.clone()) {
            continue;
        }
        let schema = &document.0["components"]["schemas"][&name];
        let ident = static_name(&name);
        if let Some(values) = schema["enum"].as_array() {
            let values = values.iter().filter_map(Value::as_str);
            items.push((name, parse_quote!(pub(crate) const #ident: &[&str] = &[#(#values),*];)));
            continue;
        }
        let required = |member: &str| {
            schema["required"].as_array().is_some_and(|required| required.iter().any(|one| one == member))
        };
        let mut reached = BTreeSet::new();
        let members: Vec<TokenStream> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(member, schema)| {
                let (required, shape) = (required(member), shape(document, schema, &mut reached));
                quote!(Member { name: #member, required: #required, shape: #shape })
            })
            .collect();
        wanted.extend(reached.into_iter().filter(|name| !done.contains(name)));
        items.push((name, parse_quote!(pub(crate) static #ident: Object = Object(&[#(#members),*]);)));
    }
    items.sort_by(|(left, _), (right, _)| left.cmp(right));
    items.into_iter().map(|(_, item)| item).collect()
}

/// The schema of the answer when the call succeeds.
fn answer(operation: &Value) -> Option<&Value> {
    let mut responses = operation["responses"].as_object()?.iter();
    responses.find_map(|(status, response)| json_schema(response).filter(|_| status.starts_with('2')))
}

fn json_schema(content: &Value) -> Option<&Value> {
    content["content"]["application/json"].get("schema")
}

/// The shape of a schema's value, as an expression; the components that it refers to go to `reached`.
fn shape(document: &Document, schema: &Value, reached: &mut BTreeSet<String>) -> TokenStream {
    shape_within(document, schema, reached, &mut Vec::new())
}

/// The shape of a schema within the components in `open`; of a list or map that contains itself, nothing is said there.
fn shape_within<'a>(
    document: &'a Document,
    schema: &'a Value,
    reached: &mut BTreeSet<String>,
    open: &mut Vec<&'a str>,
) -> TokenStream {
    if let Some((name, component)) = component(document, schema) {
        let ident = static_name(name);
        if component.get("properties").is_some() {
            reached.insert(name.to_owned());
            return quote!(Shape::Object(&#ident));
        }
        if component["enum"].is_array() {
            reached.insert(name.to_owned());
            return quote!(Shape::OneOf(#ident));
        }
        if open.contains(&name) {
            return quote!(Shape::Any);
        }
        open.push(name);
        let shape = shape_within(document, component, reached, open);
        open.pop();
        return shape;
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str);
        return quote!(Shape::OneOf(&[#(#values),*]));
    }
    match schema["type"].as_str() {
        Some("array") => {
            let element = shape_within(document, &schema["items"], reached, open);
            quote!(Shape::List(&#element))
        }
        Some("boolean") => quote!(Shape::Flag),
        Some("integer") => quote!(Shape::Integer),
        Some("string") => quote!(Shape::Text),
        _ => quote!(Shape::Any),
    }
}

/// The component that a schema refers to, and its name.
fn component<'a>(document: &'a Document, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
    let wrapped = schema["allOf"].as_array().filter(|parts| parts.len() == 1).and_then(|parts| parts.first());
    let name = wrapped.unwrap_or(schema)["$ref"].as_str()?.strip_prefix("#/components/schemas/")?;
    Some((name, &document.0["components"]["schemas"][name]))
}

fn static_name(component: &str) -> proc_macro2::Ident {
    format_ident!("{}", component.to_shouty_snake_case())
}
