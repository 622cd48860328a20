//! The enum of an operation: one variant for each action, how a response becomes one, and what is left to do.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Context, answers, variant};
use crate::actions::{Action, Kind};

pub(super) fn outcome(context: &Context<'_>) -> TokenStream {
    let (name, response, operation) = (context.name(), context.answering.response(), context.operation());
    let doc = format!(" What `{}` answers.", context.method);
    let variants = context.answering.ordered().map(|(value, action)| {
        let (variant, holds, doc) = (variant(value), holds(context, value, action), doc_of(value, action));
        quote!(#[doc = #doc] #variant(#holds))
    });
    let arms = context.answering.ordered().map(|(value, action)| arm(context, value, action));
    let next = next(context);
    quote! {
        #[doc = #doc]
        #[derive(Debug)]
        #[must_use]
        pub enum #name {
            #(#variants,)*
            /// An action this version does not know, or one that lacks what it needs: the response as it came.
            Unknown(rt::UnknownAction<types::#response>),
        }

        impl rt::Sealed for #name {}

        impl rt::Action for #name {
            type Response = types::#response;

            fn operation() -> &'static rt::Operation {
                &operations::#operation
            }

            fn read(response: Box<types::#response>, extra_headers: rt::ExtraHeaders) -> Self {
                let operation = <Self as rt::Action>::operation();
                match response.action.as_ref().map(|action| action.as_str()) {
                    #(#arms)*
                    _ => Self::Unknown(rt::UnknownAction::new(response, extra_headers)),
                }
            }
        }

        #next
    }
}

/// What a variant holds.
fn holds(context: &Context<'_>, value: &str, action: &Action) -> TokenStream {
    if context.has_view(action) {
        let view = context.view_name(value);
        quote!(#view)
    } else if action.kind == Kind::Page {
        quote!(rt::UserPage)
    } else {
        quote!(rt::Reply)
    }
}

fn doc_of(value: &str, action: &Action) -> String {
    let status = action.status.unwrap_or(500);
    match action.kind {
        Kind::Respond => format!(" `{value}`: an answer with status {status} is ready."),
        Kind::Continue => format!(" `{value}`: there is work to do."),
        Kind::Page => format!(" `{value}`: a page of the server's own is due, with status {status}."),
        Kind::CallerError => format!(" `{value}`: the call was wrong; the client is told no more than `server_error`."),
    }
}

fn arm(context: &Context<'_>, value: &str, action: &Action) -> TokenStream {
    let variant = variant(value);
    if context.has_view(action) {
        let view = context.view_name(value);
        let needed = action.requires.iter().filter_map(|field| {
            let ident = &context.types.member(&context.answering.response, field)?.ident;
            Some(quote!(response.#ident.is_some()))
        });
        let guard = (!action.requires.is_empty()).then(|| quote!(if #(#needed)&&*));
        return quote!(Some(#value) #guard => Self::#variant(#view { response, extra_headers }),);
    }
    match (action.kind, action.answer()) {
        (Kind::Page, Some(answer)) => {
            let status = answer.status;
            quote!(Some(#value) => Self::#variant(rt::UserPage::new(operation, #status, response, extra_headers)),)
        }
        (_, Some(answer)) => {
            let row = answers::row(&answer, context.answering.row.cache);
            quote!(Some(#value) => Self::#variant(rt::reply(operation, #row, response, extra_headers)),)
        }
        (_, None) => quote!(Some(#value) => Self::#variant(rt::refused(operation, response, extra_headers)),),
    }
}

/// `proceed`, or `From` where nothing can be left to do.
fn next(context: &Context<'_>) -> TokenStream {
    let name = context.name();
    let remaining = context.remaining();
    let ready = |action: &Action| !matches!(action.kind, Kind::Continue | Kind::Page);
    let (mut replies, mut views) = (Vec::new(), Vec::new());
    for (value, action) in context.answering.ordered().filter(|(_, action)| ready(action)) {
        let variant = variant(value);
        if context.has_view(action) { views.push(variant) } else { replies.push(variant) }
    }
    let unknown = quote!(rt::unknown(<Self as rt::Action>::operation(), response));
    if remaining.is_empty() {
        return quote! {
            impl #name {
                /// The answer to send.
                pub fn into_reply(self) -> rt::Reply {
                    match self {
                        #(Self::#replies(reply) => reply,)*
                        #(Self::#views(view) => view.into_reply(),)*
                        Self::Unknown(response) => #unknown,
                    }
                }
            }

            impl From<#name> for rt::Reply {
                fn from(outcome: #name) -> Self {
                    outcome.into_reply()
                }
            }
        };
    }
    let errors = quote! {
        #(Self::#replies(reply) => Err(reply),)*
        #(Self::#views(view) => Err(view.into_reply()),)*
        Self::Unknown(response) => Err(#unknown),
    };
    if let [(value, action)] = remaining.as_slice() {
        let (variant, holds) = (variant(value), holds(context, value, action));
        let doc = format!(" What `{value}` holds; anything else is an answer to send.");
        return quote! {
            impl #name {
                #[doc = #doc]
                ///
                /// # Errors
                /// The answer to send.
                pub fn proceed(self) -> Result<#holds, rt::Reply> {
                    match self {
                        Self::#variant(step) => Ok(step),
                        #errors
                    }
                }
            }
        };
    }
    let next = format_ident!("{name}Next");
    let doc = format!(" What [`{name}`] leaves to do.");
    let (variants, holds): (Vec<_>, Vec<_>) =
        remaining.iter().map(|(value, action)| (variant(value), holds(context, value, action))).unzip();
    let docs = remaining.iter().map(|(value, action)| doc_of(value, action));
    quote! {
        #[doc = #doc]
        #[derive(Debug)]
        #[must_use]
        pub enum #next {
            #(#[doc = #docs] #variants(#holds),)*
        }

        impl #name {
            /// What there is to do; anything else is an answer to send.
            ///
            /// # Errors
            /// The answer to send.
            pub fn proceed(self) -> Result<#next, rt::Reply> {
                match self {
                    #(Self::#variants(step) => Ok(#next::#variants(step)),)*
                    #errors
                }
            }
        }
    }
}
