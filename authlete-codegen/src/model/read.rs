//! Completes the model from progenitor's output: the Rust types of fields, parameters, bodies and responses, and the
//! types that are progenitor's own. The only module that knows how progenitor writes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Fields, FnArg, GenericArgument, ImplItem, Item, ItemStruct, LitStr, Meta, Pat, Path, PathArguments,
    ReturnType, Token, Type,
};

use super::{BodyForm, Field, Model, RustType, Struct, TypeDefinition, TypeKind, Verbatim, facts};
use crate::{Problem, Problems};

const STAGE: &str = "model";
const CHANGED: &str = "progenitor's output has changed; teach authlete-codegen/src/model/read.rs about it";
const INLINE: &str =
    "two names that become one in Rust, or a schema that progenitor inlines; see openapi/effective.json";

/// Completes the model.
pub(super) fn complete(model: &mut Model, file: syn::File) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut types: Vec<Item> = Vec::new();
    let mut methods = Vec::new();
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                types.extend(module.content.into_iter().flat_map(|(_, items)| items));
            }
            Item::Impl(item) if item.trait_.is_none() && type_name(&item.self_ty).as_deref() == Some("Client") => {
                methods.extend(item.items.into_iter().filter_map(|item| match item {
                    ImplItem::Fn(method) if method.sig.asyncness.is_some() => Some(method.sig),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    read_types(model, types, &mut problems);
    for signature in methods {
        read_method(model, &signature, &mut problems);
    }
    problems.into_result(())
}

fn read_types(model: &mut Model, items: Vec<Item>, problems: &mut Problems) {
    let mut defined: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut implementations = Vec::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                *defined.entry(item.ident.to_string()).or_default() += 1;
                read_struct(model, item, problems);
            }
            Item::Enum(item) => {
                *defined.entry(item.ident.to_string()).or_default() += 1;
                let (name, attrs) = (item.ident.to_string(), item.attrs.clone());
                let mut item = item;
                item.attrs.clear();
                item.variants.iter_mut().for_each(|variant| variant.attrs.retain(|attr| !attr.path().is_ident("doc")));
                add_verbatim(model, &name, &attrs, Item::Enum(item), true);
            }
            Item::Type(item) => {
                *defined.entry(item.ident.to_string()).or_default() += 1;
                let (name, attrs) = (item.ident.to_string(), item.attrs.clone());
                let mut item = item;
                item.attrs.clear();
                add_verbatim(model, &name, &attrs, Item::Type(item), false);
            }
            Item::Impl(item) => implementations.push(item),
            Item::Mod(item) => {
                let helper = Verbatim { definition: deeper(Item::Mod(item)), ..Verbatim::default() };
                model.helpers.push(helper);
            }
            other => {
                let written: String = other.to_token_stream().to_string().chars().take(120).collect();
                problems.0.push(
                    Problem::new(STAGE, "progenitor's types", format!("unexpected item: {written}")).hint(CHANGED),
                );
            }
        }
    }
    for implementation in implementations {
        let owner = owner(&implementation);
        if let Some(TypeKind::Verbatim(verbatim)) =
            owner.and_then(|owner| model.types.get_mut(&owner)).map(|definition| &mut definition.kind)
        {
            verbatim.implementations.push(deeper(Item::Impl(implementation)));
        }
    }
    for (name, definition) in &model.types {
        let count = defined.get(name).copied().unwrap_or_default();
        // Enumerations are ours.
        if count != 1 && !matches!(definition.kind, TypeKind::Enum(_)) {
            let at = format!("#/components/schemas/{name}");
            problems.0.push(Problem::new(STAGE, at, format!("the component has {count} types")).hint(INLINE));
        }
    }
}

fn read_struct(model: &mut Model, item: ItemStruct, problems: &mut Problems) {
    let name = item.ident.to_string();
    let Fields::Named(fields) = &item.fields else {
        let attrs = item.attrs.clone();
        let mut item = item;
        item.attrs.clear();
        add_verbatim(model, &name, &attrs, Item::Struct(item), true);
        return;
    };
    let known = model.types.get_mut(&name).map(|definition| &mut definition.kind);
    let object = match known {
        Some(TypeKind::Struct(object)) => object,
        // An object without properties: progenitor makes a struct of it where unknown members are kept.
        Some(kind @ TypeKind::Verbatim(_)) => {
            *kind = TypeKind::Struct(Struct::default());
            match kind {
                TypeKind::Struct(object) => object,
                _ => return,
            }
        }
        _ => {
            problems.0.push(
                Problem::new(STAGE, name, "is a struct that no component describes, so its secrets are unknown")
                    .hint("name the inline schema it stands for; see the pass named_inline_objects"),
            );
            return;
        }
    };
    let mut seen = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let serde = Serde::of(&field.attrs);
        let ty = rust_type(&field.ty);
        if serde.flatten {
            object.rest = Some((ident.to_string(), ty));
            continue;
        }
        let wire = serde.rename.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned());
        match object.fields.iter_mut().find(|known| known.wire == wire) {
            Some(known) => {
                known.name = ident.to_string();
                // What may be left out is an `Option`, so that absent and empty stay apart.
                known.ty = if known.required { ty } else { ty.optional() };
                if known.positional && known.ty.elements().is_none() {
                    let problem =
                        Problem::new(STAGE, format!("{name}.{wire}"), "is marked x-positional and is not a list");
                    problems.0.push(problem.hint("correct the mark in openapi/overlays"));
                }
                seen.push(wire);
            }
            None => {
                let at = format!("{name}.{wire}");
                problems.0.push(Problem::new(STAGE, at, "is a field that the description does not have").hint(CHANGED));
            }
        }
    }
    let lost: Vec<String> =
        object.fields.iter().filter(|field| !seen.contains(&field.wire)).map(|field| field.wire.clone()).collect();
    for wire in lost {
        problems.0.push(Problem::new(STAGE, format!("{name}.{wire}"), "the field got lost on the way").hint(CHANGED));
    }
}

fn add_verbatim(model: &mut Model, name: &str, attrs: &[Attribute], definition: Item, is_data: bool) {
    let mut verbatim = Verbatim { definition: deeper(definition), is_data, ..Verbatim::default() };
    for attr in attrs {
        if attr.path().is_ident("derive") {
            if let Ok(paths) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) {
                verbatim.derives.extend(paths.iter().map(|path| path.to_token_stream().to_string().replace(' ', "")));
            }
        } else if !attr.path().is_ident("doc") {
            attr.to_tokens(&mut verbatim.attributes);
        }
    }
    let definition = model.types.entry(name.to_owned()).or_insert_with(|| TypeDefinition {
        name: name.to_owned(),
        module: "common".to_owned(),
        doc: format!("What progenitor calls `{name}`: the description gives it no name."),
        upstream: None,
        secret: false,
        sent: false,
        read: false,
        kind: TypeKind::Verbatim(Verbatim::default()),
    });
    definition.kind = TypeKind::Verbatim(verbatim);
}

fn read_method(model: &mut Model, signature: &syn::Signature, problems: &mut Problems) {
    let name = signature.ident.to_string();
    let Some(operation) = model.operations.get_mut(&name) else {
        problems.0.push(Problem::new(STAGE, name, "the method belongs to no operation").hint(INLINE));
        return;
    };
    let mut seen = 0;
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(pat) = &*input.pat else { continue };
        let (argument, ty) = (pat.ident.to_string(), rust_type(&input.ty));
        let number = operation.parameters.iter().enumerate().find(|(at, _)| facts::neutral_name(*at) == argument);
        match number.map(|(at, _)| at) {
            Some(at) => {
                operation.parameters[at].ty = ty;
                seen += 1;
            }
            None => {
                if let Some(body) = operation.body.as_mut().filter(|_| argument == "body")
                    && matches!(body.form, BodyForm::Json | BodyForm::Form)
                {
                    body.ty = ty;
                } else {
                    let at = format!("{name}: {argument}");
                    problems.0.push(Problem::new(STAGE, at, "is an argument of no parameter").hint(CHANGED));
                }
            }
        }
    }
    if seen != operation.parameters.len() {
        let message = format!("{seen} of {} parameters have a type", operation.parameters.len());
        problems.0.push(Problem::new(STAGE, name.clone(), message).hint(CHANGED));
    }
    match success_type(&signature.output) {
        Some(RustType::Bytes | RustType::Unit) => {}
        Some(ty) => operation.response = ty,
        None => {
            let message = "the method has another return type than Result<ResponseValue<_>, _>";
            problems.0.push(Problem::new(STAGE, name, message).hint(CHANGED));
        }
    }
}

/// `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success_type(output: &ReturnType) -> Option<RustType> {
    let ReturnType::Type(_, result) = output else { return None };
    Some(rust_type(first_argument(first_argument(result)?)?))
}

fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// A type as progenitor writes it; references are looked through.
fn rust_type(ty: &Type) -> RustType {
    let other = || RustType::Other(deeper_type(ty));
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Reference(reference) => return rust_type(&reference.elem),
        Type::Slice(slice) => return RustType::List(Box::new(rust_type(&slice.elem))),
        Type::Tuple(tuple) if tuple.elems.is_empty() => return RustType::Unit,
        _ => return other(),
    };
    let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let arguments: Vec<&Type> = match path.segments.last().map(|segment| &segment.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let inner = |at: usize| Box::new(arguments.get(at).map_or(RustType::Json, |ty| rust_type(ty)));
    match (names.as_slice(), arguments.len()) {
        (["crate", "open", name], 0) => RustType::Enum((*name).to_owned()),
        (["crate", "own", name], 0) => RustType::Own((*name).to_owned()),
        ([.., "option", "Option"] | ["Option"], 1) => RustType::Option(inner(0)),
        ([.., "vec", "Vec"] | ["Vec"], 1) => RustType::List(inner(0)),
        ([.., "boxed", "Box"] | ["Box"], 1) => RustType::Boxed(inner(0)),
        ([.., "string", "String"] | ["str"], 0) => RustType::String,
        (["bool"], 0) => RustType::Bool,
        (["serde_json", "Value"], 0) => RustType::Json,
        (["serde_json", "Map"], 2) => RustType::JsonMap,
        ([.., "collections", "BTreeMap" | "HashMap"], 2) => RustType::Map(inner(1)),
        ([.., "ByteStream"], _) => RustType::Bytes,
        (["types" | "self" | "super", name] | [name], 0) => {
            RustType::number(name).unwrap_or_else(|| RustType::Named((*name).to_owned()))
        }
        _ => other(),
    }
}

/// What a field's serde attributes say of its place on the wire.
#[derive(Default)]
struct Serde {
    rename: Option<String>,
    flatten: bool,
}

impl Serde {
    fn of(attrs: &[Attribute]) -> Self {
        let mut found = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            let Ok(entries) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else { continue };
            for entry in entries {
                match entry {
                    Meta::Path(path) if path.is_ident("flatten") => found.flatten = true,
                    Meta::NameValue(entry) if entry.path.is_ident("rename") => {
                        found.rename =
                            syn::parse2::<LitStr>(entry.value.to_token_stream()).ok().map(|text| text.value());
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

/// The type an implementation belongs to: its own, or for `impl From<X> for u64` the `X`.
fn owner(item: &syn::ItemImpl) -> Option<String> {
    let own = type_name(&item.self_ty)?;
    let foreign = matches!(&*item.self_ty, Type::Path(path) if path.path.leading_colon.is_some());
    if !foreign {
        return Some(own);
    }
    let segment = item.trait_.as_ref()?.0.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Some(own) };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(argument) => type_name(argument),
        _ => None,
    })
}

/// The last name of a path type, references looked through.
fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

/// An item for a file that lies one level below the module that progenitor wrote it for.
fn deeper(mut item: Item) -> TokenStream {
    Deeper.visit_item_mut(&mut item);
    quote!(#item)
}

fn deeper_type(ty: &Type) -> String {
    let mut ty = ty.clone();
    Deeper.visit_type_mut(&mut ty);
    ty.to_token_stream().to_string()
}

struct Deeper;

impl VisitMut for Deeper {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["self", _, ..] => path.segments[0].ident = quote::format_ident!("super"),
            ["crate", "open", name] => {
                let name = quote::format_ident!("{name}");
                *path = syn::parse_quote!(super::#name);
            }
            ["crate", "own", name] => {
                let name = quote::format_ident!("{name}");
                *path = syn::parse_quote!(rt::#name);
            }
            _ => {}
        }
        visit_mut::visit_path_mut(self, path);
    }
}

impl Default for Verbatim {
    fn default() -> Self {
        Self {
            derives: Vec::new(),
            attributes: TokenStream::new(),
            definition: TokenStream::new(),
            implementations: Vec::new(),
            is_data: false,
        }
    }
}

impl Field {
    /// The field's name without what a Rust keyword needs.
    pub fn label(&self) -> &str {
        self.name.trim_start_matches("r#")
    }
}
