//! JSONPath (RFC 9535): the one place that knows the library which evaluates it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

use crate::document::escape;

/// A parsed JSONPath query.
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    query: JsonPath,
}

/// One place a query selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Member names and array indices, from the root.
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Name(String),
}

impl Path {
    /// Parses a query.
    ///
    /// # Errors
    /// What is wrong with it, and at which character.
    pub fn parse(text: &str) -> Result<Self, String> {
        match JsonPath::parse(text) {
            Ok(query) => Ok(Self { text: text.to_owned(), query }),
            Err(error) => Err(format!("not a JSONPath: {} at character {}", error.message(), error.position())),
        }
    }

    /// The query as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The places it selects, each once, in document order.
    pub(super) fn places(&self, document: &Value) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        let mut seen = BTreeSet::new();
        for location in self.query.query_located(document).locations() {
            let steps: Vec<Step> = location
                .iter()
                .map(|element| match element {
                    PathElement::Name(name) => Step::Name((*name).to_owned()),
                    PathElement::Index(index) => Step::Index(*index),
                })
                .collect();
            if seen.insert(steps.clone()) {
                places.push(Place { steps });
            }
        }
        places
    }

    /// The names in a query's last segment that none of the places ends in, when that segment is a list of names
    /// (`…['a','b']`): one name of such a list could otherwise go stale unnoticed.
    pub(super) fn idle_names(&self, places: &[Place]) -> Vec<String> {
        let names = last_names(&self.text);
        let idle = |name: &String| !places.iter().any(|place| place.last_name() == Some(name));
        if names.len() < 2 { Vec::new() } else { names.into_iter().filter(idle).collect() }
    }
}

impl Place {
    /// The place as a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.steps {
            pointer.push('/');
            match step {
                Step::Name(name) => pointer.push_str(&escape(name)),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// The JSON pointer of the object or array around the place; `None` for the root.
    pub(super) fn parent(&self) -> Option<String> {
        let (_, before) = self.steps.split_last()?;
        Some(Self { steps: before.to_vec() }.pointer())
    }

    /// Orders places so that removing one never moves another that is still to be removed: inner before outer, later
    /// elements before earlier ones.
    pub(super) fn removal_order(&self, other: &Self) -> Ordering {
        other.steps.cmp(&self.steps)
    }

    /// Removes what is at the place from the object or array around it, leaving the order of the rest.
    pub(super) fn remove_from(&self, parent: &mut Value) {
        match (parent, self.steps.last()) {
            (Value::Object(members), Some(Step::Name(gone))) => members.retain(|name, _| name != gone),
            (Value::Array(items), Some(Step::Index(index))) if *index < items.len() => {
                items.remove(*index);
            }
            _ => {}
        }
    }

    fn last_name(&self) -> Option<&String> {
        match self.steps.last() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }
}

/// The names of a query that ends in `['a','b']` (or with double quotes); none when it ends otherwise.
fn last_names(query: &str) -> Vec<String> {
    let query = query.trim_end();
    query.rmatch_indices('[').find_map(|(start, _)| quoted_list(&query[start + 1..])).unwrap_or_default()
}

/// The names in `'a', 'b']`. Names with a backslash are not understood: they occur in no description.
fn quoted_list(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
        let (name, after) = rest[1..].split_once(quote)?;
        if name.contains('\\') {
            return None;
        }
        names.push(name.to_owned());
        let after = after.trim_start();
        if after == "]" {
            return Some(names);
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_are_distinct_and_pointers_escaped() {
        let document = json!({"paths": {"/a/{b}": {"x~y": 1}}});
        let places = Path::parse("$.paths['/a/{b}','/a/{b}']['x~y']").unwrap().places(&document);
        assert_eq!(places.iter().map(Place::pointer).collect::<Vec<_>>(), ["/paths/~1a~1{b}/x~0y"]);
        assert_eq!(places[0].parent().as_deref(), Some("/paths/~1a~1{b}"));
    }

    #[test]
    fn a_list_of_names_is_read_from_the_last_segment_alone() {
        assert_eq!(last_names("$..properties['a', \"b]\"]"), ["a", "b]"]);
        assert!(last_names("$['a','b'].c").is_empty());
        assert!(last_names("$.a[?@.b == ['c']]").is_empty());
        assert!(last_names("$.a[0]").is_empty());
    }

    #[test]
    fn names_that_select_nothing_are_told() {
        let path = Path::parse("$..p['a','b','c']").unwrap();
        let places = path.places(&json!({"p": {"b": 1}, "q": {"a": 2}}));
        assert_eq!(path.idle_names(&places), ["a", "c"]);
    }
}
