//! What the service's settings say of the credential issuer.

use serde_json::{Map, Value};

use super::Version;
use super::format::Format;
use crate::oauth::names::{self, Names};
use crate::state::Settings;

/// The credential issuer of a service.
#[derive(Debug)]
pub(crate) struct Issuer<'a> {
    pub(crate) version: Version,
    metadata: Option<&'a Map<String, Value>>,
    /// The members of `credential_configurations_supported`.
    pub(crate) configurations: Map<String, Value>,
}

/// A credential configuration of an issuer (OpenID4VCI 1.0, section 12.2.4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Configuration<'a> {
    pub(crate) id: &'a str,
    pub(crate) members: &'a Map<String, Value>,
}

impl<'a> Issuer<'a> {
    pub(crate) fn of(service: &'a Settings) -> Self {
        let metadata = service.0.get("credentialIssuerMetadata").and_then(Value::as_object);
        let configurations = metadata.and_then(|metadata| metadata.get("credentialsSupported")?.as_str());
        let configurations = configurations.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { version: Version::of(service), metadata, configurations }
    }

    /// A member of the metadata that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        let empty = |value: &&Value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(elements) => elements.is_empty(),
            _ => false,
        };
        self.metadata.and_then(|metadata| metadata.get(name)).filter(|value| !empty(value))
    }

    pub(crate) fn string(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn strings(&self, name: &str) -> Vec<&'a str> {
        self.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A list of algorithms as metadata writes them; Authlete's libraries write them in their own way.
    pub(crate) fn algorithms(&self, name: &str, names: Names) -> Vec<&'a str> {
        self.strings(name).into_iter().map(|value| names::metadata(names, value).unwrap_or(value)).collect()
    }

    /// The identifier of the credential issuer.
    pub(crate) fn identifier(&self) -> &'a str {
        self.string("credentialIssuer").unwrap_or_default()
    }

    /// How many proofs one request may have.
    pub(crate) fn batch_size(&self) -> usize {
        let size = self.get("batchSize").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
        size.unwrap_or(1).max(1)
    }

    pub(crate) fn configuration(&self, id: &str) -> Option<Configuration<'_>> {
        let (id, members) = self.configurations.get_key_value(id)?;
        Some(Configuration { id, members: members.as_object()? })
    }

    pub(crate) fn configurations(&self) -> impl Iterator<Item = Configuration<'_>> {
        let all = self.configurations.iter();
        all.filter_map(|(id, members)| Some(Configuration { id, members: members.as_object()? }))
    }

    /// The configuration whose format, and type within it, an object of the draft names (draft 13, appendix A).
    pub(crate) fn described(&self, object: &Map<String, Value>) -> Option<Configuration<'_>> {
        let kind =
            |members: &Map<String, Value>| {
                ["vct", "doctype"].into_iter().find_map(|name| members.get(name)).cloned().or_else(|| {
                    members.get("credential_definition").and_then(|definition| definition.get("type")).cloned()
                })
            };
        let wanted = kind(object)?;
        self.configurations().find(|one| {
            one.members.get("format") == object.get("format") && kind(one.members).as_ref() == Some(&wanted)
        })
    }
}

impl Configuration<'_> {
    pub(crate) fn string(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    pub(crate) fn format(&self) -> Option<Format> {
        self.string("format").and_then(Format::parse)
    }

    /// The proof types that a wallet has to choose from, with what each demands; none where there is no key to prove.
    pub(crate) fn proof_types(&self) -> Option<&Map<String, Value>> {
        self.members.get("proof_types_supported").and_then(Value::as_object).filter(|types| !types.is_empty())
    }

    /// The names by which a token response calls the credentials of this configuration: Authlete appends each type of
    /// `credential_definition`, and takes the configuration's own id where there is none.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        let types = self.members.get("credential_definition").and_then(|definition| definition.get("type"));
        let types = types.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let identifiers: Vec<String> = types.map(|name| format!("{}/{name}", self.id)).collect();
        if identifiers.is_empty() { vec![self.id.to_owned()] } else { identifiers }
    }
}
