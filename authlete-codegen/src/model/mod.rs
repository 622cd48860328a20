//! Everything that is emitted, as data: operations, types, groups, servers.
//!
//! [`Model::read`] takes the facts from the effective description, and what the description does not say, which Rust
//! types progenitor makes of its schemas, from progenitor's output. `read` is the only module that looks at that output;
//! whatever comes after works with the model.

mod facts;
pub mod progenitor;
mod read;
mod rust_type;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;

pub use rust_type::RustType;

use crate::{Document, Problems};

/// What is emitted.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Operations by method name.
    pub operations: BTreeMap<String, Operation>,
    /// Every type that is generated, by name.
    pub types: BTreeMap<String, TypeDefinition>,
    /// The types that the runtime has written by hand, by name.
    pub own: BTreeMap<String, OwnType>,
    /// What each group of operations is for.
    pub groups: BTreeMap<String, String>,
    /// The servers of the API.
    pub servers: Vec<Server>,
    /// Modules that progenitor's own types use (`error`, `defaults`), as they are.
    pub helpers: Vec<Verbatim>,
}

/// A server of the description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its base URL, without a slash at the end.
    pub url: String,
    /// Its short name: `us`.
    pub region: Option<String>,
    /// The id of its cluster, for creating a service.
    pub cluster: Option<i64>,
    /// What is said of it.
    pub doc: String,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The upstream id.
    pub id: String,
    /// Its name in Rust.
    pub name: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The first tag.
    pub tag: String,
    /// The parameters, in the order in which they are declared.
    pub parameters: Vec<Parameter>,
    /// The body that is sent.
    pub body: Option<Body>,
    /// What a successful response holds.
    pub response: RustType,
    /// Its place among the groups, where it has one.
    pub layer: Option<Layer>,
    /// Whether it is on the server of the identity provider.
    pub idp: bool,
    /// The version of the server that brought it, where it is newer than version 3.0.
    pub since: Option<String>,
    /// How it hands out a list in pieces, where it does.
    pub paging: Option<Paging>,
}

/// How an operation hands out a list in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// By the numbers of the first element and of the one after the last: `start`, `end`.
    Range,
    /// By a cursor that each response has for the next.
    Cursor {
        /// The parameter that takes the cursor.
        cursor: String,
        /// The field of the response with the next cursor.
        next: String,
        /// The field of the response with the elements.
        items: String,
        /// The parameter with the most elements of a response.
        limit: String,
    },
}

impl Operation {
    /// The module that it goes into.
    pub fn module(&self) -> String {
        module_name(&self.tag)
    }

    /// Its name for people: without what a Rust keyword needs.
    pub fn plain_name(&self) -> &str {
        self.name.trim_start_matches("r#")
    }

    /// The parameters in the path, in its order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.place == Place::Path)
    }

    /// Whether it belongs to one service.
    pub fn is_of_service(&self) -> bool {
        self.parameters.iter().any(Parameter::is_service_id)
    }
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name on the wire.
    pub wire: String,
    /// Its name in Rust, distinct from those of the operation's other parameters.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// What it holds; an `Option` where it can be left out.
    pub ty: RustType,
    /// The type of the runtime that it has in the groups.
    pub own: Option<String>,
    /// Whether its value is written as JSON.
    pub json: bool,
    /// What it is for.
    pub doc: String,
}

impl Parameter {
    /// Whether it is the id of the service that a call belongs to.
    pub fn is_service_id(&self) -> bool {
        self.place == Place::Path && self.wire == SERVICE_ID
    }
}

/// The parameter that makes an operation one of a service.
pub const SERVICE_ID: &str = "serviceId";

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a header.
    Header,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its media type.
    pub media: String,
    /// How it is written.
    pub form: BodyForm,
    /// What it holds.
    pub ty: RustType,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// As JSON.
    Json,
    /// As a form.
    Form,
    /// As a string.
    Text,
    /// As bytes.
    Bytes,
}

/// Where an operation stands among the groups, and what is known of it.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The accessor it stands under.
    pub group: String,
    /// Its method there.
    pub method: String,
    /// What it is for.
    pub doc: String,
    /// What people search for who need it.
    pub aliases: Vec<String>,
    /// When it may be sent again: `safe`, `idempotent` or `not-idempotent`.
    pub idempotency: String,
    /// The fields of its request with which it may not be sent again.
    pub not_idempotent_with: Vec<String>,
    /// Whether its response is kept: `service`, `client`, `clears` or `none`.
    pub cache: String,
    /// Whether it may end access tokens, or change what introspection says of them.
    pub ends_tokens: bool,
}

/// A type that is generated.
#[derive(Debug, Clone)]
pub struct TypeDefinition {
    /// Its name in Rust.
    pub name: String,
    /// The module it goes into: that of its operations' tag when they share one, `common` otherwise.
    pub module: String,
    /// What it is.
    pub doc: String,
    /// Its name in the upstream document, where it has one there.
    pub upstream: Option<String>,
    /// Whether its value is a secret.
    pub secret: bool,
    /// Whether a request can contain it.
    pub sent: bool,
    /// Whether a response can contain it.
    pub read: bool,
    /// What it is made of.
    pub kind: TypeKind,
}

/// What a type is made of.
#[derive(Debug, Clone)]
pub enum TypeKind {
    /// An object.
    Struct(Struct),
    /// An open enumeration of strings: the values, in the description's order.
    Enum(Vec<EnumValue>),
    /// A type of progenitor's own making, as it is: a union, or a wrapper.
    Verbatim(Verbatim),
}

/// A value of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// The value on the wire.
    pub value: String,
    /// What it means.
    pub doc: String,
}

/// A type that the runtime has written by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnType {
    /// Whether its value is a secret.
    pub secret: bool,
}

/// An object.
#[derive(Debug, Clone, Default)]
pub struct Struct {
    /// Its fields, in the order of their names on the wire.
    pub fields: Vec<Field>,
    /// The field that keeps what is not known, and what it holds.
    pub rest: Option<(String, RustType)>,
}

impl Struct {
    /// The field of a name on the wire.
    pub fn field(&self, wire: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.wire == wire)
    }

    /// Whether every field can be left out.
    pub fn all_optional(&self) -> bool {
        self.fields.iter().all(|field| field.ty.is_option())
    }
}

/// A field of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire.
    pub wire: String,
    /// Its name in Rust.
    pub name: String,
    /// What it holds; an `Option` where it can be left out.
    pub ty: RustType,
    /// Whether the description says that it must be there.
    pub required: bool,
    /// Whether its value is a secret.
    pub secret: bool,
    /// What its number counts: `seconds`, `epoch-milliseconds` and the like.
    pub unit: Option<String>,
    /// Whether it is a list in which the places of the elements mean something.
    pub positional: bool,
    /// What it is.
    pub doc: String,
}

/// Code of progenitor's that is taken over as it is.
#[derive(Debug, Clone)]
pub struct Verbatim {
    /// The traits that it derives, `Debug` among them or not.
    pub derives: Vec<String>,
    /// Its attributes other than those, documentation left out.
    pub attributes: TokenStream,
    /// The definition, without attributes.
    pub definition: TokenStream,
    /// What is implemented for it.
    pub implementations: Vec<TokenStream>,
    /// Whether it is an enum, a struct, or neither (an alias, a module).
    pub is_data: bool,
}

impl Model {
    /// Reads the effective document.
    ///
    /// # Errors
    /// What the document has that cannot be represented, or where what progenitor makes of it is not what was expected.
    pub fn read(document: &Document) -> Result<Self, Problems> {
        let mut model = facts::read(document)?;
        let file = progenitor::generate(document, &model)?;
        read::complete(&mut model, file)?;
        Ok(model)
    }

    /// The struct of a name.
    pub fn object(&self, name: &str) -> Option<&Struct> {
        match &self.types.get(name)?.kind {
            TypeKind::Struct(object) => Some(object),
            _ => None,
        }
    }

    /// The structs, by name.
    pub fn objects(&self) -> impl Iterator<Item = (&String, &TypeDefinition, &Struct)> {
        self.types.iter().filter_map(|(name, definition)| match &definition.kind {
            TypeKind::Struct(object) => Some((name, definition, object)),
            _ => None,
        })
    }

    /// The enumerations, by name.
    pub fn enums(&self) -> impl Iterator<Item = (&String, &TypeDefinition, &[EnumValue])> {
        self.types.iter().filter_map(|(name, definition)| match &definition.kind {
            TypeKind::Enum(values) => Some((name, definition, values.as_slice())),
            _ => None,
        })
    }

    /// The field at a path (`info.identifier`) of a struct.
    pub fn field(&self, name: &str, path: &str) -> Option<&Field> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let field = self.object(name)?.field(first)?;
        match rest {
            Some(rest) => self.field(field.ty.name()?, rest),
            None => Some(field),
        }
    }
}

/// A tag as a module's name: `Token Endpoint` as `token_endpoint`.
pub fn module_name(tag: &str) -> String {
    let mut name = String::new();
    for word in tag.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(&word.to_ascii_lowercase());
    }
    // The names of modules that stand beside those of the tags: ours, and progenitor's own.
    let taken = ["common", "defaults", "enums", "error"].contains(&name.as_str());
    if taken || syn::parse_str::<syn::Ident>(&name).is_err() {
        name.insert_str(0, "tag_");
    }
    name
}
