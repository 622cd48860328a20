//! What OpenAPI 3.0 says each object holds, and which of it is a fact.
//!
//! The walk over a document follows these tables, so that a keyword is told from a property, schema or response that
//! happens to have the keyword's name.

use serde_json::Value;

/// The kinds of object in an OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Info,
    License,
    Tag,
    Server,
    ServerVariable,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    MediaType,
    Encoding,
    Response,
    Schema,
    Xml,
    Discriminator,
    Components,
    SecurityScheme,
    Flows,
    Flow,
}

/// What is expected under a keyword.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A value kept as it is, when it passes the test.
    Fact(fn(&Value) -> bool),
    /// One object.
    One(Kind),
    /// A list of objects.
    List(Kind),
    /// Objects by name; the names are upstream's, so none is a keyword.
    Map(Kind),
    /// As `Map`, but an `x-` name is an extension.
    Extensible(Kind),
    /// Maps by name, as callbacks are.
    Maps(Kind),
    /// A truth value or a schema.
    FlagOrSchema,
    /// A text of ours in the place of upstream's; present even where upstream has none.
    Ours(&'static str),
    /// A required text that is a fact; the given one stands in when it is absent.
    Required(&'static str),
    /// Names with a text each: the names are facts, and stand in for the texts.
    Names,
}

use Kind::*;
use Shape::*;

const TEXT: Shape = Fact(Value::is_string);
const FLAG: Shape = Fact(Value::is_boolean);
const NUMBER: Shape = Fact(Value::is_number);
const COUNT: Shape = Fact(Value::is_u64);
const LIST: Shape = Fact(Value::is_array);
const ANY: Shape = Fact(|_| true);
const TEXTS: Shape = Fact(is_texts);
const TEXT_MAP: Shape = Fact(|value| value.as_object().is_some_and(|map| map.values().all(Value::is_string)));
const SECURITY: Shape = Fact(|value| {
    value.as_array().is_some_and(|list| {
        list.iter().all(|item| item.as_object().is_some_and(|schemes| schemes.values().all(is_texts)))
    })
});

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// The keywords of an object of that kind that are facts.
pub(super) fn fields(kind: Kind) -> &'static [(&'static str, Shape)] {
    match kind {
        Root => &[
            ("openapi", TEXT),
            ("info", One(Info)),
            ("servers", List(Server)),
            ("paths", Extensible(PathItem)),
            ("components", One(Components)),
            ("security", SECURITY),
            ("tags", List(Tag)),
        ],
        Info => &[("title", Ours("Authlete API")), ("version", Required("unknown")), ("license", One(License))],
        License => &[("name", Required("unknown")), ("url", TEXT)],
        Tag => &[("name", TEXT)],
        Server => &[("url", TEXT), ("variables", Map(ServerVariable))],
        ServerVariable => &[("enum", TEXTS), ("default", TEXT)],
        PathItem => &[
            ("$ref", TEXT),
            ("get", One(Operation)),
            ("put", One(Operation)),
            ("post", One(Operation)),
            ("delete", One(Operation)),
            ("options", One(Operation)),
            ("head", One(Operation)),
            ("patch", One(Operation)),
            ("trace", One(Operation)),
            ("servers", List(Server)),
            ("parameters", List(Parameter)),
        ],
        Operation => &[
            ("tags", TEXTS),
            ("operationId", TEXT),
            ("parameters", List(Parameter)),
            ("requestBody", One(RequestBody)),
            ("responses", Extensible(Response)),
            ("callbacks", Maps(PathItem)),
            ("deprecated", FLAG),
            ("security", SECURITY),
            ("servers", List(Server)),
        ],
        Parameter => &[
            ("name", TEXT),
            ("in", TEXT),
            ("required", FLAG),
            ("deprecated", FLAG),
            ("allowEmptyValue", FLAG),
            ("style", TEXT),
            ("explode", FLAG),
            ("allowReserved", FLAG),
            ("schema", One(Schema)),
            ("content", Map(MediaType)),
        ],
        Header => &[
            ("required", FLAG),
            ("deprecated", FLAG),
            ("allowEmptyValue", FLAG),
            ("style", TEXT),
            ("explode", FLAG),
            ("allowReserved", FLAG),
            ("schema", One(Schema)),
            ("content", Map(MediaType)),
        ],
        RequestBody => &[("content", Map(MediaType)), ("required", FLAG)],
        MediaType => &[("schema", One(Schema)), ("encoding", Map(Encoding))],
        Encoding => &[
            ("contentType", TEXT),
            ("headers", Map(Header)),
            ("style", TEXT),
            ("explode", FLAG),
            ("allowReserved", FLAG),
        ],
        Response => &[("description", Ours("A response.")), ("headers", Map(Header)), ("content", Map(MediaType))],
        Schema => &[
            ("type", TEXT),
            ("format", TEXT),
            ("enum", LIST),
            ("nullable", FLAG),
            ("readOnly", FLAG),
            ("writeOnly", FLAG),
            ("deprecated", FLAG),
            ("default", ANY),
            ("required", TEXTS),
            ("properties", Map(Schema)),
            ("additionalProperties", FlagOrSchema),
            ("items", One(Schema)),
            ("allOf", List(Schema)),
            ("oneOf", List(Schema)),
            ("anyOf", List(Schema)),
            ("not", One(Schema)),
            ("discriminator", One(Discriminator)),
            ("multipleOf", NUMBER),
            ("maximum", NUMBER),
            ("exclusiveMaximum", FLAG),
            ("minimum", NUMBER),
            ("exclusiveMinimum", FLAG),
            ("maxLength", COUNT),
            ("minLength", COUNT),
            ("pattern", TEXT),
            ("maxItems", COUNT),
            ("minItems", COUNT),
            ("uniqueItems", FLAG),
            ("maxProperties", COUNT),
            ("minProperties", COUNT),
            ("xml", One(Xml)),
        ],
        Xml => &[("name", TEXT), ("namespace", TEXT), ("prefix", TEXT), ("attribute", FLAG), ("wrapped", FLAG)],
        Discriminator => &[("propertyName", TEXT), ("mapping", TEXT_MAP)],
        Components => &[
            ("schemas", Map(Schema)),
            ("responses", Map(Response)),
            ("parameters", Map(Parameter)),
            ("requestBodies", Map(RequestBody)),
            ("headers", Map(Header)),
            ("securitySchemes", Map(SecurityScheme)),
            ("callbacks", Maps(PathItem)),
        ],
        SecurityScheme => &[
            ("type", TEXT),
            ("name", TEXT),
            ("in", TEXT),
            ("scheme", TEXT),
            ("bearerFormat", TEXT),
            ("flows", One(Flows)),
            ("openIdConnectUrl", TEXT),
        ],
        Flows => &[
            ("implicit", One(Flow)),
            ("password", One(Flow)),
            ("clientCredentials", One(Flow)),
            ("authorizationCode", One(Flow)),
        ],
        Flow => &[("authorizationUrl", TEXT), ("tokenUrl", TEXT), ("refreshUrl", TEXT), ("scopes", Names)],
    }
}

/// Whether the standard lets a reference stand for an object of that kind. (A path item's is beside other keywords.)
pub(super) fn may_be_reference(kind: Kind) -> bool {
    matches!(kind, Parameter | Header | RequestBody | Response | Schema | SecurityScheme)
}

/// Whether a keyword is for people (or for a vendor's tools), and so dropped without a word.
pub(super) fn is_prose(key: &str) -> bool {
    key.starts_with("x-")
        || matches!(
            key,
            "description"
                | "summary"
                | "title"
                | "example"
                | "examples"
                | "externalDocs"
                | "links"
                | "contact"
                | "termsOfService"
        )
}
