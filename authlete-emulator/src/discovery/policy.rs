//! Metadata policies (OpenID Federation 1.0, section 6.1): what a superior, or a service, demands of metadata.

use serde_json::{Map, Value, json};

/// Operators in the order in which they are applied.
const OPERATORS: [&str; 7] = ["value", "add", "default", "one_of", "subset_of", "superset_of", "essential"];

/// What is demanded of each metadata parameter: its operators by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Policy(Map<String, Value>);

/// Why a policy cannot be, or metadata does not comply with it. The first is the name of the metadata parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("the policy is not an object of objects of operators")]
    Form,
    #[error("the policy for {0} has an operator with a value that it cannot have")]
    Operator(String),
    #[error("the policy for {0} has operators that may not stand together")]
    Combination(String),
    #[error("two policies for {0} contradict each other")]
    Merge(String),
    #[error("the policy needs an operator that is not known: {0}")]
    Critical(String),
    #[error("{0} does not have a value that the policy allows")]
    Value(String),
}

impl Policy {
    /// Reads the policy for the metadata of one kind of entity. `critical` has the names of operators that have to be
    /// understood; other operators that are not known are ignored.
    pub(crate) fn parse(value: &Value, critical: &[String]) -> Result<Self, PolicyError> {
        let parameters = value.as_object().ok_or(PolicyError::Form)?;
        let mut known = Map::new();
        for (name, operators) in parameters {
            let operators = operators.as_object().ok_or(PolicyError::Form)?;
            let unknown = |operator: &&String| !OPERATORS.contains(&operator.as_str());
            if let Some(operator) = operators.keys().filter(unknown).find(|operator| critical.contains(operator)) {
                return Err(PolicyError::Critical(operator.clone()));
            }
            let standard = operators.iter().filter(|(operator, _)| OPERATORS.contains(&operator.as_str()));
            let standard: Map<String, Value> = standard.map(|(name, value)| (name.clone(), value.clone())).collect();
            check(name, &standard)?;
            known.insert(name.clone(), Value::Object(standard));
        }
        Ok(Self(known))
    }

    /// Merges the policy of a subordinate into this one (section 6.1.4.1).
    pub(crate) fn merge(&mut self, subordinate: Self) -> Result<(), PolicyError> {
        for (name, operators) in subordinate.0 {
            let (Some(Value::Object(mine)), Value::Object(theirs)) = (self.0.get_mut(&name), &operators) else {
                self.0.insert(name, operators);
                continue;
            };
            for (operator, theirs) in theirs {
                let merged = match mine.get(operator) {
                    None => theirs.clone(),
                    Some(own) => merge(operator, own, theirs).ok_or_else(|| PolicyError::Merge(name.clone()))?,
                };
                mine.insert(operator.clone(), merged);
            }
            check(&name, mine)?;
        }
        Ok(())
    }

    /// Applies the policy to metadata (section 6.1.4.2).
    pub(crate) fn apply(&self, metadata: &mut Map<String, Value>) -> Result<(), PolicyError> {
        for (name, operators) in &self.0 {
            let given = metadata.remove(name).filter(|value| !value.is_null());
            // Scopes are one string, and treated as a list.
            let is_scope = name == "scope";
            let given = given.map(|value| if is_scope { split(value) } else { value });
            let mut current = given;
            for operator in OPERATORS {
                if let Some(demand) = operators.get(operator) {
                    current = act(operator, demand, current).map_err(|()| PolicyError::Value(name.clone()))?;
                }
            }
            if let Some(value) = current {
                metadata.insert(name.clone(), if is_scope { join(value) } else { value });
            }
        }
        Ok(())
    }
}

fn split(value: Value) -> Value {
    match value.as_str() {
        Some(scopes) => scopes.split(' ').filter(|scope| !scope.is_empty()).collect(),
        None => value,
    }
}

fn join(value: Value) -> Value {
    match value.as_array() {
        Some(scopes) => json!(scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        None => value,
    }
}

/// Whether the list has all of the others.
fn has_all(list: &Value, others: &Value) -> bool {
    let (Some(list), Some(others)) = (list.as_array(), others.as_array()) else { return false };
    others.iter().all(|one| list.contains(one))
}

fn intersection(left: &Value, right: &Value) -> Option<Value> {
    let (left, right) = (left.as_array()?, right.as_array()?);
    Some(left.iter().filter(|one| right.contains(one)).cloned().collect())
}

fn union(left: &Value, right: &Value) -> Option<Value> {
    let (left, right) = (left.as_array()?, right.as_array()?);
    Some(left.iter().chain(right.iter().filter(|one| !left.contains(one))).cloned().collect())
}

/// Whether the operators have values that they can have, and may stand together (section 6.1.3.1).
fn check(name: &str, operators: &Map<String, Value>) -> Result<(), PolicyError> {
    let right = operators.iter().all(|(operator, value)| match operator.as_str() {
        "value" => !value.is_object(),
        "default" => !value.is_object() && !value.is_null(),
        "essential" => value.is_boolean(),
        _ => value.is_array(),
    });
    if !right {
        return Err(PolicyError::Operator(name.to_owned()));
    }
    let one = |operator: &str| operators.get(operator);
    let both = |left: &str, right: &str, may: &dyn Fn(&Value, &Value) -> bool| {
        one(left).zip(one(right)).is_none_or(|(left, right)| may(left, right))
    };
    let fit = both("value", "add", &|value, add| has_all(value, add))
        && both("value", "default", &|value, _| !value.is_null())
        && both("value", "one_of", &|value, list| list.as_array().is_some_and(|list| list.contains(value)))
        && both("value", "subset_of", &|value, list| has_all(list, value))
        && both("value", "superset_of", &has_all)
        && both("value", "essential", &|value, essential| !(value.is_null() && essential == true))
        && both("add", "one_of", &|_, _| false)
        && both("add", "subset_of", &|add, list| has_all(list, add))
        && both("one_of", "subset_of", &|_, _| false)
        && both("one_of", "superset_of", &|_, _| false)
        && both("subset_of", "superset_of", &has_all);
    if fit { Ok(()) } else { Err(PolicyError::Combination(name.to_owned())) }
}

/// Merges two values of one operator; none where they contradict each other.
fn merge(operator: &str, superior: &Value, subordinate: &Value) -> Option<Value> {
    match operator {
        "add" | "superset_of" => union(superior, subordinate),
        "one_of" => intersection(superior, subordinate).filter(|both| !both.as_array().is_some_and(Vec::is_empty)),
        "subset_of" => intersection(superior, subordinate),
        "essential" => Some(json!(superior == true || subordinate == true)),
        _ => (superior == subordinate).then(|| superior.clone()),
    }
}

/// What an operator makes of a parameter that may be absent.
fn act(operator: &str, demand: &Value, current: Option<Value>) -> Result<Option<Value>, ()> {
    match (operator, current) {
        ("value", _) => Ok((!demand.is_null()).then(|| demand.clone())),
        ("add" | "default", None) => Ok(Some(demand.clone())),
        ("add", Some(value)) => union(&value, demand).map(Some).ok_or(()),
        ("essential", None) if demand == true => Err(()),
        ("one_of", Some(value)) if !demand.as_array().is_some_and(|list| list.contains(&value)) => Err(()),
        ("subset_of", Some(value)) => intersection(&value, demand).map(Some).ok_or(()),
        ("superset_of", Some(value)) if !has_all(&value, demand) => Err(()),
        (_, current) => Ok(current),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Policy, PolicyError};

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn applied(policy: Value, metadata: Value) -> Result<Value, PolicyError> {
        let mut metadata: Map<String, Value> = metadata.as_object().cloned().expect("an object");
        Policy::parse(&json!({"p": policy}), &[])?.apply(&mut metadata)?;
        Ok(Value::Object(metadata))
    }

    #[test]
    fn each_operator_acts() {
        let refused = || Err(PolicyError::Value("p".to_owned()));
        for (policy, given, expected) in [
            (json!({"value": "a"}), json!({"p": "b"}), Ok(json!({"p": "a"}))),
            (json!({"value": null}), json!({"p": "b"}), Ok(json!({}))),
            (json!({"add": ["a"]}), json!({"p": ["b", "a"]}), Ok(json!({"p": ["b", "a"]}))),
            (json!({"add": ["a"]}), json!({"p": ["b"]}), Ok(json!({"p": ["b", "a"]}))),
            (json!({"add": ["a"]}), json!({}), Ok(json!({"p": ["a"]}))),
            (json!({"add": ["a"]}), json!({"p": "b"}), refused()),
            (json!({"default": 1}), json!({}), Ok(json!({"p": 1}))),
            (json!({"default": 1}), json!({"p": 2}), Ok(json!({"p": 2}))),
            (json!({"default": 1}), json!({"p": null}), Ok(json!({"p": 1}))),
            (json!({"one_of": ["a", "b"]}), json!({"p": "b"}), Ok(json!({"p": "b"}))),
            (json!({"one_of": ["a", "b"]}), json!({"p": "c"}), refused()),
            (json!({"one_of": ["a", "b"]}), json!({}), Ok(json!({}))),
            // The table of section 6.1.3.1.8.
            (
                json!({"essential": true, "subset_of": ["a", "b", "c"]}),
                json!({"p": ["a", "e"]}),
                Ok(json!({"p": ["a"]})),
            ),
            (
                json!({"essential": false, "subset_of": ["a", "b", "c"]}),
                json!({"p": ["a", "e"]}),
                Ok(json!({"p": ["a"]})),
            ),
            (json!({"essential": true, "subset_of": ["a", "b", "c"]}), json!({"p": ["d", "e"]}), Ok(json!({"p": []}))),
            (json!({"essential": false, "subset_of": ["a", "b", "c"]}), json!({"p": ["d", "e"]}), Ok(json!({"p": []}))),
            (json!({"essential": true, "subset_of": ["a", "b", "c"]}), json!({}), refused()),
            (json!({"essential": false, "subset_of": ["a", "b", "c"]}), json!({}), Ok(json!({}))),
            (json!({"superset_of": ["a"]}), json!({"p": ["a", "b"]}), Ok(json!({"p": ["a", "b"]}))),
            (json!({"superset_of": ["a"]}), json!({"p": ["b"]}), refused()),
            (json!({"superset_of": ["a"]}), json!({}), Ok(json!({}))),
            (json!({"later_invention": 1}), json!({"p": "b"}), Ok(json!({"p": "b"}))),
        ] {
            assert_eq!(applied(policy.clone(), given.clone()), expected, "{policy} {given}");
        }
    }

    #[test]
    fn operators_act_in_their_order() {
        let policy = json!({"default": ["a"], "add": ["b"], "subset_of": ["a", "b", "c"], "superset_of": ["b"]});
        assert_eq!(applied(policy.clone(), json!({"p": ["c", "d"]})), Ok(json!({"p": ["c", "b"]})));
        assert_eq!(applied(policy, json!({})), Ok(json!({"p": ["b"]})), "add comes first, so there is no default");
    }

    #[test]
    fn scopes_are_a_list_in_one_string() {
        let policy = Policy::parse(&json!({"scope": {"subset_of": ["openid", "read"]}}), &[]).expect("a policy");
        let mut metadata = json!({"scope": "openid write read"}).as_object().cloned().expect("an object");
        policy.apply(&mut metadata).expect("it complies");
        assert_eq!(metadata["scope"], "openid read");
    }

    #[test]
    fn which_operators_may_stand_together() {
        for (operators, allowed) in [
            (json!({"value": ["a", "b"], "add": ["a"]}), true),
            (json!({"value": ["a"], "add": ["b"]}), false),
            (json!({"value": null, "default": 1}), false),
            (json!({"value": "a", "one_of": ["a"]}), true),
            (json!({"value": "b", "one_of": ["a"]}), false),
            (json!({"value": ["a"], "subset_of": ["a", "b"]}), true),
            (json!({"value": ["c"], "subset_of": ["a", "b"]}), false),
            (json!({"value": ["a"], "superset_of": ["a", "b"]}), false),
            (json!({"value": null, "essential": true}), false),
            (json!({"value": null, "essential": false}), true),
            (json!({"add": ["a"], "one_of": ["a"]}), false),
            (json!({"add": ["a"], "subset_of": ["b"]}), false),
            (json!({"one_of": ["a"], "subset_of": ["a"]}), false),
            (json!({"subset_of": ["a"], "superset_of": ["a", "b"]}), false),
            (json!({"subset_of": ["a", "b"], "superset_of": ["a"]}), true),
        ] {
            let expected = if allowed { Ok(()) } else { Err(PolicyError::Combination("p".to_owned())) };
            assert_eq!(Policy::parse(&json!({"p": operators}), &[]).map(|_| ()), expected, "{operators}");
        }
        for operators in [json!({"essential": 1}), json!({"one_of": "a"}), json!({"default": null}), json!({"add": {}})]
        {
            let expected = Err(PolicyError::Operator("p".to_owned()));
            assert_eq!(Policy::parse(&json!({"p": operators}), &[]), expected, "{operators}");
        }
        assert_eq!(Policy::parse(&json!({"p": []}), &[]), Err(PolicyError::Form));
        let critical = ["regexp".to_owned()];
        let refused = Policy::parse(&json!({"p": {"regexp": "a"}}), &critical);
        assert_eq!(refused, Err(PolicyError::Critical("regexp".to_owned())));
    }

    #[test]
    fn policies_of_superior_and_subordinate_merge() {
        for (superior, subordinate, expected) in [
            (json!({"value": 1}), json!({"value": 1}), Some(json!({"value": 1}))),
            (json!({"value": 1}), json!({"value": 2}), None),
            (json!({"default": 1}), json!({"default": 2}), None),
            (json!({"add": ["a"]}), json!({"add": ["b", "a"]}), Some(json!({"add": ["a", "b"]}))),
            (json!({"one_of": ["a", "b"]}), json!({"one_of": ["b", "c"]}), Some(json!({"one_of": ["b"]}))),
            (json!({"one_of": ["a"]}), json!({"one_of": ["b"]}), None),
            (json!({"subset_of": ["a"]}), json!({"subset_of": ["b"]}), Some(json!({"subset_of": []}))),
            (json!({"superset_of": ["a"]}), json!({"superset_of": ["b"]}), Some(json!({"superset_of": ["a", "b"]}))),
            (json!({"essential": true}), json!({"essential": false}), Some(json!({"essential": true}))),
            (json!({"one_of": ["a"]}), json!({"default": "b"}), Some(json!({"one_of": ["a"], "default": "b"}))),
            (json!({"one_of": ["a"]}), json!({"add": ["b"]}), None),
        ] {
            let parse = |operators: &Value| Policy::parse(&json!({"p": operators}), &[]).expect("a policy");
            let mut merged = parse(&superior);
            let result = merged.merge(parse(&subordinate)).map(|()| merged);
            assert_eq!(result.ok(), expected.as_ref().map(parse), "{superior} {subordinate}");
        }
    }
}
