//! Request parameters as a client sends them: a query string or a form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{OAuthError, OperationError};
use crate::reply::Code;
use crate::request::Request;

/// Parameters that RFC 8707 and others allow more than once; all others may appear only once.
const REPEATABLE: &[&str] = &["resource", "audience"];

/// Parameters whose value is JSON, which a request object holds as it is.
const JSON: &[&str] = &["authorization_details", "claims", "registration", "request_context"];

/// The parameters of a request. One without a value counts as absent (RFC 6749, section 3.1).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

impl Parameters {
    /// The client's request that a call forwards. No parameter stands in it twice (RFC 6749, section 3.1), but those that
    /// may; the codes are for a call without any, and for one that does.
    pub(crate) fn forwarded(request: &Request, missing: Code, repeated: Code) -> Result<Self, OperationError> {
        let Some(text) = request.body.string("parameters")? else {
            return Err(OperationError::server(missing, "The call has no parameters member."));
        };
        let parameters = Self::parse(&text);
        parameters.refuse_repeated(repeated)?;
        Ok(parameters)
    }

    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if !value.is_empty() {
                values.entry(name.into_owned()).or_default().push(value.into_owned());
            }
        }
        Self { values }
    }

    /// The names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// From the claims of a request object (RFC 9101, section 4), of which those about the object itself stay behind.
    /// Fails with the name of one whose value no parameter can have, such as a list where a string belongs.
    pub(crate) fn from_claims(claims: &Map<String, Value>) -> Result<Self, String> {
        const OF_THE_OBJECT: &[&str] = &["iss", "aud", "exp", "iat", "nbf", "jti", "sub"];
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut values = BTreeMap::new();
        for (name, value) in claims.iter().filter(|(name, _)| !OF_THE_OBJECT.contains(&name.as_str())) {
            let is_plain = |value: &Value| !value.is_array() && !value.is_object();
            let texts = match value {
                Value::Null => continue,
                Value::Array(all) if REPEATABLE.contains(&name.as_str()) && all.iter().all(is_plain) => {
                    all.iter().map(text).collect()
                }
                Value::Array(_) | Value::Object(_) if !JSON.contains(&name.as_str()) => return Err(name.clone()),
                one => vec![text(one)],
            };
            values.insert(name.clone(), texts);
        }
        values.retain(|_, texts: &mut Vec<String>| texts.iter().any(|text| !text.is_empty()));
        Ok(Self { values })
    }

    /// Adds the parameters that are not there yet.
    pub(crate) fn or(mut self, others: &Self) -> Self {
        for (name, values) in &others.values {
            self.values.entry(name.clone()).or_insert_with(|| values.clone());
        }
        self
    }

    /// The same without some of them.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.values.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// The same with one more, or with another value of it.
    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.values.insert(name.to_owned(), vec![value]);
        self
    }

    /// All values of a parameter that may be repeated.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The value of a parameter. Of one that is repeated there is none, see `repeated`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        match self.values.get(name).map(Vec::as_slice) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The words of a parameter that lists them with spaces between.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        self.get(name).unwrap_or_default().split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// Fails if a parameter is there more than once that must not be.
    pub(crate) fn refuse_repeated(&self, code: Code) -> Result<(), OAuthError> {
        let repeated =
            |(name, values): &(&String, &Vec<String>)| values.len() > 1 && !REPEATABLE.contains(&name.as_str());
        match self.values.iter().find(repeated) {
            Some((name, _)) => {
                Err(OAuthError::new("invalid_request", code, format!("{name} is given more than once.")))
            }
            None => Ok(()),
        }
    }

    /// The first of the named parameters that is there.
    pub(crate) fn first_of<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.has(name))
    }
}
