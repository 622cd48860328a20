//! Values brought into the form that the description has for them, as Authlete's reader of JSON does it: a number or a
//! flag may be written as a string, which is the only way in a form.

use serde_json::{Map, Number, Value, json};

use crate::error::ApiError;
use crate::operation::{Object, Shape};

/// The members of an object that the description knows; `at` is the place of the object.
pub(super) fn members(given: &mut Map<String, Value>, object: &Object, at: &str) -> Result<(), ApiError> {
    for member in object.0 {
        if let Some(value) = given.get_mut(member.name) {
            let place = if at.is_empty() { member.name.to_owned() } else { format!("{at}.{}", member.name) };
            typed(value, member.shape, &place)?;
        }
    }
    Ok(())
}

/// The place of the first member that an object of the description does not have.
pub(super) fn unknown(given: &Map<String, Value>, object: &Object, at: &str) -> Option<String> {
    given.iter().find_map(|(name, value)| {
        let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match object.0.iter().find(|member| member.name == name) {
            None => Some(place),
            Some(member) => unknown_in(value, member.shape, &place),
        }
    })
}

fn unknown_in(value: &Value, shape: Shape, at: &str) -> Option<String> {
    match (value, shape) {
        (Value::Object(given), Shape::Object(object)) => unknown(given, object, at),
        (Value::Array(elements), Shape::List(element)) => {
            let mut elements = elements.iter().enumerate();
            elements.find_map(|(index, one)| unknown_in(one, *element, &format!("{at}[{index}]")))
        }
        _ => None,
    }
}

fn typed(value: &mut Value, shape: Shape, at: &str) -> Result<(), ApiError> {
    if value.is_null() {
        return Ok(());
    }
    match (&mut *value, shape) {
        (Value::Array(elements), Shape::List(element)) => {
            elements.retain(|one| !one.is_null());
            let mut elements = elements.iter_mut().enumerate();
            return elements.try_for_each(|(index, one)| typed(one, *element, &format!("{at}[{index}]")));
        }
        (Value::Object(given), Shape::Object(object)) => return members(given, object, at),
        _ => {}
    }
    let wrong = |expected: &str| ApiError::invalid(format!("The member {at} has to be {expected}."));
    *value = match shape {
        Shape::Any => return Ok(()),
        Shape::Flag => flag(value).ok_or_else(|| wrong("true or false"))?,
        Shape::Integer => integer(value).ok_or_else(|| wrong("a whole number of at most 64 bits"))?,
        Shape::Text => text(value).ok_or_else(|| wrong("a string"))?,
        Shape::OneOf(names) => {
            one_of(value, names).ok_or_else(|| wrong("one of the names that Authlete has for it"))?
        }
        Shape::List(_) => return Err(wrong("a list")),
        Shape::Object(_) => return Err(wrong("an object")),
    };
    Ok(())
}

/// An empty string is no value where only something else could be one.
fn flag(value: &Value) -> Option<Value> {
    match value.as_str() {
        Some("") => Some(Value::Null),
        Some(text) => text.parse::<bool>().ok().map(Value::Bool),
        None => value.as_bool().map(Value::Bool),
    }
}

fn integer(value: &Value) -> Option<Value> {
    match value.as_str() {
        Some("") => Some(Value::Null),
        Some(text) => text.parse::<i64>().ok().map(|number| json!(number)),
        None => value.as_i64().map(|number| json!(number)),
    }
}

fn text(value: &Value) -> Option<Value> {
    let written = |number: &Number| json!(number.to_string());
    value.as_number().map(written).or_else(|| value.is_string().then(|| value.clone()))
}

fn one_of(value: &Value, names: &[&str]) -> Option<Value> {
    match value.as_str()? {
        "" => Some(Value::Null),
        text => names.contains(&text).then(|| json!(text)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::members;
    use crate::operation::{Member, Object, Shape};

    static INNER: Object = Object(&[member("name", Shape::Text), member("flag", Shape::Flag)]);
    static OUTER: Object = Object(&[
        member("any", Shape::Any),
        member("flag", Shape::Flag),
        member("list", Shape::List(&Shape::Object(&INNER))),
        member("names", Shape::List(&Shape::OneOf(&["A", "B"]))),
        member("number", Shape::Integer),
        member("text", Shape::Text),
    ]);

    const fn member(name: &'static str, shape: Shape) -> Member {
        Member { name, required: false, shape }
    }

    fn typed(value: Value) -> Result<Value, String> {
        let Value::Object(mut given) = value else { return Err("not an object".to_owned()) };
        members(&mut given, &OUTER, "").map_err(|error| error.message)?;
        Ok(Value::Object(given))
    }

    #[test]
    fn a_value_takes_the_form_of_its_member() {
        let given = json!({
            "any": {"a": [1]}, "flag": "true", "list": [{"name": 1, "more": {}}, null], "names": ["B"],
            "number": "-5", "text": 1.5, "unknown": [null],
        });
        let expected = json!({
            "any": {"a": [1]}, "flag": true, "list": [{"name": "1", "more": {}}], "names": ["B"],
            "number": -5, "text": "1.5", "unknown": [null],
        });
        assert_eq!(typed(given), Ok(expected));
        let empty = json!({"flag": "", "number": "", "text": "", "list": null});
        assert_eq!(typed(empty), Ok(json!({"flag": null, "number": null, "text": "", "list": null})));
    }

    #[test]
    fn a_value_that_has_no_such_form_is_named_with_its_place() {
        for (given, place) in [
            (json!({"flag": "yes"}), "flag has to be true or false"),
            (json!({"flag": 1}), "flag has to be true or false"),
            (json!({"list": {}}), "list has to be a list"),
            (json!({"list": ["a"]}), "list[0] has to be an object"),
            (json!({"list": [{}, {"flag": []}]}), "list[1].flag has to be true or false"),
            (json!({"names": ["A", "C"]}), "names[1] has to be one of"),
            (json!({"number": 9_223_372_036_854_775_808_u64}), "number has to be a whole number"),
            (json!({"number": 1.5}), "number has to be a whole number"),
            (json!({"text": true}), "text has to be a string"),
        ] {
            let message = typed(given.clone()).expect_err("it does not fit");
            assert!(message.starts_with(&format!("The member {place}")), "{given}: {message}");
        }
    }
}
