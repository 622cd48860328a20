//! `actions/`: an enum for every operation whose response has an action, what its variants hold, and the calls between
//! them; all as the table says. What is the same for all is written by hand in `authlete-core/src/actions`.

mod action;
mod rendering;
mod setters;
mod step;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::Files;
use super::calls::optional;
use super::files::{parse, print};
use crate::actions::{Action, Actions, Answering, Kind};
use crate::model::Model;
use crate::words::{Entry, Words};
use crate::{Problem, Problems};

/// The files, one for each tag.
pub(super) fn emit(actions: &Actions, model: &Model, words: &Words) -> Result<Files, Problems> {
    let mut problems = Problems::default();
    let mut modules: BTreeMap<String, TokenStream> = BTreeMap::new();
    let mut answered = BTreeSet::new();
    let mut followed = BTreeSet::new();
    for (name, answering) in &actions.operations {
        let Some(operation) = model.operations.get(name) else { continue };
        let shared = actions.operations.values().filter(|other| other.response == answering.response).count() > 1;
        let context = Context { method: name, answering, model, actions, words, shared };
        let module = modules.entry(operation.module()).or_default();
        if answered.insert(&answering.response) {
            module.extend(rendering::take_parts(&context));
        }
        module.extend(action::action(&context));
        for (value, action) in answering.ordered() {
            if context.has_step(action) {
                match step::step(&context, value, action, &mut followed) {
                    Ok(step) => module.extend(step),
                    Err(problem) => problems.0.push(problem),
                }
            }
        }
    }
    for (method, request) in followed {
        let (Some(answering), Some(operation)) = (actions.operations.get(&method), model.operations.get(&method))
        else {
            continue;
        };
        let module = modules.entry(operation.module()).or_default();
        let (ident, name) = (format_ident!("{request}"), action_type(&answering.row.name));
        let (response, function) = (answering.response(), format_ident!("{method}"));
        let into_call = optional(operation).next().is_some().then(|| quote!(.into_call()));
        module.extend(quote! {
            impl rt::Sealed for types::#ident {}

            impl rt::FollowUp for types::#ident {
                type Action = #name;

                fn call<'a>(&self, client: &'a rt::Client, service_id: &str) -> rt::Call<'a, types::#response> {
                    calls::#function(client, service_id, self)#into_call
                }
            }
        });
        module.extend(setters::setters(model, &request));
    }
    let files = files(modules)?;
    problems.into_result(files)
}

fn files(modules: BTreeMap<String, TokenStream>) -> Result<Files, Problem> {
    let mut files = Files::new();
    // The modules see these by `use super::*`.
    let mut declarations = quote! {
        #[allow(unused_imports)]
        use crate::generated::{calls, operations, types};
        #[allow(unused_imports)]
        use crate::rt;
        rt::pending_request!(crate::AuthleteService);
    };
    for (module, items) in modules {
        let ident = format_ident!("{module}");
        declarations.extend(quote!(mod #ident; pub use #ident::*;));
        let items = quote! {
            #[allow(unused_imports)]
            use super::*;
            #items
        };
        let text = print(&format!("Actions of `{module}`."), parse("actions", items)?)?;
        files.insert(format!("actions/{module}.rs"), text);
    }
    let doc = "What the responses of operations ask for, by their tags.";
    files.insert("actions/mod.rs".to_owned(), print(doc, parse("actions", declarations)?)?);
    Ok(files)
}

/// The enum of an operation's actions.
pub(super) fn action_type(name: &str) -> Ident {
    format_ident!("{name}Action")
}

/// What the code of one operation is made from.
struct Context<'a> {
    method: &'a str,
    answering: &'a Answering,
    model: &'a Model,
    actions: &'a Actions,
    words: &'a Words,
    /// Whether other operations answer with the same type.
    shared: bool,
}

impl Context<'_> {
    /// The static that tells of the operation.
    fn operation(&self) -> Ident {
        format_ident!("{}", self.method.trim_start_matches("r#").to_uppercase())
    }

    /// The enum of its actions.
    fn name(&self) -> Ident {
        action_type(&self.answering.row.name)
    }

    /// How the operation is called, as a link to its method.
    fn link(&self) -> String {
        self.model.operations.get(self.method).map_or_else(|| self.method.to_owned(), super::docs::link)
    }

    /// What is said of an action.
    fn said(&self, value: &str) -> Option<&Entry> {
        self.words.action(self.method, value)
    }

    /// Whether a variant holds more than a reply.
    fn has_step(&self, action: &Action) -> bool {
        action.kind == Kind::Continue || (action.kind == Kind::Respond && !action.fields.is_empty())
    }

    fn step_name(&self, value: &str) -> Ident {
        format_ident!("{}{}", self.answering.row.name, variant(value))
    }

    /// The actions that leave something to do.
    fn remaining(&self) -> Vec<(&str, &Action)> {
        self.answering.ordered().filter(|(_, action)| matches!(action.kind, Kind::Continue | Kind::Page)).collect()
    }
}

impl Answering {
    fn ordered(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actions.iter().filter_map(|value| Some((value.as_str(), self.row.actions.get(value)?)))
    }

    fn response(&self) -> Ident {
        format_ident!("{}", self.response)
    }
}

/// The variant of an action.
fn variant(action: &str) -> Ident {
    let name = action.to_upper_camel_case();
    if name == "Unknown" { format_ident!("UnknownAction") } else { format_ident!("{name}") }
}
