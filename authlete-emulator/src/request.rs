//! A call as the handlers see it: path parameters, query, and the members of its body.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::operation::Operation;
use crate::state::Lifetimes;

/// One call of the API, authenticated and read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: &'static Operation,
    pub(crate) path: BTreeMap<String, String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Body,
    /// Milliseconds since 1970.
    pub(crate) now: u64,
}

impl Request {
    /// A path parameter; empty where the path has none of that name.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The user that the call is about: in the path, the query or the body, as the operation has it.
    pub(crate) fn subject(&self) -> Result<String, ApiError> {
        let named = self.path.get("subject").map(String::as_str).or_else(|| self.query("subject")).map(str::to_owned);
        let subject = if named.is_some() { named } else { self.body.string("subject")? };
        subject.filter(|subject| !subject.is_empty()).ok_or_else(|| ApiError::invalid("The call names no subject."))
    }

    /// The window of a list that the query or the body asks for, as a start and an end that is not part of it.
    pub(crate) fn window(&self) -> Result<(usize, usize), ApiError> {
        let number = |name: &str, default: usize| {
            let wrong = || ApiError::invalid(format!("The parameter {name} is not a number from 0."));
            match self.query(name) {
                Some(value) => value.parse().map_err(|_| wrong()),
                None => {
                    self.body.number(name)?.map_or(Ok(default), |value| usize::try_from(value).map_err(|_| wrong()))
                }
            }
        };
        let start = number("start", 0)?;
        let end = number("end", 5)?;
        Ok((start, end.max(start)))
    }

    /// Fails, naming the operation and the member, if the body gives one that the emulator does not act on.
    pub(crate) fn refuse(&self, names: &[&str]) -> Result<(), ApiError> {
        match names.iter().find(|name| self.body.is_given(name)) {
            Some(name) => Err(ApiError::not_implemented(format!("{name} in {}", self.operation.id))),
            None => Ok(()),
        }
    }
}

/// The members of a body, from JSON or from a form.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) members: Map<String, Value>,
    /// The elements, where the operation takes a list.
    pub(crate) elements: Vec<Value>,
}

impl Body {
    /// From a form: every value is a string.
    pub(crate) fn from_form(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes);
        let members = pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
        Self { members, ..Self::default() }
    }

    /// From JSON, which has to be an object, or a list where the operation takes one.
    pub(crate) fn from_json(bytes: &[u8], list: bool) -> Result<Self, ApiError> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) if !list => Ok(Self { members, ..Self::default() }),
            Ok(Value::Array(elements)) if list => Ok(Self { elements, ..Self::default() }),
            Ok(_) if list => Err(ApiError::malformed("The body is JSON, but not a list.")),
            Ok(_) => Err(ApiError::malformed("The body is JSON, but not an object.")),
            Err(error) => Err(ApiError::malformed(format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            ))),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Whether the member has a value that says more than its absence would.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        match self.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(elements)) => !elements.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            Some(Value::Bool(true)) => true,
        }
    }

    /// A string. A number is read as its digits, since an id may be written either way.
    pub(crate) fn string(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(ApiError::invalid(format!("The member {name} is not a string."))),
        }
    }

    /// A string that is not empty.
    pub(crate) fn non_empty(&self, name: &str) -> Result<Option<String>, ApiError> {
        Ok(self.string(name)?.filter(|string| !string.is_empty()))
    }

    /// A JSON object in a string; absent is an empty one. `error` makes the error of a string that is something else.
    pub(crate) fn object<E: From<ApiError>>(
        &self,
        name: &str,
        error: impl FnOnce(String) -> E,
    ) -> Result<Map<String, Value>, E> {
        let Some(string) = self.non_empty(name)? else { return Ok(Map::new()) };
        serde_json::from_str(&string).map_err(|_| error(format!("The member {name} is not a JSON object in a string.")))
    }

    /// A boolean; absent is false. A form has it as string.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.given_flag(name)?.unwrap_or(false))
    }

    /// A truth value; in a form, the word for it.
    pub(crate) fn given_flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
            Some(_) => Err(ApiError::invalid(format!("The member {name} is neither true nor false."))),
        }
    }

    /// A whole number, from 0.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let wrong = || ApiError::invalid(format!("The member {name} is not a whole number from 0."));
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => number.as_u64().map(Some).ok_or_else(wrong),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    /// A whole number that says something: one of 0 or below does not.
    pub(crate) fn positive(&self, name: &str) -> Result<Option<u64>, ApiError> {
        match self.get(name).and_then(Value::as_i64) {
            Some(..=0) => Ok(None),
            _ => self.number(name),
        }
    }

    /// The lifetimes that the call sets for tokens.
    pub(crate) fn lifetimes(&self) -> Result<Lifetimes, ApiError> {
        Ok(Lifetimes { access: self.seconds("accessTokenDuration")?, refresh: self.seconds("refreshTokenDuration")? })
    }

    /// A lifetime in seconds; 0 and what no lifetime can be say nothing.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<u64>, ApiError> {
        Ok(self.number(name)?.filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds)))
    }

    /// A list of strings; in a form, words with spaces between them.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let wrong = || ApiError::invalid(format!("The member {name} is not a list of strings."));
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.split_ascii_whitespace().map(str::to_owned).collect())),
            Some(Value::Array(elements)) => {
                let elements = elements.iter().filter(|element| !element.is_null());
                elements.map(|e| e.as_str().map(str::to_owned).ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(wrong()),
        }
    }
}
