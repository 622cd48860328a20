//! What a response tells of the reply that is made of it, and how the table says that an action is rendered.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::{Context, types};
use crate::actions::{Answer, Cache};

/// `impl TakeParts` of a response.
pub(super) fn take_parts(context: &Context<'_>) -> TokenStream {
    let response = context.answering.response();
    let ty = context.answering.response.as_str();
    let take = |wire: &str| {
        let source = types::string(context.model, ty, wire, &quote!(self), false);
        source.unwrap_or_else(|| quote!(None))
    };
    let (code, message) = (take("resultCode"), take("resultMessage"));
    let answers = || {
        let actions = context.answering.row.actions.values();
        actions.flat_map(|action| action.answer().into_iter().chain(action.decline.clone()))
    };
    let body = answers().find_map(|answer| answer.body_field().map(str::to_owned));
    let content = take(body.as_deref().unwrap_or("responseContent"));
    let always = context.answering.row.always.iter().filter_map(|field| {
        let header = context.actions.headers.get(field)?;
        let value = types::string(context.model, ty, field, &quote!(self), true)?;
        Some(quote!((#header, #value)))
    });
    let mut headers = BTreeMap::new();
    for answer in answers() {
        for (header, field) in answer.header_fields().filter(|(_, field)| *field != "responseContent") {
            headers.insert(header.to_owned(), field.to_owned());
        }
    }
    let headers = headers.iter().map(|(header, field)| {
        let value = take(field);
        quote!((#header, #value))
    });
    let (always, headers) = (list(&always.collect::<Vec<_>>()), list(&headers.collect::<Vec<_>>()));
    let into_action = (!context.shared).then(|| {
        let name = context.name();
        quote! {
            impl rt::IntoAction for types::#response {
                type Action = #name;
            }
        }
    });
    quote! {
        impl rt::Sealed for types::#response {}

        impl rt::TakeParts for types::#response {
            fn take_parts(&mut self) -> rt::ResponseParts {
                rt::ResponseParts {
                    action: self.action.as_ref().map(|action| action.as_str().to_owned()),
                    code: #code,
                    message: #message,
                    content: #content,
                    headers: #headers,
                }
            }

            fn always(&self) -> Vec<(&'static str, Option<String>)> {
                #always
            }
        }

        #into_action
    }
}

fn list(items: &[TokenStream]) -> TokenStream {
    if items.is_empty() { quote!(Vec::new()) } else { quote!(vec![#(#items),*]) }
}

/// How an answer of the table is rendered, as a constant.
pub(super) fn rendering(answer: &Answer, cache: Cache) -> TokenStream {
    let status = proc_macro2::Literal::u16_unsuffixed(answer.status);
    let content = match (answer.literal(), answer.body_field(), &answer.content_type) {
        (Some(text), _, media) => {
            let media = media.as_deref().unwrap_or("application/json");
            quote!(rt::Content::Fixed(#media, #text))
        }
        (None, Some(_), Some(media)) => quote!(rt::Content::Response(#media)),
        (None, _, _) => quote!(rt::Content::None),
    };
    let headers = answer.headers.iter().map(|(name, value)| match value.strip_prefix('$') {
        Some("responseContent") => quote!((#name, rt::HeaderSource::Content)),
        Some(_) => quote!((#name, rt::HeaderSource::Field)),
        None => quote!((#name, rt::HeaderSource::Fixed(#value))),
    });
    // What is published may be kept, and the news that it cannot be had may not.
    let no_store = cache == Cache::NoStore || answer.status >= 400;
    quote!(&rt::Rendering { status: #status, content: #content, headers: &[#(#headers),*], no_store: #no_store })
}
