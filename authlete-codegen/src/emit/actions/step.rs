//! What a variant holds beside a reply: the response, seen through the fields that mean something, and the calls that may
//! follow.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::types::{source, written};
use super::{Context, rendering, variant};
use crate::Problem;
use crate::actions::{Action, Answer, Kind, Rest, Step};
use crate::emit::docs::{self, and, doc};
use crate::emit::types::unit_type;
use crate::model::{Field, RustType};
use crate::words::Entry;

pub(super) fn step(
    context: &Context<'_>,
    value: &str,
    action: &Action,
    followed: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (step, name, response) = (context.step_name(value), context.name(), context.answering.response());
    let variant = variant(value);
    let docs = doc(&step_words(context, value, action, &name, &variant));
    let accessors = action.fields.iter().filter_map(|wire| {
        let field = context.model.object(&context.answering.response)?.field(wire)?;
        Some(accessor(context, field, action.needed().contains(wire)))
    });
    let mut methods: Vec<_> = accessors.collect();
    let mut rests = Vec::new();
    for (follow_up, next) in &action.next {
        let said = context.said(value).and_then(|entry| entry.next.get(follow_up));
        methods.push(follow(context, value, follow_up, next, &quote!(self), said, followed)?);
        if let Some(rest) = &next.leaves {
            let said = said.and_then(|entry| entry.leaves.as_deref());
            rests.push(left(context, value, follow_up, rest, said, followed)?);
        }
    }
    if let Some(answer) = &action.decline {
        let rendering = rendering::rendering(answer, context.answering.row.cache);
        let docs = doc(&format!("The reply of a server that does not do this step, with status {}.", answer.status));
        methods.push(quote! {
            #docs
            pub fn decline(self) -> rt::Reply {
                rt::reply(<#name as rt::Action>::operation(), #rendering, self.response, self.exchange)
            }
        });
    }
    if let (Kind::Respond, Some(answer)) = (action.kind, action.answer()) {
        let rendering = rendering::rendering(&answer, context.answering.row.cache);
        let docs = doc(&reply_words(&answer));
        methods.push(quote! {
            #docs
            pub fn into_reply(self) -> rt::Reply {
                rt::reply(<#name as rt::Action>::operation(), #rendering, self.response, self.exchange)
            }
        });
    }
    let stored = (!action.next.is_empty()).then(|| quote!(rt::stored_step!(#step, #name, #variant);));
    Ok(quote! {
        #docs
        #[must_use]
        pub struct #step {
            pub(crate) response: Box<types::#response>,
            pub(crate) exchange: rt::Exchange,
        }

        rt::step!(#step, types::#response);
        #stored

        impl #step {
            #(#methods)*
        }

        #(#rests)*
    })
}

/// What a follow-up leaves: the step as it was, with other calls that follow. Its `Deref` gives the fields, and none of
/// the calls before.
fn left(
    context: &Context<'_>,
    value: &str,
    follow_up: &str,
    rest: &Rest,
    said: Option<&Entry>,
    followed: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (name, step) = (format_ident!("{}", rest.name), context.step_name(value));
    let mut text = said.and_then(|entry| context.words.text(entry)).unwrap_or_default();
    let fact = format!("What `{value}` of {} leaves to do after [`{step}::{follow_up}`].", context.link());
    and(&mut text, &fact);
    let docs = doc(&text);
    let methods = rest.next.iter().map(|(name, next)| {
        let said = said.and_then(|entry| entry.next.get(name));
        follow(context, value, name, next, &quote!(self.0), said, followed)
    });
    let methods: Vec<_> = methods.collect::<Result<_, _>>()?;
    Ok(quote! {
        #docs
        #[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        #[must_use]
        pub struct #name(#step);

        impl ::std::ops::Deref for #name {
            type Target = #step;

            fn deref(&self) -> &#step {
                &self.0
            }
        }

        impl #name {
            #(#methods)*
        }
    })
}

fn accessor(context: &Context<'_>, field: &Field, required: bool) -> TokenStream {
    let name = format_ident!("{}", field.name);
    let value = quote!(self.response.#name);
    if context.answering.row.request.max_age.as_ref() == Some(&field.wire) {
        return max_age(context, field);
    }
    if context.actions.zero.contains(&field.wire) && field.ty.is_option() {
        let (docs, output) =
            (doc(&format!("{} `None` where Authlete says 0.", docs::field(field))), written(field.ty.required()));
        return quote! {
            #docs
            pub fn #name(&self) -> Option<#output> {
                #value.filter(|value| *value != 0)
            }
        };
    }
    if let Some((output, function)) = unit_type(field) {
        let docs = doc(&docs::unit_accessor(field));
        let number = if field.ty.is_option() { quote!(#value?) } else { value };
        return quote! {
            #docs
            pub fn #name(&self) -> Option<#output> {
                #function(i64::from(#number))
            }
        };
    }
    let (ty, optional) = (field.ty.required(), field.ty.is_option());
    let output = written(ty);
    let (output, value) = match ty {
        RustType::String if optional && required => (quote!(&str), quote!(#value.as_deref().unwrap_or_default())),
        RustType::String if optional => (quote!(Option<&str>), quote!(#value.as_deref())),
        RustType::String => (quote!(&str), quote!(&#value)),
        RustType::List(element) if optional => {
            let element = written(element);
            (quote!(&[#element]), quote!(#value.as_deref().unwrap_or_default()))
        }
        RustType::Bool if optional => (quote!(bool), quote!(#value.unwrap_or_default())),
        ty if ty.is_copy() && optional => (quote!(Option<#output>), value),
        ty if ty.is_copy() => (output, value),
        RustType::Own(own) if optional && required => {
            let own = format_ident!("{own}");
            (quote!(&#output), quote!(#value.as_ref().unwrap_or(rt::#own::none())))
        }
        _ if optional => (quote!(Option<&#output>), quote!(#value.as_ref())),
        _ => (quote!(&#output), quote!(&#value)),
    };
    let docs = doc(&docs::field(field));
    quote! {
        #docs
        pub fn #name(&self) -> #output {
            #value
        }
    }
}

/// The maximum age of a login, which the client's request tells from none where the response says 0 for both.
fn max_age(context: &Context<'_>, field: &Field) -> TokenStream {
    let name = format_ident!("{}", field.name);
    let row = &context.answering.row.request;
    let payload = row.payload.as_ref().and_then(|field| context.model.field(&context.answering.response, field));
    let payload = payload.map(|field| format_ident!("{}", field.name));
    let payload = payload.map_or_else(|| quote!(None), |payload| quote!(self.response.#payload.as_ref()));
    let docs = doc(
        "How long ago the user may have been authenticated at most, from `max_age` or else the client's `default_max_age`: \
         `None` where any login will do, and zero where the client asks for a new one (OpenID Connect Core 1.0, \
         3.1.2.1).\n\nAuthlete says 0 for both, so the client's request tells them apart: its parameters, those that it pushed \
         by way of the same client of this crate before, and its request object. A step that was made from a response \
         alone, by `into_action`, knows the request object alone.",
    );
    quote! {
        #docs
        pub fn #name(&self) -> Option<::std::time::Duration> {
            rt::asked_max_age(self.response.#name.map(i64::from), self.exchange.request, #payload)
        }
    }
}

/// The method that begins the call that follows.
fn follow(
    context: &Context<'_>,
    value: &str,
    name: &str,
    step: &Step,
    holder: &TokenStream,
    said: Option<&Entry>,
    followed: &mut BTreeSet<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (model, answered) = (context.model, context.answering.response.as_str());
    let at = || format!("{}.{value}.{name}", context.method);
    let failed = |field: &str| Problem::new("actions", at(), format!("{field} cannot be reached in Rust"));
    let request = context.actions.requests.get(&step.call).ok_or_else(|| failed(&step.call))?;
    followed.insert((step.call.clone(), request.clone()));
    let ty = format_ident!("{request}");
    let copied = |sources: &[String]| -> Option<TokenStream> {
        let keep = step.leaves.is_some();
        let mut expressions = sources.iter().map(|path| source(model, answered, path, &quote!(response), keep));
        let first = expressions.next()??;
        let zero = context.actions.zero.contains(&sources[0]);
        let first = if zero { quote!(#first.filter(|value| *value != 0)) } else { first };
        expressions.try_fold(first, |all, next| next.map(|next| quote!(#all.or_else(|| #next))))
    };
    let (mut parameters, mut arguments, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for field in model.object(request).map(|object| object.fields.as_slice()).unwrap_or_default() {
        let (ident, field_type, optional) =
            (format_ident!("{}", field.name), field.ty.required(), field.ty.is_option());
        let written = written(field_type);
        let given = if let Some(sources) = step.copy.get(&field.wire) {
            let source = copied(sources.fields()).ok_or_else(|| failed(&field.wire))?;
            match (optional, field_type) {
                (true, _) => source,
                (false, RustType::Own(own)) => {
                    let own = format_ident!("{own}");
                    quote!(#source.unwrap_or_else(|| rt::#own::none().clone()))
                }
                (false, _) => quote!(#source.unwrap_or_default()),
            }
        } else if let Some(constant) = step.set.get(&field.wire) {
            if optional { quote!(Some(#constant.into())) } else { quote!(#constant) }
        } else if step.ask.contains(&field.wire) || !optional {
            let into = field_type.is_like_string();
            parameters.push(if into { quote!(#ident: impl Into<#written>) } else { quote!(#ident: #written) });
            // `new` converts what it is given.
            match (optional, into) {
                (true, true) => quote!(Some(#ident.into())),
                (true, false) => quote!(Some(#ident)),
                (false, _) => quote!(#ident),
            }
        } else {
            continue;
        };
        if optional { rest.push(quote!(request.#ident = #given;)) } else { arguments.push(given) }
    }
    for (path, sources) in &step.copy {
        let Some((outer, inner)) = path.split_once('.') else { continue };
        let outer = model.object(request).and_then(|object| object.field(outer)).ok_or_else(|| failed(path))?;
        let inner = outer.ty.name().and_then(|name| model.object(name)?.field(inner)).ok_or_else(|| failed(path))?;
        let (outer, inner) = (format_ident!("{}", outer.name), format_ident!("{}", inner.name));
        let source = copied(sources.fields()).ok_or_else(|| failed(path))?;
        rest.push(quote!(request.#outer.get_or_insert_with(Default::default).#inner = #source;));
    }
    let make =
        if arguments.is_empty() { quote!(types::#ty::default()) } else { quote!(types::#ty::new(#(#arguments),*)) };
    let (method, docs) = (format_ident!("{name}"), doc(&words(context, step, said)));
    let pending = quote!(PendingRequest<types::#ty>);
    let (output, response, end) = if let Some(Rest { name, .. }) = &step.leaves {
        let name = format_ident!("{name}");
        let response = quote!(let response = &*#holder.response;);
        let first = quote!(PendingRequest::new(request, rt::exchange(response, #holder.exchange.clone())));
        (quote!((#pending, #name)), response, quote!((#first, #name(#holder))))
    } else {
        let response = quote!(let mut response = #holder.response;);
        let end = quote!(PendingRequest::new(request, rt::exchange(&*response, #holder.exchange)));
        (pending, response, end)
    };
    Ok(quote! {
        #docs
        #[allow(unused_mut)]
        pub fn #method(self, #(#parameters),*) -> #output {
            #response
            let mut request = #make;
            #(#rest)*
            #end
        }
    })
}

/// What a reply consists of.
fn reply_words(answer: &Answer) -> String {
    let headers: Vec<String> = answer.headers.keys().map(|name| format!("`{name}`")).collect();
    let headers = match headers.as_slice() {
        [] => String::new(),
        [one] => format!(", the header {one}"),
        several => format!(", the headers {}", docs::listed(several)),
    };
    let body = match &answer.content_type {
        Some(media) => format!("a body of type `{media}`"),
        None => "no body".to_owned(),
    };
    format!(
        "The reply to send to the client: status {}{headers} and {body}. It uses the step up, so read before what else you need of it.",
        answer.status
    )
}

/// What a step is.
fn step_words(context: &Context<'_>, value: &str, action: &Action, name: &syn::Ident, variant: &syn::Ident) -> String {
    let said = context.said(value);
    let step = said.and_then(|entry| entry.step.as_deref()).and_then(|entry| context.words.text(entry));
    let mut text = step.or_else(|| said.and_then(|entry| context.words.text(entry))).unwrap_or_default();
    let mut fact = format!("What [`{name}::{variant}`] holds, which {} answers with.", context.link());
    let step = context.step_name(value);
    let calls: Vec<String> = action.next.keys().map(|next| format!("[`{next}`]({step}::{next})")).collect();
    if !calls.is_empty() {
        fact.push_str(&format!(" What can follow: {}.", calls.join(", ")));
    }
    and(&mut text, &fact);
    text
}

/// What a follow-up does, and what it holds already.
fn words(context: &Context<'_>, step: &Step, said: Option<&Entry>) -> String {
    let mut text = said.and_then(|entry| context.words.text(entry)).unwrap_or_default();
    let operation = context.model.operations.get(&step.call);
    let link = operation.map_or_else(|| step.call.clone(), docs::link);
    let mut fact = format!("Prepares the call of {link}, to be sent with [`PendingRequest::send`]");
    if let Some(answering) = context.actions.operations.get(&step.call) {
        fact.push_str(&format!(", which gives a [`{}`]", super::action_type(&answering.row.name)));
    }
    fact.push_str(match &step.leaves {
        Some(_) => ", and returns what is left to do after it.",
        None => ".",
    });
    and(&mut text, &fact);
    let mut held: Vec<String> = step
        .copy
        .iter()
        .map(|(field, sources)| {
            let sources: Vec<String> = sources.fields().iter().map(|source| format!("`{source}`")).collect();
            format!("`{field}` from {}", sources.join(" or else "))
        })
        .collect();
    held.extend(step.set.iter().map(|(field, value)| format!("`{field}` as `{value}`")));
    if !held.is_empty() {
        and(&mut text, &format!("The request already holds, from this response: {}.", docs::listed(&held)));
    }
    text
}
