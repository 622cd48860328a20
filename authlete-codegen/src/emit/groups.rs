//! `groups/*.rs`: what users call. A handle for each group of operations, whose methods fill in the service's id, the calls
//! with optional parameters, and what follows from their shapes: `modify` from `get` and `update`, pages from lists.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::calls::{argument_type, optional, required};
use super::docs::doc;
use super::files::{parse, print};
use super::types::setter_parts;
use super::{Files, docs};
use crate::Problem;
use crate::actions::Actions;
use crate::model::{BodyForm, Model, Operation, Paging, Parameter, RustType};
use crate::words::{Example, Words};

/// The group whose methods are the service's own.
pub(super) const SERVICE: &str = "service";

/// The files, one for each group.
pub(super) fn emit(model: &Model, actions: &Actions, words: &Words) -> Result<Files, Problem> {
    let mut files = Files::new();
    let mut declarations = TokenStream::new();
    let mut strings = BTreeMap::new();
    let mut call_types = BTreeSet::new();
    for (group, doc) in &model.groups {
        let mut methods: BTreeMap<&str, Method<'_>> = BTreeMap::new();
        for operation in model.operations.values() {
            if let Some(layer) = operation.layer.as_ref().filter(|layer| layer.group == *group) {
                let example = words.examples.get(&operation.name);
                let method = Method { model, actions, operation, group, name: &layer.method, example };
                strings.extend(method.request_of_one_string());
                methods.insert(&layer.method, method);
            }
        }
        let mut names: Vec<syn::Ident> = Vec::new();
        for method in methods.values().filter(|method| method.has_optional()) {
            let name = method.call_type();
            if !call_types.insert(name.to_string()) {
                let message = format!("another method has a call of the type {name} too");
                return Err(Problem::new("groups", method.operation.name.clone(), message));
            }
            names.push(name);
        }
        files.insert(format!("groups/{group}.rs"), print(doc, parse("groups", items(group, doc, &methods)?)?)?);
        let module = format_ident!("{group}");
        if group != SERVICE {
            names.push(api_type(group));
        }
        declarations.extend(quote!(mod #module;));
        if !names.is_empty() {
            declarations.extend(quote!(pub use #module::{#(#names),*};));
        }
    }
    let requests = strings.iter().map(|(name, own)| {
        let (name, own) = (format_ident!("{name}"), own.iter().map(|own| format_ident!("{own}")));
        quote!(#name #(of #own)*)
    });
    declarations.extend(quote! {
        #[allow(unused_imports)]
        use crate::generated::types;
        crate::rt::made_of_string!(#(#requests),*);
    });
    let text = print("Operations by what they serve.", parse("groups", declarations)?)?;
    files.insert("groups/mod.rs".to_owned(), text);
    Ok(files)
}

/// The handle of a group.
pub(super) fn api_type(group: &str) -> syn::Ident {
    format_ident!("{}Api", group.to_upper_camel_case())
}

/// A method of a group.
struct Method<'a> {
    model: &'a Model,
    actions: &'a Actions,
    operation: &'a Operation,
    group: &'a str,
    name: &'a str,
    example: Option<&'a Example>,
}

/// Which of two arguments comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Parameter,
    Body,
}

impl Method<'_> {
    fn is_of_service(&self) -> bool {
        self.operation.is_of_service()
    }

    fn has_optional(&self) -> bool {
        optional(self.operation).next().is_some()
    }

    /// The type of a call with optional parameters.
    fn call_type(&self) -> syn::Ident {
        let method = self.name.to_upper_camel_case();
        if self.group == SERVICE {
            format_ident!("{method}Call")
        } else {
            format_ident!("{}{method}Call", self.group.to_upper_camel_case())
        }
    }

    /// The enum of actions, where every response has one: one that may be empty is given as it is.
    fn action(&self) -> Option<syn::Ident> {
        if self.operation.response.is_option() {
            return None;
        }
        let table = self.actions.operations.get(&self.operation.name)?;
        Some(format_ident!("{}Action", table.row.name))
    }

    fn body(&self) -> Option<&RustType> {
        self.operation.body.as_ref().filter(|body| body.form == BodyForm::Json).map(|body| &body.ty)
    }

    /// The request's type, when a single string is all that it requires, with the string's type.
    fn request_of_one_string(&self) -> Option<(String, Option<String>)> {
        let name = self.body()?.name()?;
        let object = self.model.object(name)?;
        let mut required = object.fields.iter().filter(|field| !field.ty.is_option());
        let (first, second) = (required.next()?, required.next());
        match &first.ty {
            _ if second.is_some() => None,
            RustType::String => Some((name.to_owned(), None)),
            RustType::Own(own) => Some((name.to_owned(), Some(own.clone()))),
            _ => None,
        }
    }

    /// The parameters that are given: all required ones but the service's id.
    fn given(&self) -> impl Iterator<Item = &Parameter> {
        required(self.operation).filter(|parameter| !parameter.is_service_id())
    }

    /// The arguments of the method.
    fn arguments(&self) -> Vec<TokenStream> {
        let mut arguments: Vec<(Rank, TokenStream)> = self
            .given()
            .map(|parameter| {
                let name = format_ident!("{}", parameter.name);
                let ty = match &parameter.own {
                    Some(own) => {
                        let own = format_ident!("{own}");
                        quote!(impl Into<rt::#own>)
                    }
                    None => argument_type(&parameter.ty),
                };
                (Rank::Parameter, quote!(#name: #ty))
            })
            .collect();
        if let Some(body) = &self.operation.body {
            let ty = match body.form {
                BodyForm::Json | BodyForm::Form => {
                    let ty = body.ty.tokens(&quote!(types), &quote!(rt));
                    quote!(impl rt::IntoRequest<#ty>)
                }
                BodyForm::Text => quote!(&str),
                BodyForm::Bytes => quote!(impl Into<rt::Bytes>),
            };
            arguments.push((Rank::Body, quote!(request: #ty)));
        }
        arguments.sort_by(|(left, _), (right, _)| left.cmp(right));
        arguments.into_iter().map(|(_, argument)| argument).collect()
    }

    /// The arguments of the function that makes the request.
    fn passed(&self) -> Vec<TokenStream> {
        let parameters = required(self.operation).map(|parameter| {
            let name = format_ident!("{}", parameter.name);
            match (parameter.is_service_id(), &parameter.own, &parameter.ty) {
                (true, _, _) => quote!(service.id().as_str()),
                (false, Some(_), RustType::String) => quote!(&#name.into().text()),
                (false, Some(_), _) => quote!(&#name.into()),
                (false, None, _) => quote!(#name),
            }
        });
        let body = self.operation.body.as_ref().map(|body| match body.form {
            BodyForm::Json | BodyForm::Form => quote!(request.into_request().borrow()),
            BodyForm::Text => quote!(request),
            BodyForm::Bytes => quote!(request.into()),
        });
        parameters.chain(body).collect()
    }

    fn output(&self) -> TokenStream {
        self.operation.response.tokens(&quote!(types), &quote!(rt))
    }

    fn emit(&self, receiver: &Receiver) -> TokenStream {
        let (name, function) = (format_ident!("{}", self.name), format_ident!("{}", self.operation.name));
        let Receiver { this, lifetime, holder } = receiver;
        let docs = doc(&self.doc());
        let (arguments, passed, output) = (self.arguments(), self.passed(), self.output());
        let (holder, client) = if self.is_of_service() {
            (quote!(let service = #holder;), quote!(service.client()))
        } else {
            (quote!(let authlete = #holder;), quote!(authlete.client()))
        };
        let call = quote!(calls::#function(#client, #(#passed),*));
        let (output, call) = if self.has_optional() {
            let ty = self.call_type();
            (quote!(#ty<#lifetime>), quote!(#ty { call: #call }))
        } else if let Some(action) = self.action() {
            (quote!(rt::ActionCall<#lifetime, actions::#action>), self.action_call(&call, &client))
        } else {
            (quote!(rt::Call<#lifetime, #output>), call)
        };
        let aliases = self.operation.layer.iter().flat_map(|layer| &layer.aliases);
        quote! {
            #docs
            #(#[doc(alias = #aliases)])*
            pub fn #name(#this, #(#arguments),*) -> #output {
                #holder
                #call
            }
        }
    }

    /// A call whose response has an action, with what is kept of its request.
    fn action_call(&self, call: &TokenStream, client: &TokenStream) -> TokenStream {
        let facts = self.actions.operations.get(&self.operation.name).map(|table| &table.row.request);
        let field = |wire: &Option<String>| {
            let field = self.model.field(self.body()?.name()?, wire.as_deref()?)?;
            Some((format_ident!("{}", field.name), field.ty.is_option()))
        };
        let read = facts.map(|facts| {
            let parameters = field(&facts.parameters).map(|(name, _)| quote!(.parameters(&request.#name, #client)));
            let token = field(&facts.token).map(|(name, optional)| match optional {
                true => quote!(.token(request.#name.as_deref().unwrap_or_default())),
                false => quote!(.token(&request.#name)),
            });
            let proof = field(&facts.proof).map(|(name, _)| quote!(.proof(request.#name.as_deref())));
            quote!(#parameters #token #proof)
        });
        match read.filter(|read| !read.is_empty()) {
            Some(read) => {
                let function = format_ident!("{}", self.operation.name);
                let ty = self.operation.body.as_ref().map(|body| body.ty.tokens(&quote!(types), &quote!(rt)));
                quote! {
                    let request = request.into_request();
                    let request: &#ty = request.borrow();
                    let facts = rt::RequestFacts::default() #read;
                    rt::ActionCall::new(calls::#function(#client, service.id().as_str(), request)).about(facts)
                }
            }
            None => quote!(rt::ActionCall::new(#call)),
        }
    }

    /// The method's words.
    fn doc(&self) -> String {
        let Operation { method, path, layer, .. } = self.operation;
        let mut text = layer.as_ref().map(|layer| layer.doc.clone()).unwrap_or_default();
        let given: Vec<String> = self
            .given()
            .filter(|parameter| !parameter.doc.is_empty())
            .map(|parameter| format!("- `{}`: {}", parameter.name, parameter.doc.replace('\n', "\n  ")))
            .collect();
        if !given.is_empty() {
            text = format!("{text}\n\n{}", given.join("\n"));
        }
        if let Some(action) = self.action() {
            text = format!(
                "{text}\n\nAwaiting the call gives a [`{action}`](crate::actions::{action}), which says what the server does now."
            );
        }
        text = format!("{text}\n\n`{method} {path}`");
        if let Some(example) = self.example {
            text = format!("{text}\n\n# Example\n\n{}", example.to_markdown());
        }
        text
    }

    /// The call with the method's optional parameters as setters.
    fn emit_call(&self) -> Option<TokenStream> {
        if !self.has_optional() {
            return None;
        }
        let (ty, output) = (self.call_type(), self.output());
        let path = if self.group == SERVICE {
            format!("[`AuthleteService::{}`](crate::AuthleteService::{})", self.name, self.name)
        } else {
            format!("[`{0}::{1}`]", api_type(self.group), self.name)
        };
        let docs = doc(&format!(
            "The call of {path}, with a method for each parameter that can be left out. Nothing is sent until it is awaited."
        ));
        let setters = optional(self.operation).map(|parameter| self.emit_setter(parameter));
        let pages = self.emit_pages();
        Some(quote! {
            #docs
            #[derive(Debug, Clone)]
            #[must_use = "a call does nothing until it is awaited"]
            pub struct #ty<'a> { call: rt::OptionalCall<'a, #output> }

            impl<'a> #ty<'a> {
                #(#setters)*
                #pages
            }

            rt::optional_call!(#ty, #output);
        })
    }

    fn emit_setter(&self, parameter: &Parameter) -> TokenStream {
        let (wire, name) = (&parameter.wire, format_ident!("{}", parameter.name));
        let required = parameter.ty.required();
        let (ty, value) = match (&parameter.own, required) {
            (Some(own), _) => {
                let own = format_ident!("{own}");
                (quote!(impl Into<rt::#own>), quote!(value.into().text()))
            }
            // The elements are only written.
            (None, RustType::List(element)) => {
                let element = element.tokens(&quote!(types), &quote!(rt));
                (
                    quote!(impl IntoIterator<Item = impl Into<#element>>),
                    quote!(value.into_iter().map(Into::into).collect::<Vec<#element>>()),
                )
            }
            (None, RustType::String) => (quote!(&str), quote!(value)),
            (None, ty) => setter_parts(ty, &quote!(types)),
        };
        let set = match parameter.place {
            crate::model::Place::Header => format_ident!("set_header"),
            _ => format_ident!("set"),
        };
        let value = match (&parameter.own, required) {
            (None, RustType::Enum(_) | RustType::Named(_) | RustType::Own(_)) => {
                let ty = required.tokens(&quote!(types), &quote!(rt));
                quote!(<_ as ::std::convert::Into<#ty>>::into(value))
            }
            _ => value,
        };
        let docs = doc(&if parameter.doc.is_empty() { format!("Sets `{wire}`.") } else { parameter.doc.clone() });
        quote! {
            #docs
            pub fn #name(mut self, value: #ty) -> Self {
                self.call.#set(#wire, &#value);
                self
            }
        }
    }

    /// All that a list holds, fetched page by page.
    fn emit_pages(&self) -> Option<TokenStream> {
        match self.operation.paging.as_ref()? {
            Paging::Range => {
                let (field, item) = self.listed()?;
                let total = self.total();
                Some(quote! {
                    /// All that the list holds, fetched page by page as it is asked for. `start` and `end` have no effect on it.
                    pub fn pages(self) -> rt::Pages<'a, #item> {
                        rt::Pages::new(move |range| {
                            let call = self.clone().start(range.start).end(range.end);
                            Box::pin(async move {
                                let response = call.await?.into_inner();
                                Ok(rt::ListPage::new(range, response.#field, #total))
                            })
                        })
                    }
                })
            }
            Paging::Cursor { cursor, next, items, limit } => {
                let response = self.model.object(self.operation.response.name()?)?;
                let (items, next) = (response.field(items)?, response.field(next)?);
                let (field, next) = (format_ident!("{}", items.name), format_ident!("{}", next.name));
                let item = items.ty.elements()?.tokens(&quote!(types), &quote!(rt));
                let total = self.total();
                let setter = |wire: &str| {
                    let parameter = optional(self.operation).find(|parameter| parameter.wire == wire)?;
                    Some(format_ident!("{}", parameter.name))
                };
                let (with_cursor, with_limit) = (setter(cursor)?, setter(limit)?);
                let docs = doc(&format!(
                    "All that the list holds, fetched page by page as it is asked for, from `{cursor}` on where that is set. \
                     `{limit}` has no effect on it."
                ));
                Some(quote! {
                    #docs
                    pub fn pages(self) -> rt::Pages<'a, #item, rt::Cursor> {
                        rt::Pages::by_cursor(move |start, size| {
                            let mut call = self.clone().#with_limit(size.into());
                            if let Some(cursor) = start.as_str() {
                                call = call.#with_cursor(cursor);
                            }
                            Box::pin(async move {
                                let response = call.await?.into_inner();
                                Ok(rt::ListPage::at(start, response.#field, #total, response.#next))
                            })
                        })
                    }
                })
            }
        }
    }

    fn total(&self) -> TokenStream {
        let name = self.operation.response.name();
        let field = name.and_then(|name| self.model.object(name)).and_then(|object| object.field("totalCount"));
        match field {
            Some(field) => {
                let name = format_ident!("{}", field.name);
                quote!(response.#name)
            }
            None => quote!(None),
        }
    }

    /// The one list in the response, and what it holds.
    fn listed(&self) -> Option<(syn::Ident, TokenStream)> {
        let object = self.model.object(self.operation.response.name()?)?;
        let mut lists = object.fields.iter().filter_map(|field| Some((field, field.ty.elements()?)));
        let (first, second) = (lists.next()?, lists.next());
        let (field, element) = first;
        second.is_none().then(|| (format_ident!("{}", field.name), element.tokens(&quote!(types), &quote!(rt))))
    }
}

struct Receiver {
    this: TokenStream,
    lifetime: TokenStream,
    holder: TokenStream,
}

fn items(group: &str, about: &str, methods: &BTreeMap<&str, Method<'_>>) -> Result<TokenStream, Problem> {
    let of_service = methods.values().all(Method::is_of_service);
    let own = group == SERVICE;
    let field = if of_service { quote!(service) } else { quote!(authlete) };
    let receiver = if own {
        Receiver { this: quote!(&self), lifetime: quote!('_), holder: quote!(self) }
    } else {
        Receiver { this: quote!(self), lifetime: quote!('a), holder: quote!(self.#field) }
    };
    let mut bodies: Vec<TokenStream> = methods.values().map(|method| method.emit(&receiver)).collect();
    if let (Some(get), Some(update)) = (methods.get("get"), methods.get("update")) {
        bodies.extend(modify(get, update, &receiver));
    }
    let calls = methods.values().filter_map(Method::emit_call);
    let owner = if of_service { format_ident!("AuthleteService") } else { format_ident!("Authlete") };
    let imports = quote! {
        #[allow(unused_imports)]
        use std::borrow::Borrow as _;
        #[allow(unused_imports)]
        use crate::generated::{actions, calls, types};
        #[allow(unused_imports)]
        use crate::{Authlete, AuthleteService, rt};
    };
    if own {
        return Ok(quote! { #imports impl #owner { #(#bodies)* } #(#calls)* });
    }
    let (ident, accessor) = (api_type(group), format_ident!("{group}"));
    let docs = doc(about);
    let reached = doc(&format!("{about}\n\nReached by [`{owner}::{group}`](crate::{owner}::{group})."));
    Ok(quote! {
        #imports
        #reached
        #[derive(Debug, Clone, Copy)]
        pub struct #ident<'a> { #field: &'a #owner }
        impl<'a> #ident<'a> { #(#bodies)* }
        impl #owner {
            #docs
            pub fn #accessor(&self) -> #ident<'_> { #ident { #field: self } }
        }
        #(#calls)*
    })
}

/// `modify`, where what `get` answers is what `update` takes and answers.
fn modify(get: &Method<'_>, update: &Method<'_>, receiver: &Receiver) -> Option<TokenStream> {
    let ty = &get.operation.response;
    let plain = get.action().is_none() && update.action().is_none() && !get.has_optional() && !update.has_optional();
    if !plain || update.body()? != ty || update.operation.response != *ty || get.operation.body.is_some() {
        return None;
    }
    let given = |method: &Method<'_>| -> Vec<(String, Option<String>)> {
        method.given().map(|parameter| (parameter.name.clone(), parameter.own.clone())).collect()
    };
    if given(get) != given(update) || get.given().any(|parameter| parameter.own.is_none()) {
        return None;
    }
    let (arguments, output, this) = (get.arguments(), get.output(), &receiver.this);
    let names: Vec<syn::Ident> = get.given().map(|parameter| format_ident!("{}", parameter.name)).collect();
    let docs = doc(&format!(
        "Reads, lets `change` change, and writes back, unless that left everything as it was. Says what differs between \
         what was read and what was sent. Fields that this version does not know stay as they are.\n\n\
         There is no lock: what another client writes in between is overwritten.\n\n# Errors\n\
         What went wrong with one of the two calls, those of {}.",
        docs::listed(&["[`Self::get`]".to_owned(), "[`Self::update`]".to_owned()])
    ));
    Some(quote! {
        #docs
        #[allow(clippy::clone_on_copy)]
        pub async fn modify(
            #this,
            #(#arguments,)*
            change: impl FnOnce(&mut #output),
        ) -> Result<rt::Modified<#output>, rt::Error> {
            #(let #names = #names.into();)*
            let mut modification = rt::Modification::of(self.get(#(#names.clone()),*).await?.into_inner())?;
            change(modification.value());
            let changed = modification.changed()?;
            if changed.is_empty() {
                return Ok(modification.unchanged());
            }
            let after = self.update(#(#names,)* &*modification.value()).await?.into_inner();
            Ok(rt::Modified::new(after, changed))
        }
    })
}
