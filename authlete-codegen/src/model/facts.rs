//! What the effective description itself says: everything but the Rust types.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::{Map, Value};

use super::{
    Body, BodyForm, EnumValue, Field, Layer, Model, Operation, OwnType, Paging, Parameter, Place, RustType, Server,
    Struct, TypeDefinition, TypeKind,
};
use crate::document::METHODS;
use crate::{Document, Problem, Problems};

const STAGE: &str = "model";

/// Reads the document.
pub(super) fn read(document: &Document) -> Result<Model, Problems> {
    let mut model = Model::default();
    let mut problems = Problems::default();
    for (path, method, operation) in document.operations() {
        match read_operation(path, method, operation) {
            Ok(operation) => {
                let at = format!("{} {path}", operation.method);
                let name = operation.name.clone();
                if let Some(known) = model.operations.insert(name.clone(), operation) {
                    let message = format!("{} {} has the operationId {name} too", known.method, known.path);
                    problems.0.push(Problem::new(STAGE, at, message));
                }
            }
            Err(message) => {
                problems.0.push(Problem::new(STAGE, format!("{} {path}", method.to_uppercase()), message));
            }
        }
    }
    for (name, schema) in document.schemas() {
        read_schema(&mut model, name, schema);
    }
    place_types(&mut model, document);
    for (name, doc) in document.0.get("x-groups").and_then(Value::as_object).into_iter().flatten() {
        model.groups.insert(name.clone(), doc.as_str().unwrap_or_default().to_owned());
    }
    model.servers = servers(document);
    problems.into_result(model)
}

fn read_operation(path: &str, method: &str, operation: &Map<String, Value>) -> Result<Operation, String> {
    let name = text(operation, "operationId").ok_or("the operation has no operationId")?;
    let id = text(operation, "x-operation-id").unwrap_or(name).to_owned();
    let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).unwrap_or("Other");
    let body = operation.get("requestBody").map(read_body).transpose()?.flatten();
    Ok(Operation {
        id,
        name: rust_name(name),
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: tag.to_owned(),
        parameters: parameters(path, operation)?,
        body,
        response: if has_other_content(operation) { RustType::Bytes } else { RustType::Unit },
        layer: layer(operation),
        idp: text(operation, "x-host") == Some("idp"),
        since: text(operation, "x-since").map(str::to_owned),
        paging: paging(operation),
    })
}

fn paging(operation: &Map<String, Value>) -> Option<Paging> {
    let Some(declared) = operation.get("x-paging") else {
        let has = |wire: &str| {
            let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
            parameters.any(|parameter| {
                parameter["name"] == wire
                    && parameter["in"] == "query"
                    && parameter["schema"]["type"] == "integer"
                    && parameter["required"] != true
            })
        };
        return (has("start") && has("end")).then_some(Paging::Range);
    };
    let text = |key: &str| declared.get(key).and_then(Value::as_str).map(str::to_owned);
    match declared.as_str() {
        Some("range") => Some(Paging::Range),
        _ => Some(Paging::Cursor {
            cursor: text("cursor")?,
            next: text("next")?,
            items: text("items")?,
            limit: text("limit")?,
        }),
    }
}

/// An operation's id as a name in Rust: a keyword gets an underscore.
pub(super) fn rust_name(id: &str) -> String {
    if syn::parse_str::<syn::Ident>(id).is_ok() { id.to_owned() } else { format!("{id}_") }
}

fn layer(operation: &Map<String, Value>) -> Option<Layer> {
    let given = |key| text(operation, key).map(str::to_owned);
    let names = |key| -> Vec<String> {
        let names = operation.get(key).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Some(Layer {
        group: given("x-group")?,
        method: given("x-method")?,
        doc: given("x-doc").unwrap_or_default(),
        idempotency: given("x-idempotency")?,
        aliases: names("x-aliases"),
        not_idempotent_with: names("x-not-idempotent-with"),
        cache: given("x-cache").unwrap_or_else(|| "none".to_owned()),
        ends_tokens: operation.get("x-ends-tokens") == Some(&Value::Bool(true)),
    })
}

/// The names that generated functions use beside those of their parameters, and those of the methods of a call, which has a
/// setter for each parameter that can be left out.
const USED_NAMES: [&str; 12] = [
    "client",
    "request",
    "body",
    "operation",
    "service",
    "authlete",
    "timeout",
    "header",
    "pages",
    "clone",
    "into_future",
    "into",
];

fn parameters(path: &str, operation: &Map<String, Value>) -> Result<Vec<Parameter>, String> {
    let mut found: Vec<Parameter> = Vec::new();
    for declared in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let declared = declared.as_object().ok_or("a parameter is not an object")?;
        let wire = text(declared, "name").ok_or("a parameter has no name")?;
        let place = match text(declared, "in") {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            Some(other) => return Err(format!("the parameter {wire} goes into a {other}, which is not supported")),
            None => return Err(format!("the parameter {wire} does not say where it goes")),
        };
        if let Some(style @ ("deepObject" | "matrix" | "label" | "spaceDelimited" | "pipeDelimited")) =
            text(declared, "style")
        {
            return Err(format!("the parameter {wire} has the style {style}, which is not supported"));
        }
        if place == Place::Path && !path.contains(&format!("{{{wire}}}")) {
            return Err(format!("the path has no placeholder for the parameter {wire}"));
        }
        let wanted = field_name(wire);
        // `service_id` is the one name that generated code gives a meaning, and it has that meaning in a path alone.
        let own = USED_NAMES.contains(&wanted.as_str()) || (wanted == "service_id" && place != Place::Path);
        let mut name = if own { format!("{wanted}_parameter") } else { wanted.clone() };
        let mut number = 2;
        while found.iter().any(|known| known.name == name) {
            name = format!("{wanted}_parameter_{number}");
            number += 1;
        }
        found.push(Parameter {
            wire: wire.to_owned(),
            name,
            place,
            ty: RustType::String,
            own: text(declared, "x-rust-type").map(str::to_owned),
            json: declared.contains_key("content"),
            doc: text(declared, "description").unwrap_or_default().to_owned(),
        });
    }
    Ok(found)
}

/// A name on the wire as one in Rust.
fn field_name(wire: &str) -> String {
    let name = wire.to_snake_case();
    let name: String = name.chars().map(|c| if c == '_' || c.is_alphanumeric() { c } else { '_' }).collect();
    if syn::parse_str::<syn::Ident>(&name).is_ok() {
        return name;
    }
    let numbered = format!("_{name}");
    if name.starts_with(|c: char| c.is_ascii_digit()) && syn::parse_str::<syn::Ident>(&numbered).is_ok() {
        return numbered;
    }
    let keyword = format!("{name}_");
    if syn::parse_str::<syn::Ident>(&keyword).is_ok() && keyword != "_" { keyword } else { "parameter".to_owned() }
}

fn read_body(body: &Value) -> Result<Option<Body>, String> {
    let content = body.get("content").and_then(Value::as_object);
    let Some((media, _)) = content.and_then(|content| content.iter().next()) else { return Ok(None) };
    let plain = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let declared = text(body.as_object().unwrap_or(&Map::new()), "x-media-type").unwrap_or(media).to_owned();
    let form = match plain.as_str() {
        "application/x-www-form-urlencoded" => BodyForm::Form,
        media if media == "application/json" || media.ends_with("+json") => BodyForm::Json,
        media if media.starts_with("text/") || ["application/jose", "application/jwt"].contains(&media) => {
            BodyForm::Text
        }
        media if media.starts_with("multipart/") => {
            return Err(format!("the body is {media}, which is not supported: take the operation out by an overlay"));
        }
        _ => BodyForm::Bytes,
    };
    let ty = match form {
        BodyForm::Text => RustType::String,
        BodyForm::Bytes => RustType::Bytes,
        BodyForm::Json | BodyForm::Form => RustType::Json,
    };
    Ok(Some(Body { media: declared, form, ty }))
}

/// Whether a success has content, and none of it is JSON.
fn has_other_content(operation: &Map<String, Value>) -> bool {
    let responses = operation.get("responses").and_then(Value::as_object);
    let mut success = responses.into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    success.any(|(_, response)| {
        let content = response.get("content").and_then(Value::as_object);
        content.is_some_and(|content| !content.is_empty() && !content.contains_key("application/json"))
    })
}

fn read_schema(model: &mut Model, name: &str, schema: &Value) {
    let Some(object) = schema.as_object() else { return };
    let secret = is_secret(schema);
    if object.contains_key("x-rust-type") {
        model.own.insert(name.to_owned(), OwnType { secret });
        return;
    }
    let kind = if let Some(values) = enum_values(object) {
        TypeKind::Enum(values)
    } else if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        let required: BTreeSet<_> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = properties
            .iter()
            .map(|(wire, property)| Field {
                wire: wire.clone(),
                name: String::new(),
                ty: RustType::Json,
                required: required.contains(wire.as_str()),
                secret: is_secret(property),
                unit: unit(property),
                positional: property.get("x-positional") == Some(&Value::Bool(true)),
                doc: property.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            })
            .collect();
        TypeKind::Struct(Struct { fields, rest: None })
    } else {
        TypeKind::Verbatim(super::Verbatim::default())
    };
    // Types that stand where the upstream document has something written out have no name there.
    let inline = object.contains_key("x-upstream-place");
    let upstream = text(object, "x-upstream-name").map(str::to_owned);
    let upstream = upstream.or_else(|| (!inline && !matches!(kind, TypeKind::Enum(_))).then(|| name.to_owned()));
    model.types.insert(
        name.to_owned(),
        TypeDefinition {
            name: name.to_owned(),
            module: String::new(),
            doc: text(object, "description").unwrap_or(name).to_owned(),
            upstream,
            secret,
            sent: false,
            read: false,
            kind,
        },
    );
}

fn unit(schema: &Value) -> Option<String> {
    schema.get("x-unit").and_then(Value::as_str).map(str::to_owned)
}

/// The values, when the schema is an enumeration of strings.
fn enum_values(schema: &Map<String, Value>) -> Option<Vec<EnumValue>> {
    let docs = schema.get("x-value-docs");
    let values = schema.get("enum")?.as_array()?;
    values
        .iter()
        .filter(|value| !value.is_null())
        .map(|value| {
            let value = value.as_str()?;
            let doc = docs.and_then(|docs| docs.get(value)).and_then(Value::as_str).unwrap_or_default();
            Some(EnumValue { value: value.to_owned(), doc: doc.to_owned() })
        })
        .collect()
}

/// The module of each type, and in which direction it goes. A type that only one tag's operations reach lives with them.
fn place_types(model: &mut Model, document: &Document) {
    let mut tags: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut sent, mut read) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, operation) in document.operations() {
        let name = text(operation, "operationId").map(rust_name);
        let module = name.and_then(|name| model.operations.get(&name)).map(Operation::module);
        for name in document.reachable(operation.values()) {
            tags.entry(name).or_default().extend(module.clone());
        }
        sent.extend(document.reachable(operation.get("requestBody")));
        let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
        let success = responses.filter(|(status, _)| status.starts_with('2'));
        read.extend(document.reachable(success.map(|(_, response)| response)));
    }
    for (name, definition) in &mut model.types {
        definition.module = match tags.get(name.as_str()) {
            Some(modules) if modules.len() == 1 => modules.first().cloned().unwrap_or_default(),
            _ => "common".to_owned(),
        };
        definition.sent = sent.contains(name.as_str());
        definition.read = read.contains(name.as_str());
    }
}

fn servers(document: &Document) -> Vec<Server> {
    let servers = document.0.get("servers").and_then(Value::as_array);
    servers
        .into_iter()
        .flatten()
        .filter_map(|server| {
            Some(Server {
                url: server.get("url")?.as_str()?.trim_end_matches('/').to_owned(),
                region: server.get("x-region").and_then(Value::as_str).map(str::to_owned),
                cluster: server.get("x-cluster-id").and_then(Value::as_i64),
                doc: server.get("x-doc").and_then(Value::as_str).unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// A list or map is as secret as its elements, a choice as the most secret of its parts.
fn is_secret(schema: &Value) -> bool {
    let inner = |key: &str| schema.get(key).is_some_and(is_secret);
    let parts = |key: &str| schema.get(key).and_then(Value::as_array).is_some_and(|parts| parts.iter().any(is_secret));
    schema.get("x-secret") == Some(&Value::Bool(true))
        || inner("items")
        || inner("additionalProperties")
        || parts("oneOf")
        || parts("anyOf")
        || parts("allOf")
}

/// The document that progenitor is given: the same schemas, and of each operation what has a type. Everything that
/// progenitor has its own opinion of, and that we write ourselves, is left out or has a neutral form: methods, paths,
/// places and names of parameters, media types.
pub(super) fn neutral(document: &Document) -> Document {
    let mut paths = Map::new();
    if let Some(all) = document.0.get("paths").and_then(Value::as_object) {
        let operations = all.values().filter_map(Value::as_object).flatten();
        let operations = operations.filter(|(method, _)| METHODS.contains(&method.as_str()));
        for (number, (_, operation)) in operations.enumerate() {
            let Some(operation) = operation.as_object() else { continue };
            paths.insert(format!("/{number}"), serde_json::json!({ "post": neutral_operation(operation) }));
        }
    }
    let mut neutral = document.clone();
    if let Some(root) = neutral.0.as_object_mut() {
        root.insert("paths".to_owned(), Value::Object(paths));
        root.retain(|key, _| ["openapi", "info", "paths", "components", "x-roots"].contains(&key.as_str()));
    }
    neutral
}

fn neutral_operation(operation: &Map<String, Value>) -> Value {
    let mut kept = Map::new();
    if let Some(id) = operation.get("operationId") {
        kept.insert("operationId".to_owned(), id.clone());
    }
    let declared = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let parameters: Vec<Value> = declared
        .enumerate()
        .map(|(number, parameter)| {
            let content = parameter.get("content").and_then(Value::as_object);
            let content = content.and_then(|content| content.values().next()).and_then(|media| media.get("schema"));
            let schema = parameter.get("schema").or(content).cloned().unwrap_or_else(|| serde_json::json!({}));
            let required = parameter.get("required").cloned().unwrap_or(Value::Bool(false));
            serde_json::json!({
                "name": neutral_name(number), "in": "query", "required": required, "schema": schema,
            })
        })
        .collect();
    kept.insert("parameters".to_owned(), Value::Array(parameters));
    if let Some(schema) = operation.get("requestBody").and_then(structured) {
        let body = serde_json::json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        kept.insert("requestBody".to_owned(), body);
    }
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let mut success = responses.filter(|(status, _)| status.starts_with('2')).map(|(status, response)| {
        let schema = response.get("content").and_then(|content| content.get("application/json"));
        let schema = schema.map(|media| media.get("schema").cloned().unwrap_or_else(|| serde_json::json!({})));
        let content = schema.map(|schema| serde_json::json!({ "application/json": { "schema": schema } }));
        (
            status.clone(),
            serde_json::json!({ "description": "-", "content": content.unwrap_or_else(|| serde_json::json!({})) }),
        )
    });
    let success: Map<String, Value> = success.by_ref().collect();
    let success =
        if success.is_empty() { serde_json::json!({ "200": { "description": "-" } }) } else { success.into() };
    kept.insert("responses".to_owned(), success);
    Value::Object(kept)
}

/// The name that a parameter has for progenitor, by its number.
pub(super) fn neutral_name(number: usize) -> String {
    format!("parameter_{number}")
}

/// The schema of a body that is written from fields.
fn structured(body: &Value) -> Option<Value> {
    let content = body.get("content")?.as_object()?;
    let (media, value) = content.iter().next()?;
    let structured = media == "application/x-www-form-urlencoded" || media.contains("json");
    structured.then(|| value.get("schema").cloned().unwrap_or_else(|| serde_json::json!({})))
}
