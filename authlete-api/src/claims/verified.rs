//! Verified claims (OpenID Connect for Identity Assurance 1.0).

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime};

use crate::JsonString;

/// The verified claims that a request asks for, and the values that transformed claims inside them are computed from.
///
/// ```
/// use std::time::SystemTime;
///
/// use authlete_api::JsonString;
/// use authlete_api::claims::VerifiedClaims;
/// use serde_json::{Map, json};
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// // What the server knows of the user.
/// let known = [json!({
///     "verification": {"trust_framework": "eidas", "time": "2026-03-01T10:00Z"},
///     "claims": {"given_name": "Ada", "family_name": "Lovelace", "birthdate": "1990-12-10"},
/// })];
/// // What the client asks for.
/// let requested = JsonString::of(&json!({"verified_claims": {
///     "verification": {"trust_framework": {"value": "eidas"}},
///     "claims": {"given_name": null, "family_name": null},
/// }}))?;
///
/// let verified = VerifiedClaims::select(&requested, &[], &known, SystemTime::now());
/// let mut claims = Map::new();
/// verified.add_to(&mut claims);
/// let expected = json!({
///     "verification": {"trust_framework": "eidas"},
///     "claims": {"given_name": "Ada", "family_name": "Lovelace"},
/// });
/// assert_eq!(claims["verified_claims"], expected);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct VerifiedClaims {
    /// The value of `verified_claims`: an object where the request has an object, else a list. `None` where nothing was
    /// requested, or nothing that is known meets the request.
    pub value: Option<Value>,
    /// The values for transformed claims, for `verified_claims_for_tx` of the call that issues: an object for each entry of
    /// [`value`](Self::value), in its order, which is empty where the entry has no transformed claims. Without any entry where the
    /// request has none at all.
    pub for_tx: Vec<Value>,
}

impl VerifiedClaims {
    /// Selects what a request asks for of what is known.
    ///
    /// The request is the `id_token` or the `userinfo` object of the client's claims request. `for_tx` has, for each entry of
    /// its `verified_claims`, the names of the claims that transformed claims need. Each element of `known` is a set of claims
    /// that were verified together, an object with `verification` and `claims` as the standard has them.
    ///
    /// For each entry the first set that meets its `verification` is taken, and of it no more than what is named: the members
    /// of `verification`, with `trust_framework` in any case, and the claims. The constraints `value`, `values` and `max_age`
    /// are kept. A claim that is not known, or does not have the value asked for, is left out; an entry without a claim is
    /// too.
    #[must_use]
    pub fn select(requested: &JsonString, for_tx: &[Vec<String>], known: &[Value], now: SystemTime) -> Self {
        let requested: Value = requested.parse().unwrap_or_default();
        let (entries, is_list) = match &requested["verified_claims"] {
            Value::Array(entries) => (entries.as_slice(), true),
            entry @ Value::Object(_) => (std::slice::from_ref(entry), false),
            _ => return Self::default(),
        };
        // Names belong to entries by their position.
        let for_tx = if for_tx.len() == entries.len() { for_tx } else { &[] };
        let names = for_tx.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
        let found = entries
            .iter()
            .zip(names)
            .filter_map(|(entry, names)| known.iter().find_map(|known| select_entry(entry, names, known, now)));
        let (mut entries, sources): (Vec<_>, Vec<_>) = found.unzip();
        let value = if is_list { (!entries.is_empty()).then_some(Value::Array(entries)) } else { entries.pop() };
        Self { value, for_tx: if for_tx.is_empty() { Vec::new() } else { sources } }
    }

    /// Adds them to claims, as `verified_claims`.
    pub fn add_to(&self, claims: &mut Map<String, Value>) {
        if let Some(value) = &self.value {
            claims.insert("verified_claims".to_owned(), value.clone());
        }
    }
}

/// Without the values, which are personal.
impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = match &self.value {
            Some(Value::Array(entries)) => entries.len(),
            Some(_) => 1,
            None => 0,
        };
        f.debug_struct("VerifiedClaims").field("entries", &entries).field("for_tx", &self.for_tx.len()).finish()
    }
}

/// What an entry of the request gets of a set of claims, and the values for its transformed claims.
fn select_entry(entry: &Value, names: &[String], known: &Value, now: SystemTime) -> Option<(Value, Value)> {
    let (verification, claims) = (known.get("verification")?, known.get("claims")?.as_object()?);
    let asked = entry.get("verification").filter(|asked| asked.is_object()).cloned();
    let mut selected = select(&asked.unwrap_or_else(|| Value::Object(Map::new())), verification, now)?;
    let framework = "trust_framework";
    if let (Some(members), Some(name)) = (selected.as_object_mut(), verification.get(framework)) {
        members.insert(framework.to_owned(), name.clone());
    }
    let asked = entry.get("claims").and_then(Value::as_object)?;
    let of_claim = |(name, asked): (&String, &Value)| Some((name.clone(), select(asked, claims.get(name)?, now)?));
    let wanted: Map<_, _> = asked.iter().filter_map(of_claim).collect();
    let sources: Map<_, _> = names.iter().filter_map(|name| Some((name.clone(), claims.get(name)?.clone()))).collect();
    if wanted.is_empty() && sources.is_empty() {
        return None;
    }
    Some((serde_json::json!({"verification": selected, "claims": wanted}), Value::Object(sources)))
}

/// Members of a request that say something of the value, rather than name a member of it.
const OF_THE_VALUE: [&str; 5] = ["essential", "max_age", "purpose", "value", "values"];

/// The part of a value that is asked for; `None` where the value does not meet a constraint.
fn select(asked: &Value, known: &Value, now: SystemTime) -> Option<Value> {
    match (asked, known) {
        (Value::Null, known) => Some(known.clone()),
        (Value::Object(asked), Value::Object(members)) if names_members(asked, members) => {
            let mut selected = Map::new();
            for (name, asked) in asked {
                match members.get(name) {
                    Some(known) => drop(selected.insert(name.clone(), select(asked, known, now)?)),
                    None if constrains(asked) => return None,
                    None => {}
                }
            }
            Some(Value::Object(selected))
        }
        (Value::Object(constraints), known) => meets(constraints, known, now).then(|| known.clone()),
        // Each element that is known is held against all that are asked for, such as the kinds of evidence.
        (Value::Array(asked), Value::Array(known)) => {
            let select = |known| asked.iter().find_map(|asked| select(asked, known, now));
            let selected: Vec<_> = known.iter().filter_map(select).collect();
            (!selected.is_empty()).then_some(Value::Array(selected))
        }
        _ => None,
    }
}

/// Whether what is asked for are members of an object, rather than constraints of it as a whole.
fn names_members(asked: &Map<String, Value>, known: &Map<String, Value>) -> bool {
    asked.is_empty() || asked.keys().any(|name| !OF_THE_VALUE.contains(&name.as_str()) || known.contains_key(name))
}

/// Whether a value that is missing is against what is asked for.
fn constrains(asked: &Value) -> bool {
    match asked {
        Value::Object(members) => members.iter().any(|(name, asked)| match name.as_str() {
            "value" | "values" | "max_age" => !asked.is_null(),
            _ => constrains(asked),
        }),
        Value::Array(elements) => elements.iter().any(constrains),
        _ => false,
    }
}

fn meets(constraints: &Map<String, Value>, known: &Value, now: SystemTime) -> bool {
    let constraint = |name| constraints.get(name).filter(|value| !value.is_null());
    constraint("value").is_none_or(|value| value == known)
        && constraint("values").is_none_or(|values| values.as_array().is_some_and(|values| values.contains(known)))
        && constraint("max_age").is_none_or(|age| is_younger(known, age, now).unwrap_or_default())
}

/// Whether a time is at most so many seconds ago; `None` for what is no time or no number.
fn is_younger(known: &Value, age: &Value, now: SystemTime) -> Option<bool> {
    let text = known.as_str()?;
    let time = OffsetDateTime::parse(text, &Iso8601::PARSING)
        .or_else(|_| Date::parse(text, &Iso8601::PARSING).map(|date| date.midnight().assume_utc()))
        .ok()?;
    let age = Duration::from_secs(age.as_u64()?);
    Some(SystemTime::from(time).checked_add(age)? >= now)
}
