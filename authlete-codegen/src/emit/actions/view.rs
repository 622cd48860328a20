//! What a variant holds beside an answer: the response, seen through the fields that mean something, and the calls that
//! may follow.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::types::{Member, argument_of, last_name};
use super::{Context, answers, variant};
use crate::Problem;
use crate::actions::{Action, Kind, Rest, Step};

pub(super) fn view(
    context: &Context<'_>,
    value: &str,
    action: &Action,
    called: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (view, outcome, response) = (context.view_name(value), context.name(), context.answering.response());
    let doc = format!(" What `{value}` of `{}` holds.", context.method);
    let accessors = action.fields.iter().filter_map(|field| {
        let member = context.types.member(&context.answering.response, field)?;
        Some(accessor(context, member, action.requires.contains(field)))
    });
    let mut methods: Vec<_> = accessors.collect();
    let mut rests = Vec::new();
    for (name, step) in &action.next {
        methods.push(next(context, value, name, step, &quote!(self), called)?);
        if let Some(rest) = &step.leaves {
            rests.push(left(context, value, name, rest, called)?);
        }
    }
    if let Some(answer) = &action.decline {
        let row = answers::row(answer, context.answering.row.cache);
        let doc = format!(" The answer when the server does not do this step: status {}.", answer.status);
        methods.push(quote! {
            #[doc = #doc]
            pub fn decline(self) -> rt::Reply {
                rt::reply(<#outcome as rt::Action>::operation(), #row, self.response, self.extra_headers)
            }
        });
    }
    if let (Kind::Respond, Some(answer)) = (action.kind, action.answer()) {
        let row = answers::row(&answer, context.answering.row.cache);
        methods.push(quote! {
            /// The answer to send.
            pub fn into_reply(self) -> rt::Reply {
                rt::reply(<#outcome as rt::Action>::operation(), #row, self.response, self.extra_headers)
            }
        });
    }
    let variant = variant(value);
    let kept = (!action.next.is_empty()).then(|| quote!(rt::stored_step!(#view, #outcome, #variant);));
    Ok(quote! {
        #[doc = #doc]
        #[must_use]
        pub struct #view {
            pub(crate) response: Box<types::#response>,
            pub(crate) extra_headers: rt::ExtraHeaders,
        }

        rt::step!(#view, types::#response);
        #kept

        impl #view {
            #(#methods)*
        }

        #(#rests)*
    })
}

/// What a step leaves: the view as it was, with other calls that follow. Its `Deref` gives the fields, and none of the
/// calls before.
fn left(
    context: &Context<'_>,
    value: &str,
    step: &str,
    rest: &Rest,
    called: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (name, view) = (format_ident!("{}", rest.name), context.view_name(value));
    let doc = format!(" What `{value}` of `{}` leaves to do after [`{step}`]({view}::{step}).", context.method);
    let methods = rest.next.iter().map(|(name, step)| next(context, value, name, step, &quote!(self.0), called));
    let methods: Vec<_> = methods.collect::<Result<_, _>>()?;
    Ok(quote! {
        #[doc = #doc]
        #[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        #[must_use]
        pub struct #name(#view);

        impl ::std::ops::Deref for #name {
            type Target = #view;

            fn deref(&self) -> &#view {
                &self.0
            }
        }

        impl #name {
            #(#methods)*
        }
    })
}

fn accessor(context: &Context<'_>, member: &Member, required: bool) -> TokenStream {
    let Member { wire, ident, ty, optional } = member;
    let doc = format!(" `{wire}`.");
    let (output, value) = match (shape(ty), optional) {
        (Shape::Text, true) if required => (quote!(&str), quote!(self.response.#ident.as_deref().unwrap_or_default())),
        (Shape::Text, true) => (quote!(Option<&str>), quote!(self.response.#ident.as_deref())),
        (Shape::Text, false) => (quote!(&str), quote!(&self.response.#ident)),
        (Shape::List(item), true) => (quote!(&[#item]), quote!(self.response.#ident.as_deref().unwrap_or_default())),
        (Shape::Flag, true) => (quote!(bool), quote!(self.response.#ident.unwrap_or_default())),
        (Shape::Number, true) => (quote!(Option<#ty>), quote!(self.response.#ident)),
        (Shape::Flag | Shape::Number, false) => (quote!(#ty), quote!(self.response.#ident)),
        (Shape::Other, true) if required && context.types.is_text(ty) => {
            (quote!(&#ty), quote!(self.response.#ident.as_ref().unwrap_or(#ty::none())))
        }
        (Shape::Other, true) => (quote!(Option<&#ty>), quote!(self.response.#ident.as_ref())),
        (Shape::Other | Shape::List(_), false) => (quote!(&#ty), quote!(&self.response.#ident)),
    };
    quote! {
        #[doc = #doc]
        pub fn #ident(&self) -> #output {
            #value
        }
    }
}

enum Shape {
    Text,
    List(Box<Type>),
    Flag,
    Number,
    Other,
}

fn shape(ty: &Type) -> Shape {
    if let Some(item) = argument_of(ty, "Vec") {
        return Shape::List(Box::new(item));
    }
    match last_name(ty).as_deref() {
        Some("String") => Shape::Text,
        Some("bool") => Shape::Flag,
        Some("i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f32" | "f64") => Shape::Number,
        _ => Shape::Other,
    }
}

/// The method that begins the call that follows.
fn next(
    context: &Context<'_>,
    value: &str,
    name: &str,
    step: &Step,
    view: &TokenStream,
    called: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let at = || format!("{}.{value}.{name}", context.method);
    let failed = |field: &str| Problem::new("actions", at(), format!("{field} cannot be reached in Rust"));
    let request = context.actions.requests.get(&step.call).ok_or_else(|| failed(&step.call))?;
    called.insert((step.call.clone(), request.clone()));
    let ty = format_ident!("{request}");
    let copied = |sources: &[String]| -> Option<TokenStream> {
        let mut expressions = sources.iter().map(|path| {
            context.types.source(&context.answering.response, path, &quote!(response), step.leaves.is_some())
        });
        let first = expressions.next()??;
        expressions.try_fold(first, |all, next| next.map(|next| quote!(#all.or_else(|| #next))))
    };
    let (mut parameters, mut arguments, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for member in context.types.members(request) {
        let Member { wire, ident, ty, optional } = member;
        let text = matches!(shape(ty), Shape::Text) || context.types.is_text(ty);
        let asked = step.ask.contains(wire) || !optional;
        let given = if let Some(sources) = step.copy.get(wire) {
            let source = copied(sources.fields()).ok_or_else(|| failed(wire))?;
            match optional {
                true => source,
                false if context.types.is_text(ty) => quote!(#source.unwrap_or_else(|| #ty::none().clone())),
                false => quote!(#source.unwrap_or_default()),
            }
        } else if let Some(constant) = step.set.get(wire) {
            if *optional { quote!(Some(#constant.into())) } else { quote!(#constant.into()) }
        } else if asked {
            let kind = if text { quote!(impl Into<#ty>) } else { quote!(#ty) };
            parameters.push(quote!(#ident: #kind));
            let argument = if text { quote!(#ident.into()) } else { quote!(#ident) };
            if *optional { quote!(Some(#argument)) } else { argument }
        } else {
            continue;
        };
        if *optional { rest.push(quote!(request.#ident = #given;)) } else { arguments.push(given) }
    }
    for (path, sources) in &step.copy {
        let Some((outer, inner)) = path.split_once('.') else { continue };
        let outer = context.types.member(request, outer).ok_or_else(|| failed(path))?;
        let holder = last_name(&outer.ty).ok_or_else(|| failed(path))?;
        let inner = &context.types.member(&holder, inner).ok_or_else(|| failed(path))?.ident;
        let outer = &outer.ident;
        let source = copied(sources.fields()).ok_or_else(|| failed(path))?;
        rest.push(quote!(request.#outer.get_or_insert_with(Default::default).#inner = #source;));
    }
    let make =
        if arguments.is_empty() { quote!(types::#ty::default()) } else { quote!(types::#ty::new(#(#arguments),*)) };
    let and = if step.leaves.is_some() { ", and says what is left to do then" } else { "" };
    let (method, doc) = (format_ident!("{name}"), format!(" Makes the call of `{}` that follows{and}.", step.call));
    let linked = quote!(PendingRequest<types::#ty>);
    let (output, response, end) = if let Some(Rest { name, .. }) = &step.leaves {
        let name = format_ident!("{name}");
        let response = quote!(let response = &*#view.response;);
        let first = quote!(PendingRequest::new(request, rt::extra_headers(response, #view.extra_headers.clone())));
        (quote!((#linked, #name)), response, quote!((#first, #name(#view))))
    } else {
        let response = quote!(let mut response = #view.response;);
        (linked, response, quote!(PendingRequest::new(request, rt::extra_headers(&*response, #view.extra_headers))))
    };
    Ok(quote! {
        #[doc = #doc]
        #[allow(unused_mut)]
        pub fn #method(self, #(#parameters),*) -> #output {
            #response
            let mut request = #make;
            #(#rest)*
            #end
        }
    })
}
