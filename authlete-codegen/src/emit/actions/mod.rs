//! `actions/`: an enum for every operation that answers with an action, what its variants hold, and the calls between
//! them; all as the table says. What is the same for all is written by hand in `authlete-core/src/actions`.

mod answers;
mod outcome;
mod setters;
mod types;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use self::types::Types;
use super::files::print;
use super::{Description, Files, syntax::Code};
use crate::actions::{Action, Actions, Answering, Kind};
use crate::{Problem, Problems};

/// The files, one for each tag.
pub(super) fn emit(actions: &Actions, code: &Code, description: &Description) -> Result<Files, Problems> {
    let types = Types::read(code, description);
    let mut problems = Problems::default();
    let mut modules: BTreeMap<String, TokenStream> = BTreeMap::new();
    let mut answered = BTreeSet::new();
    let mut called = BTreeSet::new();
    for (name, answering) in &actions.operations {
        let Some(operation) = description.operations.get(name) else { continue };
        let shared = actions.operations.values().filter(|other| other.response == answering.response).count() > 1;
        let context = Context { method: name, answering, types: &types, actions, shared };
        let module = modules.entry(operation.module()).or_default();
        if answered.insert(&answering.response) {
            module.extend(answers::answer(&context));
        }
        module.extend(outcome::outcome(&context));
        for (value, action) in answering.ordered() {
            if context.has_view(action) {
                match view::view(&context, value, action, &mut called) {
                    Ok(view) => module.extend(view),
                    Err(problem) => problems.0.push(problem),
                }
            }
        }
    }
    for (method, request) in called {
        let (Some(answering), Some(operation)) = (actions.operations.get(&method), description.operations.get(&method))
        else {
            continue;
        };
        let module = modules.entry(operation.module()).or_default();
        let (request, name) = (format_ident!("{request}"), format_ident!("{}", answering.row.name));
        let (response, method) = (answering.response(), format_ident!("{method}"));
        module.extend(quote! {
            impl rt::Sealed for types::#request {}
            impl rt::FollowUp for types::#request {
                type Action = #name;
                fn call<'a>(&self, client: &'a rt::Client, service_id: &str) -> rt::Call<'a, types::#response> {
                    calls::#method(client, service_id, self)
                }
            }
        });
        module.extend(setters::setters(&types, &request.to_string()));
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
        files.insert(format!("actions/{module}.rs"), print(&format!("Actions of `{module}`."), parse(items)?)?);
    }
    let doc = "What operations answer, by their tags.";
    files.insert("actions/mod.rs".to_owned(), print(doc, parse(declarations)?)?);
    Ok(files)
}

fn parse(items: TokenStream) -> Result<Vec<syn::Item>, Problem> {
    let file: syn::File =
        syn::parse2(items).map_err(|error| Problem::new("actions", "", format!("does not parse: {error}")))?;
    Ok(file.items)
}

/// What the code of one operation is made from.
struct Context<'a> {
    method: &'a str,
    answering: &'a Answering,
    types: &'a Types<'a>,
    actions: &'a Actions,
    /// Whether other operations answer with the same type.
    shared: bool,
}

impl Context<'_> {
    /// The static that tells of the operation.
    fn operation(&self) -> Ident {
        format_ident!("{}", self.method.trim_start_matches("r#").to_uppercase())
    }

    fn name(&self) -> Ident {
        format_ident!("{}", self.answering.row.name)
    }

    /// Whether a variant holds more than an answer.
    fn has_view(&self, action: &Action) -> bool {
        action.kind == Kind::Continue || (action.kind == Kind::Respond && !action.fields.is_empty())
    }

    fn view_name(&self, value: &str) -> Ident {
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
