//! The table as it is written; its head in `openapi/actions.yaml` explains every key.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::FILE;
use crate::Problem;

/// The whole table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The header of each field that an operation may name in `always`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What several operations have in common.
    #[serde(default)]
    pub defaults: Defaults,
    /// Fields of responses that are meaningful with no action of any operation, and why.
    #[serde(default)]
    pub hidden: BTreeMap<String, String>,
    /// Numbers in which 0 stands for absence.
    #[serde(default)]
    pub zero: BTreeSet<String>,
    /// Operations by the names of their methods.
    pub operations: BTreeMap<String, Operation>,
    /// What was decided where sources differ.
    #[serde(default)]
    pub decisions: Vec<Decision>,
}

/// What several operations have in common.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// What an action asks for where an operation has it and says nothing of it.
    #[serde(default)]
    pub actions: BTreeMap<String, Action>,
}

/// What an operation's actions ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The name of the generated enum.
    pub name: String,
    /// Fields that become headers of every answer.
    #[serde(default)]
    pub always: Vec<String>,
    /// Whether answers may be kept.
    #[serde(default)]
    pub cache: Cache,
    /// Actions of the response that this operation does not give.
    #[serde(default)]
    pub never: Vec<String>,
    /// Fields that are meaningful with every action of its that has fields.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Fields of its response that are meaningful with none of its actions, and why.
    #[serde(default)]
    pub hidden: BTreeMap<String, String>,
    /// What is kept of its request.
    #[serde(default)]
    pub request: RequestFacts,
    /// Its actions, as far as they are not as the defaults have them.
    #[serde(default)]
    pub actions: BTreeMap<String, Action>,
}

/// What is kept of a request, because replies or steps depend on it and no response repeats it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFacts {
    /// The field of the request with the parameters of an authorization request.
    pub parameters: Option<String>,
    /// The field of the request with the client's token.
    pub token: Option<String>,
    /// The field of the request with the DPoP proof.
    pub proof: Option<String>,
    /// The field of the response with the maximum age, which is 0 for none too.
    pub max_age: Option<String>,
    /// The field of the response with the payload of a request object.
    pub payload: Option<String>,
    /// The field of the response with the request URI under which the parameters are known from then on.
    pub request_uri: Option<String>,
}

impl RequestFacts {
    /// The fields of the request.
    pub fn of_request(&self) -> impl Iterator<Item = &String> {
        [&self.parameters, &self.token, &self.proof].into_iter().flatten()
    }

    /// The fields of the response.
    pub fn of_response(&self) -> impl Iterator<Item = &String> {
        [&self.max_age, &self.payload, &self.request_uri].into_iter().flatten()
    }
}

/// What the answers of an operation say on caching.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cache {
    /// Nothing.
    #[default]
    Silent,
    /// That they must not be kept.
    NoStore,
}

/// What one action asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What it means.
    pub kind: Kind,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The media type of the answer.
    #[serde(rename = "type")]
    pub content_type: Option<String>,
    /// Where the body comes from: a field, or JSON as it stands.
    pub body: Option<String>,
    /// Whether a success may have no body.
    #[serde(default)]
    pub empty: bool,
    /// Headers: texts, or `$field`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What is meaningful with it.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Without which nothing can follow.
    #[serde(default)]
    pub requires: Vec<String>,
    /// The calls that may follow.
    #[serde(default)]
    pub next: BTreeMap<String, Step>,
    /// The answer when the server does not do this step.
    pub decline: Option<Answer>,
}

/// What an action means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An answer is ready.
    Respond,
    /// There is work to do.
    Continue,
    /// The server shows a page of its own.
    Page,
    /// The call was wrong.
    CallerError,
}

/// An HTTP answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its media type.
    #[serde(rename = "type")]
    pub content_type: Option<String>,
    /// Where its body comes from.
    pub body: Option<String>,
    /// Its headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A call that may follow.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The operation.
    pub call: String,
    /// Fields of its request, and where they come from.
    #[serde(default)]
    pub copy: BTreeMap<String, Sources>,
    /// Fields of its request that are constant.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Optional fields of its request that this step needs.
    #[serde(default)]
    pub ask: Vec<String>,
    /// What is left to do beside it, where it does not use up what it starts from.
    pub leaves: Option<Rest>,
}

/// What a step leaves to do beside it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rest {
    /// The name of the generated type.
    pub name: String,
    /// The calls that may follow then.
    pub next: BTreeMap<String, Step>,
}

/// Where a copied value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    /// One field.
    One(String),
    /// The first of these that is there.
    FirstOf(Vec<String>),
}

impl Sources {
    /// The fields, in order.
    pub fn fields(&self) -> &[String] {
        match self {
            Self::One(field) => std::slice::from_ref(field),
            Self::FirstOf(fields) => fields,
        }
    }
}

/// What is done where sources differ.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The differences it settles.
    pub ids: Vec<String>,
    /// What is done.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// What it demands of the requests of operations, which the overlays see to.
    #[serde(default)]
    pub requests: BTreeMap<String, RequestForm>,
}

/// What a decision demands of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestForm {
    /// The fields that are required, and no others.
    pub required: BTreeSet<String>,
    /// Fields that are there, or fields within them (`info.context`).
    #[serde(default)]
    pub fields: Vec<String>,
}

impl Action {
    /// An action of which nothing is known but that it is not for the client.
    pub(super) fn caller_error() -> Self {
        Self {
            kind: Kind::CallerError,
            status: None,
            content_type: None,
            body: None,
            empty: false,
            headers: BTreeMap::new(),
            fields: Vec::new(),
            requires: Vec::new(),
            next: BTreeMap::new(),
            decline: None,
        }
    }

    /// The fields without which a response does not have the action: those that something follows from, and the content of
    /// a success.
    pub fn needed(&self) -> BTreeSet<String> {
        let mut needed: BTreeSet<String> = self.requires.iter().cloned().collect();
        for answer in self.answer().into_iter().chain(self.decline.clone()) {
            let content = answer.body_field().filter(|_| (200..300).contains(&answer.status) && !self.empty);
            let location = answer.header_fields().filter(|(name, _)| name.eq_ignore_ascii_case("location"));
            needed.extend(content.into_iter().chain(location.map(|(_, field)| field)).map(str::to_owned));
        }
        needed
    }

    /// Its answer, when it has one.
    pub fn answer(&self) -> Option<Answer> {
        Some(Answer {
            status: self.status?,
            content_type: self.content_type.clone(),
            body: self.body.clone(),
            headers: self.headers.clone(),
        })
    }
}

impl Answer {
    /// The field its body comes from.
    pub fn body_field(&self) -> Option<&str> {
        self.body.as_deref().filter(|body| !body.starts_with('{'))
    }

    /// Its body as it stands.
    pub fn literal(&self) -> Option<&str> {
        self.body.as_deref().filter(|body| body.starts_with('{'))
    }

    /// The fields that its headers come from, with the headers.
    pub fn header_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.strip_prefix('$')?)))
    }
}

impl Table {
    /// Reads the table.
    ///
    /// # Errors
    /// When it is not YAML, or has keys or values that the table does not have.
    pub fn parse(content: &[u8]) -> Result<Self, Problem> {
        serde_saphyr::from_slice(content).map_err(|error| {
            let at = error.location().map(|at| format!("line {}, column {}", at.line(), at.column()));
            let text = error.without_snippet().to_string();
            let message = text.lines().next().unwrap_or_default();
            Problem::new(FILE, at.unwrap_or_default(), message.split(" at line ").next().unwrap_or_default())
        })
    }
}
