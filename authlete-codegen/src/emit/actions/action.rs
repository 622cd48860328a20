//! The enum of an operation's actions: one variant for each, how a response becomes one, and what is left to do.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::types::present;
use super::{Context, rendering, variant};
use crate::actions::{Action, Kind};
use crate::emit::docs::{and, doc};

pub(super) fn action(context: &Context<'_>) -> TokenStream {
    let (name, response, operation) = (context.name(), context.answering.response(), context.operation());
    let docs = doc(&words(context));
    let variants = context.answering.ordered().map(|(value, action)| {
        let (variant, holds, docs) =
            (variant(value), holds(context, value, action), doc(&variant_words(context, value, action)));
        quote!(#docs #variant(#holds))
    });
    let arms = context.answering.ordered().map(|(value, action)| arm(context, value, action));
    let (next, remember) = (next(context), remember(context));
    quote! {
        #docs
        #[derive(Debug)]
        #[must_use]
        pub enum #name {
            #(#variants,)*
            /// An action that this version does not know, or a response that lacks what its action needs, as it came. It is an
            /// error of the server's own: `proceed` and `into_reply` make a 500 of it.
            Unknown(rt::UnknownAction<types::#response>),
        }

        impl rt::Sealed for #name {}

        impl rt::Action for #name {
            type Response = types::#response;

            fn operation() -> &'static rt::Operation {
                &operations::#operation
            }

            fn read(response: Box<types::#response>, exchange: rt::Exchange) -> Self {
                let operation = <Self as rt::Action>::operation();
                match response.action.as_ref().map(|action| action.as_str()) {
                    #(#arms)*
                    _ => Self::Unknown(rt::UnknownAction::new(response, exchange)),
                }
            }

            #remember
        }

        #next
    }
}

/// What is kept of a response for the request that follows.
fn remember(context: &Context<'_>) -> Option<TokenStream> {
    let (model, answering) = (context.model, context.answering);
    let uri = model.field(&answering.response, answering.row.request.request_uri.as_deref()?)?;
    let content = model.field(&answering.response, "responseContent")?;
    let (uri, content) = (format_ident!("{}", uri.name), format_ident!("{}", content.name));
    let response = answering.response();
    Some(quote! {
        fn remember(response: &types::#response, request: rt::RequestFacts, client: &rt::Client) {
            client.pushed_requests().pushed(request.names_max_age, response.#uri.as_deref(), response.#content.as_deref());
        }
    })
}

/// What the enum is.
fn words(context: &Context<'_>) -> String {
    let mut text = format!(
        "What the response of {} asks the server to do: a variant for each action that Authlete answers with.",
        context.link()
    );
    let name = context.name();
    let more = match context.remaining().as_slice() {
        [] => format!("Each is a reply that is ready to send: [`{name}::into_reply`]."),
        [_] => {
            format!("[`{name}::proceed`] gives the one that leaves something to do, and makes a reply of every other.")
        }
        _ => {
            let next = context.answering.row.name.as_str();
            format!(
                "[`{name}::proceed`] gives a [`{next}Next`] for those that leave something to do, and makes a reply of every other."
            )
        }
    };
    and(&mut text, &more);
    text
}

/// What a variant holds.
fn holds(context: &Context<'_>, value: &str, action: &Action) -> TokenStream {
    if context.has_step(action) {
        let step = context.step_name(value);
        quote!(#step)
    } else if action.kind == Kind::Page {
        quote!(rt::UserPage)
    } else {
        quote!(rt::Reply)
    }
}

/// What an action means.
fn variant_words(context: &Context<'_>, value: &str, action: &Action) -> String {
    let mut text = context.said(value).and_then(|entry| context.words.text(entry)).unwrap_or_default();
    let status = action.status.unwrap_or(500);
    let fact = match action.kind {
        Kind::Respond if context.has_step(action) => {
            format!(
                "`{value}`: the reply, with status {status}, is made by [`{}::into_reply`].",
                context.step_name(value)
            )
        }
        Kind::Respond => format!("`{value}`: the reply, with status {status}, is ready to send."),
        Kind::Continue => format!("`{value}`: the server has something to do; see [`{}`].", context.step_name(value)),
        Kind::Page => format!("`{value}`: the server shows a page of its own, with status {status}."),
        Kind::CallerError => {
            format!("`{value}`: the call was wrong, the client is not; it is told no more than `server_error`.")
        }
    };
    and(&mut text, &fact);
    text
}

fn arm(context: &Context<'_>, value: &str, action: &Action) -> TokenStream {
    let variant = variant(value);
    let needed = action.needed();
    let needed: Vec<_> =
        needed.iter().filter_map(|field| present(context.model, &context.answering.response, field)).collect();
    let guard = (!needed.is_empty()).then(|| quote!(if #(#needed)&&*));
    if context.has_step(action) {
        let step = context.step_name(value);
        return quote!(Some(#value) #guard => Self::#variant(#step { response, exchange }),);
    }
    match (action.kind, action.answer()) {
        (Kind::Page, Some(answer)) => {
            let status = proc_macro2::Literal::u16_unsuffixed(answer.status);
            quote!(Some(#value) #guard => Self::#variant(rt::UserPage::new(operation, #status, response, exchange)),)
        }
        (_, Some(answer)) => {
            let rendering = rendering::rendering(&answer, context.answering.row.cache);
            quote!(Some(#value) #guard => Self::#variant(rt::reply(operation, #rendering, response, exchange)),)
        }
        (_, None) => quote!(Some(#value) #guard => Self::#variant(rt::refused(operation, response, exchange)),),
    }
}

/// `proceed`, or `into_reply` and `From` where nothing can be left to do.
fn next(context: &Context<'_>) -> TokenStream {
    let name = context.name();
    let remaining = context.remaining();
    let ready = |action: &Action| !matches!(action.kind, Kind::Continue | Kind::Page);
    let (mut replies, mut steps) = (Vec::new(), Vec::new());
    for (value, action) in context.answering.ordered().filter(|(_, action)| ready(action)) {
        let variant = variant(value);
        if context.has_step(action) { steps.push(variant) } else { replies.push(variant) }
    }
    let unknown = quote!(rt::unknown(<Self as rt::Action>::operation(), response));
    if remaining.is_empty() {
        let docs = doc(&format!(
            "The reply to send to the client, with the status, headers and body that belong to the action; of \
             [`{name}::Unknown`], a 500 that tells the client no details."
        ));
        return quote! {
            impl #name {
                #docs
                pub fn into_reply(self) -> rt::Reply {
                    match self {
                        #(Self::#replies(reply) => reply,)*
                        #(Self::#steps(step) => step.into_reply(),)*
                        Self::Unknown(response) => #unknown,
                    }
                }
            }

            impl From<#name> for rt::Reply {
                fn from(action: #name) -> Self {
                    action.into_reply()
                }
            }
        };
    }
    let errors = quote! {
        #(Self::#replies(reply) => Err(reply),)*
        #(Self::#steps(step) => Err(step.into_reply()),)*
        Self::Unknown(response) => Err(#unknown),
    };
    if let [(value, action)] = remaining.as_slice() {
        let (variant, holds) = (variant(value), holds(context, value, action));
        let docs = doc(&format!(
            "What `{value}` leaves the server to do, see [`{name}::{variant}`]; every other action is a reply to send.\n\n\
             # Errors\nThe reply to send to the client."
        ));
        return quote! {
            impl #name {
                #docs
                pub fn proceed(self) -> Result<#holds, rt::Reply> {
                    match self {
                        Self::#variant(step) => Ok(step),
                        #errors
                    }
                }
            }
        };
    }
    let next = format_ident!("{}Next", context.answering.row.name);
    let docs = doc(&format!(
        "What the response of {} can leave the server to do: the actions of [`{name}`] without those that [`{name}::proceed`] makes a \
         reply of.",
        context.link()
    ));
    let (variants, holds): (Vec<_>, Vec<_>) =
        remaining.iter().map(|(value, action)| (variant(value), holds(context, value, action))).unzip();
    let variant_docs = remaining.iter().map(|(value, action)| doc(&variant_words(context, value, action)));
    let proceed_docs = doc(&format!(
        "What there is to do for the server, as a [`{next}`]; every other action is a reply to send.\n\n# Errors\nThe reply to \
         send to the client."
    ));
    // Where each of them can be declined, what a server does not do can be left to one arm.
    let decline = remaining.iter().all(|(_, action)| action.decline.is_some()).then(|| {
        let docs = doc(
            "The reply that says that the server does not do this: for the arms of a `match` that a server does not serve.",
        );
        quote! {
            impl #next {
                #docs
                pub fn decline(self) -> rt::Reply {
                    match self {
                        #(Self::#variants(step) => step.decline(),)*
                    }
                }
            }
        }
    });
    quote! {
        #docs
        #[derive(Debug)]
        #[must_use]
        pub enum #next {
            #(#variant_docs #variants(#holds),)*
        }

        #decline

        impl #name {
            #proceed_docs
            pub fn proceed(self) -> Result<#next, rt::Reply> {
                match self {
                    #(Self::#variants(step) => Ok(#next::#variants(step)),)*
                    #errors
                }
            }
        }
    }
}
