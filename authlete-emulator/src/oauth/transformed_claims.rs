//! Transformed claims (OpenID Connect Advanced Syntax for Claims 1.0): values that functions make of the values of other
//! claims, so that a client learns whether a user is an adult without learning the birthdate.

use serde_json::{Map, Value, json};
use x509_parser::time::ASN1Time;

use crate::error::ApiError;
use crate::request::Body;
use crate::state::{Details, Settings};

/// The functions that are known. The specification has others, such as `hash` and `match`.
pub(crate) const FUNCTIONS: &[&str] = &["eq", "gt", "gte", "lt", "lte", "years_ago", "any", "all", "none", "get"];

/// What a claim is made from: another claim, and the functions in their order.
#[derive(Debug)]
struct Definition<'a> {
    claim: &'a str,
    functions: &'a [Value],
}

/// Why the definitions of a request are not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DefinitionError {
    #[error("transformed_claims has a definition that is not an object with claim and fn")]
    Form,
    #[error("transformed_claims uses the function {0}, which is not supported")]
    Function(String),
}

/// Checks the member `transformed_claims` of a request, or the predefined claims of a service.
pub(crate) fn check(definitions: &Map<String, Value>) -> Result<(), DefinitionError> {
    for definition in definitions.values() {
        let definition = Definition::read(definition).ok_or(DefinitionError::Form)?;
        for function in definition.functions {
            let (name, _) = call(function).ok_or(DefinitionError::Form)?;
            if !FUNCTIONS.contains(&name) {
                return Err(DefinitionError::Function(name.to_owned()));
            }
        }
    }
    Ok(())
}

impl<'a> Definition<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        Some(Self { claim: value.get("claim")?.as_str()?, functions: value.get("fn")?.as_array()? })
    }
}

/// A function with its arguments: a name alone, or a list that begins with it.
fn call(function: &Value) -> Option<(&str, &[Value])> {
    match function {
        Value::String(name) => Some((name, &[])),
        Value::Array(parts) => {
            let (name, arguments) = parts.split_first()?;
            Some((name.as_str()?, arguments))
        }
        _ => None,
    }
}

/// The definitions that are in force: those of the request, by `:name`, and those of the service, by `::name`.
#[derive(Debug)]
struct Definitions {
    requested: Map<String, Value>,
    predefined: Map<String, Value>,
}

impl Definitions {
    fn of(service: &Settings, details: &Details) -> Self {
        let predefined = service.string("predefinedTransformedClaims").and_then(|text| serde_json::from_str(text).ok());
        Self { requested: details.transformed_claims.clone(), predefined: predefined.unwrap_or_default() }
    }

    fn get(&self, name: &str) -> Option<Definition<'_>> {
        let definition = match name.strip_prefix("::") {
            Some(name) => self.predefined.get(name),
            None => self.requested.get(name.strip_prefix(':')?),
        };
        Definition::read(definition?)
    }

    /// The claims that those transformed claims are made from that the object asks for.
    fn sources(&self, asked: &Map<String, Value>) -> Vec<String> {
        let mut sources: Vec<String> =
            asked.keys().filter_map(|name| self.get(name)).map(|definition| definition.claim.to_owned()).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// Adds the values of the transformed claims that the object asks for.
    fn add(&self, asked: &Map<String, Value>, values: &Map<String, Value>, claims: &mut Map<String, Value>, now: u64) {
        for name in asked.keys() {
            let value = self.get(name).and_then(|definition| {
                let source = values.get(definition.claim)?.clone();
                definition.functions.iter().try_fold(source, |value, function| {
                    let (name, arguments) = call(function)?;
                    apply(name, arguments, value, now)
                })
            });
            if let Some(value) = value {
                claims.insert(name.clone(), value);
            }
        }
    }
}

/// The entries of `verified_claims` in what is asked for: one, or a list (OpenID Connect for Identity Assurance).
fn verified(asked: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let claims = |entry: &'_ Value| entry.get("claims").is_some_and(Value::is_object);
    let entries: Vec<&Value> = match asked.get("verified_claims") {
        Some(Value::Array(entries)) => entries.iter().collect(),
        Some(entry) => vec![entry],
        None => Vec::new(),
    };
    entries.into_iter().filter(|entry| claims(entry)).filter_map(|entry| entry["claims"].as_object()).collect()
}

/// The names of the claims whose values the authorization server has to give, so that what is asked for can be computed.
pub(crate) fn sources(service: &Settings, details: &Details, asked: Option<&Map<String, Value>>) -> Vec<String> {
    asked.map(|asked| Definitions::of(service, details).sources(asked)).unwrap_or_default()
}

/// The same for each entry of `verified_claims`; nothing where none of them needs any.
pub(crate) fn verified_sources(
    service: &Settings,
    details: &Details,
    asked: Option<&Map<String, Value>>,
) -> Vec<Vec<String>> {
    let definitions = Definitions::of(service, details);
    let entries = asked.map(verified).unwrap_or_default();
    let sources: Vec<Vec<String>> = entries.into_iter().map(|claims| definitions.sources(claims)).collect();
    if sources.iter().all(Vec::is_empty) { Vec::new() } else { sources }
}

/// Values that transformed claims are computed from: the members `claimsForTx` and `verifiedClaimsForTx` of a call.
#[derive(Debug, Default)]
pub(crate) struct ForTx {
    pub(crate) claims: Map<String, Value>,
    /// By entry of `verified_claims`.
    pub(crate) verified: Vec<Value>,
}

impl ForTx {
    /// Reads them; `error` makes the error of what is not JSON.
    pub(crate) fn read<E: From<ApiError>>(body: &Body, error: fn(String) -> E) -> Result<Self, E> {
        let claims = body.object("claimsForTx", error)?;
        let texts = body.strings("verifiedClaimsForTx")?.unwrap_or_default();
        let parsed = texts.iter().map(|text| serde_json::from_str(text));
        let verified: Result<Vec<Value>, _> = parsed.collect();
        let wrong = "An element of verifiedClaimsForTx is not a JSON object in a string.";
        match verified {
            Ok(verified) if verified.iter().all(Value::is_object) => Ok(Self { claims, verified }),
            _ => Err(error(wrong.to_owned())),
        }
    }
}

/// Adds the transformed claims that are asked for to the claims, and to those inside `verified_claims`.
pub(crate) fn add(
    service: &Settings,
    details: &Details,
    asked: Option<&Map<String, Value>>,
    sources: &ForTx,
    claims: &mut Map<String, Value>,
    now: u64,
) {
    let Some(asked) = asked else { return };
    let definitions = Definitions::of(service, details);
    definitions.add(asked, &sources.claims, claims, now);
    let mut entries: Vec<&mut Value> = match claims.get_mut("verified_claims") {
        Some(Value::Array(entries)) => entries.iter_mut().collect(),
        Some(entry) => vec![entry],
        None => return,
    };
    let asked = verified(asked).into_iter().zip(&sources.verified);
    for (entry, (asked, values)) in entries.iter_mut().zip(asked) {
        if let (Some(Value::Object(claims)), Some(values)) = (entry.get_mut("claims"), values.as_object()) {
            definitions.add(asked, values, claims, now);
        }
    }
}

/// What a function makes of a value; none where it cannot. Functions for one value are applied to each of a list.
fn apply(name: &str, arguments: &[Value], value: Value, now: u64) -> Option<Value> {
    let flags = |value: &Value| value.as_array()?.iter().map(Value::as_bool).collect::<Option<Vec<bool>>>();
    match (name, value) {
        ("any", value) => Some(json!(flags(&value)?.contains(&true))),
        ("all", value) => Some(json!(!flags(&value)?.contains(&false))),
        ("none", value) => Some(json!(!flags(&value)?.contains(&true))),
        (name, Value::Array(values)) => values
            .into_iter()
            .map(|value| apply(name, arguments, value, now))
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        ("eq", value) => Some(json!(value == *arguments.first()?)),
        ("get", value) => value.get(arguments.first()?.as_str()?).cloned(),
        ("years_ago", value) => {
            let reference = match arguments.first() {
                Some(date) => date_of(date.as_str()?)?,
                None => today(now)?,
            };
            Some(json!(years(date_of(value.as_str()?)?, reference)))
        }
        (name, value) => {
            let (left, right) = (value.as_f64()?, arguments.first()?.as_f64()?);
            Some(json!(match name {
                "gt" => left > right,
                "gte" => left >= right,
                "lt" => left < right,
                "lte" => left <= right,
                _ => return None,
            }))
        }
    }
}

/// Year, month and day.
type Date = (i32, u8, u8);

/// A date as ISO 8601 has it; of a time, the day.
fn date_of(text: &str) -> Option<Date> {
    let day = text.get(..10)?;
    let mut parts = day.split('-');
    let date = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.next().is_none() && (1..=12).contains(&date.1) && (1..=31).contains(&date.2)).then_some(date)
}

fn today(now: u64) -> Option<Date> {
    let time = ASN1Time::from_timestamp(i64::try_from(now / 1000).ok()?).ok()?.to_datetime();
    Some((time.year(), time.month().into(), time.day()))
}

/// The full years between two dates.
fn years(from: Date, to: Date) -> i32 {
    to.0 - from.0 - i32::from((to.1, to.2) < (from.1, from.2))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{DefinitionError, apply, check};

    /// 2024-03-01.
    const NOW: u64 = 1_709_251_200_000;

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn run(functions: Value, value: Value) -> Option<Value> {
        functions.as_array().expect("functions").iter().try_fold(value, |value, function| {
            let (name, arguments) = super::call(function)?;
            apply(name, arguments, value, NOW)
        })
    }

    #[test]
    fn functions_act_one_after_the_other() {
        for (functions, value, expected) in [
            (json!(["years_ago", ["gte", 18]]), json!("2006-03-01"), Some(json!(true))),
            (json!(["years_ago", ["gte", 18]]), json!("2006-03-02"), Some(json!(false))),
            (json!(["years_ago"]), json!("2004-02-29"), Some(json!(20))),
            (json!([["years_ago", "2010-01-01"]]), json!("2000-06-15"), Some(json!(9))),
            (json!(["years_ago"]), json!("yesterday"), None),
            (json!([["eq", "USA"], "any"]), json!(["DEU", "USA"]), Some(json!(true))),
            (json!([["eq", "USA"], "all"]), json!(["DEU", "USA"]), Some(json!(false))),
            (json!([["eq", "FRA"], "none"]), json!(["DEU", "USA"]), Some(json!(true))),
            (json!([["get", "country"], ["eq", "DE"]]), json!({"country": "DE"}), Some(json!(true))),
            (json!([["get", "country"]]), json!({}), None),
            (json!([["lt", 3]]), json!(2), Some(json!(true))),
            (json!([["gt", 3]]), json!(3), Some(json!(false))),
            (json!([["lte", 3]]), json!("3"), None),
            (json!(["any"]), json!([1]), None),
        ] {
            assert_eq!(run(functions.clone(), value.clone()), expected, "{functions} {value}");
        }
    }

    #[test]
    fn definitions_are_checked() {
        for (definition, expected) in [
            (json!({"claim": "birthdate", "fn": ["years_ago", ["gte", 18]]}), Ok(())),
            (json!({"claim": "birthdate"}), Err(DefinitionError::Form)),
            (json!({"claim": 1, "fn": []}), Err(DefinitionError::Form)),
            (json!({"claim": "a", "fn": [[]]}), Err(DefinitionError::Form)),
            (json!({"claim": "a", "fn": ["hash"]}), Err(DefinitionError::Function("hash".to_owned()))),
        ] {
            let definitions = json!({"name": definition}).as_object().cloned().expect("an object");
            assert_eq!(check(&definitions), expected, "{definition}");
        }
    }
}
