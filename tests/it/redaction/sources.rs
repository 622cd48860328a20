//! The types of the published crates that can be printed, as their sources have them.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{Attribute, Fields, Generics, Ident, Item, Visibility};

use super::table::DEBUGGED;
use crate::project;

/// The crates whose values programs print.
const CRATES: [&str; 4] = ["authlete-core", "authlete-api", "authlete-resource-server", "authlete-test"];

/// Types that hold no secret, and those that print what is in them.
const HARMLESS: &str = "u8 u16 u32 u64 usize i32 i64 bool Duration Instant SystemTime StatusCode PhantomData Option Vec Range Arc \
                        Box BTreeSet RwLock Mutex";

/// The types whose `Debug` has to be looked at: it is written by hand, or derived with a field that may hold a secret. A macro
/// that writes `Debug` is among them, as `name!`. What is known of the tables' own types is taken from `tabled`.
pub(super) fn to_look_at(tabled: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut found = Found::default();
    for name in CRATES {
        let folder = project::path(name).join("src");
        // The types of the description have a table of their own.
        let of_description = folder.join("generated/types");
        for (_, file) in project::sources(&folder).iter().filter(|(path, _)| !path.starts_with(&of_description)) {
            found.items(&file.items);
        }
    }
    let Found { mut to_look_at, mut derived, arguments, public } = found;
    to_look_at.retain(|name| name.ends_with('!') || public.contains(name));
    let mut known: BTreeSet<String> = HARMLESS.split_whitespace().map(str::to_owned).collect();
    known.extend(to_look_at.iter().cloned());
    known.extend(DEBUGGED.iter().map(|(name, _)| (*name).to_owned()));
    for (name, idents) in arguments {
        if to_look_at.contains(&name) {
            known.extend(idents);
        }
    }
    known.extend(tabled.iter().map(|name| (*name).to_owned()));
    // What prints nothing but types that are known is known.
    while let Some(name) = derived.iter().find(|(_, fields)| fields.is_subset(&known)).map(|(name, _)| name.clone()) {
        derived.remove(&name);
        known.insert(name);
    }
    to_look_at.extend(derived.keys().filter(|name| tabled.contains(name.as_str())).cloned());
    to_look_at.extend(derived.into_keys().filter(|name| public.contains(name)));
    to_look_at
}

#[derive(Default)]
struct Found {
    /// Types, and macros, with a `Debug` that is written by hand.
    to_look_at: BTreeSet<String>,
    /// Types that derive it, with the types of their fields.
    derived: BTreeMap<String, BTreeSet<String>>,
    /// Types that are public where they are defined.
    public: BTreeSet<String>,
    /// What macros are called with.
    arguments: Vec<(String, Vec<String>)>,
}

impl Found {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Struct(syn::ItemStruct { vis: Visibility::Public(_), ident, .. })
            | Item::Enum(syn::ItemEnum { vis: Visibility::Public(_), ident, .. }) = item
            {
                self.public.insert(ident.to_string());
            }
            match item {
                Item::Struct(item) if derives_debug(&item.attrs) => {
                    self.derived(&item.ident, &item.generics, [&item.fields]);
                }
                Item::Enum(item) if derives_debug(&item.attrs) => {
                    self.derived(&item.ident, &item.generics, item.variants.iter().map(|variant| &variant.fields));
                }
                Item::Impl(item) => {
                    let written = item.to_token_stream().to_string();
                    if let Some((_, of)) = written.split_once("Debug for ").filter(|(head, _)| !head.contains('{')) {
                        let path = of.split(['<', '{']).next().unwrap_or_default();
                        self.to_look_at.insert(path.rsplit(':').next().unwrap_or_default().trim().to_owned());
                    }
                }
                Item::Mod(item) if !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) => {
                    self.items(item.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default());
                }
                Item::Macro(item) => {
                    let tokens = item.mac.tokens.to_string();
                    match &item.ident {
                        Some(name) if tokens.contains("Debug for") => {
                            self.to_look_at.insert(macro_name(name));
                        }
                        Some(_) => {}
                        None => {
                            let name = item.mac.path.segments.last().map(|name| macro_name(&name.ident));
                            self.arguments.push((name.unwrap_or_default(), idents(&tokens).collect()));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn derived<'a>(&mut self, name: &Ident, generics: &Generics, fields: impl IntoIterator<Item = &'a Fields>) {
        let parameters: Vec<_> = generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
        let mut types = BTreeSet::new();
        for field in fields.into_iter().flat_map(Fields::iter) {
            let ty = field
                .ty
                .to_token_stream()
                .to_string()
                .replace("& 'static str", "")
                .replace("reqwest :: Error", "ReqwestError");
            // It prints nothing of the type of its response.
            let ty = if ty.contains("OptionalCall <") { "OptionalCall" } else { &ty };
            types.extend(idents(ty).filter(|name| !parameters.contains(name)));
        }
        self.derived.insert(name.to_string(), types);
    }
}

/// The names of types in a text: modules, keywords and lifetimes begin with small letters, as primitive types do.
fn idents(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | '\''));
    let is_type = |word: &&str| {
        word.starts_with(char::is_uppercase) || *word == "str" || HARMLESS.split(' ').any(|name| name == *word)
    };
    words.filter(is_type).map(str::to_owned)
}

fn macro_name(name: &Ident) -> String {
    format!("{}!", name.to_string().trim_start_matches('_'))
}

fn derives_debug(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive") && attribute.to_token_stream().to_string().contains("Debug")
    })
}
