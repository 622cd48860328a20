//! Answers as the live API has been seen to write them: `null` for what is absent, and among the elements of lists.

use serde_json::Value;

use crate::operation::Shape;

/// Gives every optional member that a response lacks the value `null`, and every list a `null` at its end, at any depth
/// that the description knows.
pub(crate) fn explicit(value: &mut Value, shape: Shape) {
    match (value, shape) {
        (Value::Object(members), Shape::Object(object)) => {
            for member in object.0 {
                match members.get_mut(member.name) {
                    Some(value) => explicit(value, member.shape),
                    None if !member.required => {
                        members.insert(member.name.to_owned(), Value::Null);
                    }
                    None => {}
                }
            }
        }
        (Value::Array(elements), Shape::List(element)) => {
            for value in elements.iter_mut() {
                explicit(value, *element);
            }
            elements.push(Value::Null);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::explicit;
    use crate::operation::{Member, Object, Shape};

    static INNER: Object = Object(&[Member { name: "a", required: false, shape: Shape::Text }]);
    static OUTER: Object = Object(&[
        Member { name: "list", required: false, shape: Shape::List(&Shape::Object(&INNER)) },
        Member { name: "must", required: true, shape: Shape::Text },
        Member { name: "may", required: false, shape: Shape::Object(&INNER) },
    ]);

    #[test]
    fn what_is_absent_is_null_unless_it_must_be_there() {
        let mut value = json!({"list": [{}, {"a": 1}], "unknown": []});
        explicit(&mut value, Shape::Object(&OUTER));
        let expected = json!({"list": [{"a": null}, {"a": 1}, null], "unknown": [], "may": null});
        assert_eq!(value, expected);
    }
}
