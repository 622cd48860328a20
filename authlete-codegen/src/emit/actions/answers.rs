//! How a response tells what an answer is made from, and rows of the table as constants.

use proc_macro2::TokenStream;
use quote::quote;

use super::Context;
use crate::actions::{Answer, Cache};

/// `impl TakeParts` of a response.
pub(super) fn answer(context: &Context<'_>) -> TokenStream {
    let response = context.answering.response();
    let ty = context.answering.response.as_str();
    let take = |wire: &str| {
        let source = context.types.text(ty, wire, &quote!(self), false);
        source.unwrap_or_else(|| quote!(None))
    };
    let (code, message) = (take("resultCode"), take("resultMessage"));
    let rows = || {
        context
            .answering
            .row
            .actions
            .values()
            .flat_map(|action| action.answer().into_iter().chain(action.decline.clone()))
    };
    let body = rows().find_map(|answer| answer.body_field().map(str::to_owned));
    let content = take(body.as_deref().unwrap_or("responseContent"));
    let always = context.answering.row.always.iter().filter_map(|field| {
        let header = context.actions.headers.get(field)?;
        let value = context.types.text(ty, field, &quote!(self), true)?;
        Some(quote!((#header, #value)))
    });
    let mut extra = std::collections::BTreeMap::new();
    for answer in rows() {
        for (header, field) in answer.header_fields().filter(|(_, field)| *field != "responseContent") {
            extra.insert(header.to_owned(), field.to_owned());
        }
    }
    let extra = extra.iter().map(|(header, field)| {
        let value = take(field);
        quote!((#header, #value))
    });
    let (always, extra) = (list(&always.collect::<Vec<_>>()), list(&extra.collect::<Vec<_>>()));
    let outcome = (!context.shared).then(|| {
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
                    headers: #extra,
                }
            }

            fn always(&self) -> Vec<(&'static str, Option<String>)> {
                #always
            }
        }
        #outcome
    }
}

fn list(items: &[TokenStream]) -> TokenStream {
    if items.is_empty() { quote!(Vec::new()) } else { quote!(vec![#(#items),*]) }
}

/// An answer as a row that the code holds.
pub(super) fn row(answer: &Answer, cache: Cache) -> TokenStream {
    let status = answer.status;
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
    let no_store = cache == Cache::NoStore;
    let status = proc_macro2::Literal::u16_unsuffixed(status);
    quote!(&rt::Rendering { status: #status, content: #content, headers: &[#(#headers),*], no_store: #no_store })
}
