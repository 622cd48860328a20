//! Request parameters as a client sends them: a query string or a form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::OAuthError;
use crate::reply::Code;

/// Parameters that RFC 8707 and others allow more than once; all others may appear only once.
const REPEATABLE: &[&str] = &["resource", "audience"];

/// The parameters of a request. One without a value counts as absent (RFC 6749, section 3.1).
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

impl Parameters {
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

    /// The claims of a request object as parameters. Lists and objects are JSON.
    pub(crate) fn from_claims(claims: &Map<String, Value>) -> Self {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = claims.iter().filter(|(_, value)| !value.is_null());
        let values = given.map(|(name, value)| (name.clone(), vec![text(value)]));
        Self { values: values.filter(|(_, values)| values.iter().all(|value| !value.is_empty())).collect() }
    }

    /// The names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The value of a parameter. Of one that is repeated there is none, see `repeated`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        match self.values.get(name).map(Vec::as_slice) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// Every value of a parameter.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
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
