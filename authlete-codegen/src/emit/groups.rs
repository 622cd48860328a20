//! The layer for users: a handle for each group of operations, whose methods call those of the client with the service's
//! id filled in, and what follows from their shapes: `modify` from `get` and `update`, pages from `start` and `end`.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, ImplItemFn, Item, Pat, Type};

use super::files::print;
use super::syntax::{Code, type_name};
use super::{Description, Files, Operation};
use crate::{Problem, Problems};

/// The group whose methods are the service's own.
pub(super) const SERVICE: &str = "service";

/// `groups/*.rs`.
pub(super) fn emit(code: &Code, description: &Description) -> Result<Files, Problems> {
    let mut files = Files::new();
    let mut declarations = String::new();
    let mut texts = BTreeSet::new();
    for (group, doc) in &description.groups {
        let mut methods: BTreeMap<&str, Method> = BTreeMap::new();
        for operation in description.operations.values() {
            if let Some(layer) = operation.layer.as_ref().filter(|layer| layer.group == *group)
                && let Some(method) = code.methods.get(&operation.name)
            {
                let method = Method::read(operation, method, code).ok_or_else(|| {
                    Problem::new("groups", operation.name.clone(), "the method has another shape than expected")
                        .hint("progenitor's output has changed; teach authlete-codegen/src/emit/groups.rs about it")
                })?;
                texts.extend(method.made_of_text(code, description));
                methods.insert(&layer.method, method);
            }
        }
        let items = items(group, doc, &methods)?;
        files.insert(format!("groups/{group}.rs"), print(doc, items)?);
        declarations.push_str(&format!("mod {group};\n"));
        if group != SERVICE {
            declarations.push_str(&format!("pub use {group}::{};\n", group.to_upper_camel_case()));
        }
    }
    let requests = texts.iter().map(|(name, text)| {
        let (name, text) = (format_ident!("{name}"), text.iter().map(|text| format_ident!("{text}")));
        quote!(#name #(of #text)*)
    });
    let mut items = parse(declarations.parse().map_err(|_| Problem::new("groups", "", "a name does not parse"))?)?;
    items.extend(parse(quote! {
        use crate::generated::types;
        crate::rt::made_of_string!(#(#requests),*);
    })?);
    files.insert("groups/mod.rs".to_owned(), print("Operations by what they serve.", items)?);
    Ok(files)
}

/// A method of the client, as a group has it.
struct Method<'a> {
    operation: &'a Operation,
    bound: bool,
    arguments: Vec<Argument>,
    output: Type,
    /// The list in what it answers, when it answers with a page of one.
    page: Option<(syn::Ident, Type)>,
}

struct Argument {
    name: syn::Ident,
    kind: Kind,
}

enum Kind {
    ServiceId,
    Id(syn::Ident),
    SomeId(syn::Ident),
    Start,
    End,
    Body(Type),
    Other(Type),
}

impl<'a> Method<'a> {
    fn read(operation: &'a Operation, method: &ImplItemFn, code: &Code) -> Option<Self> {
        let mut arguments = Vec::new();
        // The first is the client.
        for input in method.sig.inputs.iter().skip(1) {
            let FnArg::Typed(input) = input else { continue };
            let Pat::Ident(pat) = &*input.pat else { return None };
            let (name, ty) = (pat.ident.clone(), (*input.ty).clone());
            let text = quote!(#ty).to_string();
            let typed = operation.types.get(&name.to_string()).map(|ty| format_ident!("{ty}"));
            let kind = match (name.to_string().as_str(), text.as_str(), typed) {
                ("service_id", "& str", _) => Kind::ServiceId,
                (_, "& str", Some(id)) => Kind::Id(id),
                (_, "Option < & str >", Some(id)) => Kind::SomeId(id),
                ("start", "Option < i32 >", _) => Kind::Start,
                ("end", "Option < i32 >", _) => Kind::End,
                ("body", ..) => match &ty {
                    Type::Reference(reference) => Kind::Body((*reference.elem).clone()),
                    _ => return None,
                },
                _ => Kind::Other(ty),
            };
            arguments.push(Argument { name, kind });
        }
        // Without the other, a bound is an argument like any other.
        let both = |kind: fn(&Kind) -> bool| arguments.iter().any(|argument| kind(&argument.kind));
        let paged = both(|kind| matches!(kind, Kind::Start)) && both(|kind| matches!(kind, Kind::End));
        if !paged {
            for argument in &mut arguments {
                if matches!(argument.kind, Kind::Start | Kind::End) {
                    argument.kind = Kind::Other(syn::parse_quote!(Option<i32>));
                }
            }
        }
        let syn::ReturnType::Type(_, output) = &method.sig.output else { return None };
        let Type::Path(path) = &**output else { return None };
        let syn::PathArguments::AngleBracketed(generics) = &path.path.segments.last()?.arguments else { return None };
        let output = generics.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        })?;
        let page = paged.then(|| page(&output, code)).flatten();
        let bound = arguments.iter().any(|argument| matches!(argument.kind, Kind::ServiceId));
        Some(Self { operation, bound, arguments, output, page })
    }

    /// The request's type, when a single text is all that it requires, with the text's type.
    fn made_of_text(&self, code: &Code, description: &Description) -> Option<(String, Option<String>)> {
        let body = self.body()?;
        let name = type_name(body)?;
        let constructor = code.types.get(&name)?.iter().find_map(|item| match item {
            Item::Impl(item) => item.items.iter().find_map(|item| match item {
                syn::ImplItem::Fn(method) if method.sig.ident == "new" => Some(&method.sig.inputs),
                _ => None,
            }),
            _ => None,
        })?;
        let written = quote!(#constructor).to_string();
        if constructor.len() != 1 {
            return None;
        }
        if written.contains("Into < :: std :: string :: String >") {
            return Some((name, None));
        }
        let text =
            description.texts.iter().find(|text| written.contains(&format!("Into < crate :: rt :: {text} >")))?;
        Some((name, Some(text.clone())))
    }

    fn body(&self) -> Option<&Type> {
        self.arguments.iter().find_map(|argument| match &argument.kind {
            Kind::Body(ty) => Some(ty),
            _ => None,
        })
    }

    /// The arguments as the group's method takes them: ids first, then what narrows, the range, the request.
    fn parameters(&self, range: bool) -> Vec<TokenStream> {
        let mut parameters: Vec<(u8, TokenStream)> = Vec::new();
        for Argument { name, kind } in &self.arguments {
            parameters.push(match kind {
                Kind::ServiceId | Kind::End => continue,
                Kind::Start if !range => continue,
                Kind::Id(id) => (0, quote!(#name: impl Into<rt::#id>)),
                Kind::SomeId(id) => (1, quote!(#name: Option<rt::#id>)),
                Kind::Other(ty) if type_name(ty).as_deref() == Some("Option") => (1, quote!(#name: #ty)),
                Kind::Other(ty) => (0, quote!(#name: #ty)),
                Kind::Start => (2, quote!(range: impl Into<rt::PageRange>)),
                Kind::Body(ty) => (3, quote!(request: impl rt::IntoRequest<#ty>)),
            });
        }
        parameters.sort_by_key(|(rank, _)| *rank);
        parameters.into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// The arguments as the client's method takes them.
    fn passed(&self) -> Vec<TokenStream> {
        let passed = self.arguments.iter().map(|Argument { name, kind }| match kind {
            Kind::ServiceId => quote!(service.id().as_str()),
            Kind::Id(_) => quote!(&#name.into().text()),
            Kind::SomeId(id) => quote!(#name.as_ref().map(rt::#id::as_str)),
            Kind::Start => quote!(range.start()),
            Kind::End => quote!(range.end()),
            Kind::Body(_) => quote!(request.into_request().borrow()),
            Kind::Other(_) => quote!(#name),
        });
        passed.collect()
    }

    fn emit(&self, name: &str, receiver: &Receiver) -> TokenStream {
        let ident = format_ident!("{name}");
        let docs = docs(self.operation);
        let (parameters, passed, output) = (self.parameters(true), self.passed(), &self.output);
        let method = format_ident!("{}", self.operation.name);
        let Receiver { this, lifetime, holder } = receiver;
        let range = self.parameters(true).len() != self.parameters(false).len();
        let range = range.then(|| quote!(let range = range.into();));
        let holder_name = if self.bound { quote!(let service = #holder;) } else { quote!(let authlete = #holder;) };
        let client = if self.bound { quote!(service.client()) } else { quote!(authlete.client()) };
        quote! {
            #(#[doc = #docs])*
            pub fn #ident(#this, #(#parameters),*) -> rt::Call<#lifetime, #output> {
                #holder_name
                #range
                calls::#method(#client, #(#passed),*)
            }
        }
    }

    /// All that a list holds, fetched page by page.
    fn emit_pages(&self, name: &str) -> Option<TokenStream> {
        let (field, item) = self.page.as_ref()?;
        let all = format_ident!("all{}", name.strip_prefix("list")?);
        let list = format_ident!("{name}");
        let doc = format!(" All that [`Self::{name}`] lists, fetched page by page as it is asked for.");
        let mut parameters = Vec::new();
        let mut owned = Vec::new();
        let mut passed: Vec<(u8, TokenStream)> = Vec::new();
        for Argument { name, kind } in &self.arguments {
            match kind {
                Kind::SomeId(id) => {
                    parameters.push((1, quote!(#name: Option<rt::#id>)));
                    passed.push((1, quote!(#name.clone())));
                }
                Kind::Other(ty) => match quote!(#ty).to_string().as_str() {
                    "& str" => {
                        parameters.push((0, quote!(#name: &str)));
                        owned.push(quote!(let #name = #name.to_owned();));
                        passed.push((0, quote!(&#name)));
                    }
                    "Option < & str >" => {
                        parameters.push((1, quote!(#name: Option<&str>)));
                        owned.push(quote!(let #name = #name.map(str::to_owned);));
                        passed.push((1, quote!(#name.as_deref())));
                    }
                    _ => return None,
                },
                Kind::ServiceId | Kind::Start | Kind::End => {}
                Kind::Id(_) | Kind::Body(_) => return None,
            }
        }
        parameters.sort_by_key(|(rank, _)| *rank);
        passed.sort_by_key(|(rank, _)| *rank);
        let parameters = parameters.into_iter().map(|(_, parameter)| parameter);
        let passed = passed.into_iter().map(|(_, passed)| passed);
        Some(quote! {
            #[doc = #doc]
            pub fn #all(self, #(#parameters),*) -> rt::Pages<'a, #item> {
                #(#owned)*
                rt::Pages::new(move |range| {
                    let call = self.#list(#(#passed,)* range.clone());
                    Box::pin(async move {
                        let answer = call.await?.into_inner();
                        Ok(rt::ListPage::new(range, answer.#field, answer.total_count))
                    })
                })
            }
        })
    }
}

struct Receiver {
    this: TokenStream,
    lifetime: TokenStream,
    holder: TokenStream,
}

fn items(group: &str, doc: &str, methods: &BTreeMap<&str, Method>) -> Result<Vec<Item>, Problem> {
    let bound = methods.values().all(|method| method.bound);
    let own = group == SERVICE;
    let field = if bound { quote!(service) } else { quote!(authlete) };
    let receiver = if own {
        Receiver { this: quote!(&self), lifetime: quote!('_), holder: quote!(self) }
    } else {
        Receiver { this: quote!(self), lifetime: quote!('a), holder: quote!(self.#field) }
    };
    let mut bodies: Vec<TokenStream> = Vec::new();
    for (name, method) in methods {
        bodies.push(method.emit(name, &receiver));
        if !own {
            bodies.extend(method.emit_pages(name));
        }
    }
    if let (Some(get), Some(update)) = (methods.get("get"), methods.get("update")) {
        bodies.extend(modify(get, update, &receiver));
    }
    let owner = if bound { format_ident!("AuthleteService") } else { format_ident!("Authlete") };
    let imports = quote! {
        #[allow(unused_imports)]
        use std::borrow::Borrow as _;
        #[allow(unused_imports)]
        use crate::generated::{calls, types};
        #[allow(unused_imports)]
        use crate::{Authlete, AuthleteService, rt};
    };
    if own {
        return parse(quote! { #imports impl #owner { #(#bodies)* } });
    }
    let ident = format_ident!("{}", group.to_upper_camel_case());
    let accessor = format_ident!("{group}");
    let doc = format!(" {doc}");
    parse(quote! {
        #imports
        #[doc = #doc]
        #[derive(Debug, Clone, Copy)]
        pub struct #ident<'a> { #field: &'a #owner }
        impl<'a> #ident<'a> { #(#bodies)* }
        impl #owner {
            #[doc = #doc]
            pub fn #accessor(&self) -> #ident<'_> { #ident { #field: self } }
        }
    })
}

/// `modify`, where what `get` answers is what `update` takes and answers.
fn modify(get: &Method, update: &Method, receiver: &Receiver) -> Option<TokenStream> {
    let output = &get.output;
    let same = quote!(#output).to_string();
    let body = update.body()?;
    let answer = &update.output;
    if quote!(#body).to_string() != same || quote!(#answer).to_string() != same {
        return None;
    }
    let parameters = get.parameters(true);
    let given: Vec<_> = get
        .arguments
        .iter()
        .filter(|argument| !matches!(argument.kind, Kind::ServiceId))
        .map(|argument| match argument.kind {
            Kind::Id(_) => Some(&argument.name),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let this = &receiver.this;
    Some(quote! {
        /// Reads, lets `change` change, and writes back, unless that left everything as it was. Says what differs between
        /// what was read and what was sent. Fields that this version does not know stay as they are.
        ///
        /// There is no lock: what another one writes in between is overwritten.
        pub async fn modify(
            #this,
            #(#parameters,)*
            change: impl FnOnce(&mut #output),
        ) -> Result<rt::Modified<#output>, rt::Error> {
            #(let #given = #given.into();)*
            let mut modification = rt::Modification::of(self.get(#(#given),*).await?.into_inner())?;
            change(modification.value());
            let changed = modification.changed()?;
            if changed.is_empty() {
                return Ok(modification.unchanged());
            }
            let after = self.update(#(#given,)* &*modification.value()).await?.into_inner();
            Ok(rt::Modified::new(after, changed))
        }
    })
}

/// The field and the elements of the one list in an answer that also counts all there are.
fn page(output: &Type, code: &Code) -> Option<(syn::Ident, Type)> {
    let item = code.types.get(&type_name(output)?)?.iter().find_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    })?;
    let counts = item.fields.iter().any(|field| {
        let ty = &field.ty;
        field.ident.as_ref().is_some_and(|ident| ident == "total_count") && quote!(#ty).to_string().contains("i32")
    });
    let mut lists = item.fields.iter().filter_map(|field| Some((field.ident.clone()?, element(&field.ty)?)));
    let (first, second) = (lists.next()?, lists.next());
    (second.is_none() && counts).then(|| {
        let (field, ty) = first;
        let name = format_ident!("{}", type_name(&ty).unwrap_or_default());
        (field, syn::parse_quote!(types::#name))
    })
}

/// `T` of `Vec<T>` and `Option<Vec<T>>`.
fn element(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    let inner = generics.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })?;
    if last.ident == "Vec" { Some(inner.clone()) } else { element(inner) }
}

/// The method's doc, a text per line.
fn docs(operation: &Operation) -> Vec<String> {
    let Operation { method, path, layer, .. } = operation;
    let doc = layer.as_ref().map(|layer| layer.doc.as_str()).unwrap_or_default();
    let mut lines: Vec<String> = doc.lines().map(|line| format!(" {line}")).collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!(" `{method} {path}`"));
    lines
}

fn parse(tokens: TokenStream) -> Result<Vec<Item>, Problem> {
    let file: syn::File = syn::parse2(tokens)
        .map_err(|error| Problem::new("groups", "", format!("the generated code does not parse: {error}")))?;
    Ok(file.items)
}
