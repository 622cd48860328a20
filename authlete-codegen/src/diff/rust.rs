//! What differs between the Rust that two documents yield, for those who use it.
//!
//! Compared are the public items of the generated files, by their syntax: signatures, fields, variants, implementations.
//! A change is *breaking* where `docs/stability.md` says that it takes a new major version: what was there is gone or
//! has another type, an operation is on another host, which takes other credentials, or something was added to what is
//! exhaustive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use quote::ToTokens;
use serde_json::{Value, json};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Fields, ImplItem, Item, Visibility};

use super::Action;
use crate::{Problem, Problems};

/// One difference between two public APIs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustChange {
    /// What it is about: `types::Client.client_name`, `groups::TokenApi::issue`.
    pub at: String,
    /// What happened.
    pub action: Action,
    /// What exactly, where the place alone does not say it.
    pub detail: String,
    /// Whether a program that compiled may no longer do so.
    pub breaking: bool,
}

/// All the differences, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RustReport {
    /// The differences.
    pub changes: Vec<RustChange>,
}

/// A public item, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Public {
    /// What it is called in a report.
    kind: &'static str,
    /// How it is written: what has to stay the same.
    written: String,
    /// Whether adding it breaks, where its owner was there before.
    closed: bool,
    /// The item that it is a part of.
    owner: Option<String>,
}

type Api = BTreeMap<String, Public>;

/// Compares two sets of generated files, by their paths below the folder of generated code.
///
/// # Errors
/// When a file is not Rust.
pub fn compare(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Result<RustReport, Problems> {
    let (old, new) = (api(old)?, api(new)?);
    let mut changes = Vec::new();
    for at in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let change = match (old.get(at), new.get(at)) {
            (Some(before), Some(after)) if before.written != after.written => RustChange {
                at: at.clone(),
                action: Action::Changed,
                detail: format!("{} → {}", before.written, after.written),
                breaking: true,
            },
            // A part goes with its owner, which is reported.
            (Some(before), None) => {
                if before.owner.as_ref().is_some_and(|owner| !new.contains_key(owner)) {
                    continue;
                }
                RustChange { at: at.clone(), action: Action::Removed, detail: before.kind.to_owned(), breaking: true }
            }
            (None, Some(after)) => {
                if after.owner.as_ref().is_some_and(|owner| !old.contains_key(owner)) {
                    continue;
                }
                let (detail, breaking) = (after.kind.to_owned(), after.closed);
                RustChange { at: at.clone(), action: Action::Added, detail, breaking }
            }
            _ => continue,
        };
        changes.push(change);
    }
    changes.sort();
    Ok(RustReport { changes })
}

fn api(files: &BTreeMap<String, String>) -> Result<Api, Problem> {
    let mut api = Api::new();
    for (path, text) in files {
        let file = syn::parse_file(text)
            .map_err(|error| Problem::new("diff", path.clone(), format!("is not Rust: {error}")))?;
        // Everything in a folder is reached by the folder's name, whatever the file.
        let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        for item in file.items {
            collect(&mut api, &module, item);
        }
    }
    Ok(api)
}

fn collect(api: &mut Api, module: &str, item: Item) {
    let name = |ident: &syn::Ident| format!("{module}::{ident}");
    let mut add = |at: String, kind, written: String, closed, owner: Option<String>| {
        api.insert(at, Public { kind, written, closed, owner });
    };
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let at = name(&item.ident);
            // With a private field nobody can write it down, so that more fields change nothing.
            let open = is_open(&item.attrs) || item.fields.iter().any(|field| !is_public(&field.vis));
            for (number, field) in item.fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis)) {
                let field_name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
                add(format!("{at}.{field_name}"), "field", text(&field.ty), !open, Some(at.clone()));
            }
            let kind = if open { "#[non_exhaustive] struct" } else { "struct" };
            add(at, "struct", kind.to_owned(), false, None);
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let at = name(&item.ident);
            let open = is_open(&item.attrs);
            for variant in &item.variants {
                let fields = match &variant.fields {
                    Fields::Unit => "a value".to_owned(),
                    fields => text(fields),
                };
                add(format!("{at}::{}", variant.ident), "variant", fields, !open, Some(at.clone()));
            }
            add(at, "enum", if open { "#[non_exhaustive] enum" } else { "enum" }.to_owned(), false, None);
        }
        Item::Macro(item) if item.mac.path.segments.last().is_some_and(|last| last.ident == "open_enum") => {
            if let Ok(declared) = item.mac.parse_body::<OpenEnum>() {
                let at = name(&declared.name);
                for variant in declared.variants {
                    add(format!("{at}::{variant}"), "variant", "a value".to_owned(), false, Some(at.clone()));
                }
                add(at, "enum", "#[non_exhaustive] enum".to_owned(), false, None);
            }
        }
        Item::Type(item) if is_public(&item.vis) => add(name(&item.ident), "alias", text(&item.ty), false, None),
        Item::Const(item) if is_public(&item.vis) => add(name(&item.ident), "constant", text(&item.ty), false, None),
        Item::Static(item) if is_public(&item.vis) => {
            let written = match host(&item.expr) {
                Some(host) => format!("{} on {host}", text(&item.ty)),
                None => text(&item.ty),
            };
            add(name(&item.ident), "static", written, false, None);
        }
        Item::Fn(item) if is_public(&item.vis) => {
            add(name(&item.sig.ident), "function", text(&item.sig), false, None);
        }
        Item::Impl(item) => {
            let own = text(&item.self_ty);
            // A type of another crate is not ours to remove.
            let base = own.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default().trim();
            let owner = Some(format!("{module}::{base}"));
            let at = format!("{module}::{own}");
            match &item.trait_ {
                Some((path, _)) => {
                    let generics = text(&item.generics.params);
                    add(format!("impl {} for {at}", text(path)), "implementation", generics, false, owner);
                }
                None => {
                    for member in &item.items {
                        if let ImplItem::Fn(method) = member
                            && is_public(&method.vis)
                        {
                            let mut signature = method.sig.clone();
                            for input in &mut signature.inputs {
                                // Names and `mut` are not part of how a method is called.
                                if let syn::FnArg::Receiver(receiver) = input {
                                    receiver.mutability = None;
                                }
                                if let syn::FnArg::Typed(typed) = input {
                                    *typed.pat = syn::parse_quote!(_);
                                }
                            }
                            let name = method.sig.ident.to_string();
                            add(format!("{at}::{name}"), "method", text(&signature), false, owner.clone());
                        }
                        if let ImplItem::Const(constant) = member
                            && is_public(&constant.vis)
                        {
                            let name = constant.ident.to_string();
                            add(format!("{at}::{name}"), "constant", text(&constant.ty), false, owner.clone());
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// The host of an operation, which decides what credentials its calls need.
fn host(operation: &syn::Expr) -> Option<String> {
    let syn::Expr::Call(call) = operation else { return None };
    let Some(syn::Expr::Struct(parts)) = call.args.first() else { return None };
    let is_host = |field: &&syn::FieldValue| matches!(&field.member, syn::Member::Named(name) if name == "host");
    parts.fields.iter().find(is_host).map(|field| text(&field.expr))
}

/// What is read of `open_enum! { /// … Name { /// … Variant = "value", … } }`.
struct OpenEnum {
    name: syn::Ident,
    variants: Vec<syn::Ident>,
}

impl Parse for OpenEnum {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut variants = Vec::new();
        while !content.is_empty() {
            content.call(Attribute::parse_outer)?;
            variants.push(content.parse()?);
            content.parse::<syn::Token![=]>()?;
            content.parse::<syn::LitStr>()?;
            content.parse::<Option<syn::Token![,]>>()?;
        }
        Ok(Self { name, variants })
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_open(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// Code in a line, as a person would write it: without the paths that say where a type comes from.
fn text(node: &impl ToTokens) -> String {
    let mut written = node.to_token_stream().to_string();
    for prefix in [
        ":: std :: option :: ",
        ":: std :: string :: ",
        ":: std :: vec :: ",
        ":: std :: boxed :: ",
        ":: std :: collections :: ",
        ":: std :: convert :: ",
        ":: std :: iter :: ",
        ":: std :: result :: ",
    ] {
        written = written.replace(prefix, "");
    }
    for (wide, narrow) in [
        (" :: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" :", ":"),
        ("' ", "'"),
        (":: ", "::"),
    ] {
        written = written.replace(wide, narrow);
    }
    written
}

impl RustReport {
    /// How many of the changes are of a kind.
    pub fn count(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }

    /// How many of the changes are breaking.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|change| change.breaking).count()
    }

    /// One line for each change; nothing when there is none.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for RustChange { at, action, detail, breaking } in &self.changes {
            let sign = action.names().0;
            let _ = writeln!(text, "  {sign} {at}: {detail}{}", if *breaking { "  BREAKING" } else { "" });
        }
        text
    }

    /// The same as an object: `changes`, and their counts under `summary`.
    pub fn to_json(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            json!({
                "action": change.action.names().1,
                "at": change.at,
                "detail": change.detail,
                "breaking": change.breaking,
            })
        });
        json!({
            "changes": changes.collect::<Vec<_>>(),
            "summary": {
                "added": self.count(Action::Added),
                "removed": self.count(Action::Removed),
                "changed": self.count(Action::Changed),
                "breaking": self.breaking(),
                "total": self.changes.len(),
            },
        })
    }
}

/// The two reports side by side: each with its changes, then a table that counts both.
pub fn side_by_side(wire: &super::Report, rust: &RustReport) -> String {
    if wire.changes.is_empty() && rust.changes.is_empty() {
        return "no changes\n".to_owned();
    }
    let mut text = String::new();
    let changes = wire.to_text();
    // The last line counts; the table does it for both.
    let changes = changes.trim_end().rsplit_once('\n').map_or("", |(changes, _)| changes);
    for (heading, changes) in [("On the wire", changes), ("In Rust", rust.to_text().trim_end())] {
        let _ = writeln!(text, "{heading}\n{}\n", if changes.is_empty() { "  no changes" } else { changes });
    }
    let _ = writeln!(text, "{:10}{:>8}{:>8}", "", "wire", "Rust");
    for (name, wire, rust) in [
        ("added", wire.count(Action::Added), rust.count(Action::Added)),
        ("removed", wire.count(Action::Removed), rust.count(Action::Removed)),
        ("changed", wire.count(Action::Changed), rust.count(Action::Changed)),
        ("breaking", wire.breaking(), rust.breaking()),
    ] {
        let _ = writeln!(text, "{name:10}{wire:>8}{rust:>8}");
    }
    text
}
