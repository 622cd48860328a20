//! Names: split into words, joined without doubling, singular, and in Rust's case.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// What upstream calls its files; no type is named after one.
const FILE_WORDS: [&str; 4] = ["schema", "yaml", "yml", "json"];

/// The lower-case words of a name, however it is written.
pub(super) fn words(name: &str) -> Vec<String> {
    let plain: String =
        name.replace('\'', "").chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    plain.to_snake_case().split('_').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words as a Rust type name. A name that starts with a digit gets the same prefix typify would give it.
pub(super) fn pascal_of(words: &[String]) -> String {
    // Twice: `ABC` from one-letter words is one word the next time, and a name has to stay what it is.
    let name = words.join("_").to_upper_camel_case().to_upper_camel_case();
    match name.chars().next() {
        None => "X".to_owned(),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("X{name}"),
    }
}

/// A name as a Rust type name.
pub(super) fn pascal(name: &str) -> String {
    pascal_of(&words(name))
}

/// A name as a Rust field or function name, keywords not considered.
pub(super) fn snake(name: &str) -> String {
    let joined = words(name).join("_");
    match joined.chars().next() {
        None => "x".to_owned(),
        Some(first) if first.is_alphabetic() => joined,
        Some(_) => format!("x{joined}"),
    }
}

/// The type name for a component: file words at its end and doubled words are left out.
pub(super) fn type_name(component: &str) -> String {
    let mut words = words(component);
    while words.len() > 1 && words.last().is_some_and(|word| FILE_WORDS.contains(&word.as_str())) {
        words.pop();
    }
    words.dedup();
    pascal_of(&words)
}

/// Owner and property as one name; what ends the one and starts the other is said once.
pub(super) fn join(owner: &str, property: &str) -> String {
    let mut joined = words(owner);
    let tail = words(property);
    let longest = joined.len().min(tail.len());
    let overlap = (0..=longest).rev().find(|&n| joined[joined.len() - n..] == tail[..n]).unwrap_or(0);
    joined.extend_from_slice(&tail[overlap..]);
    pascal_of(&joined)
}

/// The name for one element of what `name` names, never the name itself.
pub(super) fn element(name: &str) -> String {
    let one = one_of(name);
    if words(&one) == words(name) { join(&one, "item") } else { one }
}

/// The name in the singular, which may be the name itself.
pub(super) fn one_of(name: &str) -> String {
    let mut words = words(name);
    if let Some(last) = words.pop() {
        words.push(singular(&last));
    }
    pascal_of(&words)
}

/// A lower-case English word in the singular; a word that is none already stays.
fn singular(word: &str) -> String {
    let cut = |n: usize| word[..word.len() - n].to_owned();
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if ["statuses", "snses"].contains(&word) {
        cut(2)
    } else if word == "series" || ends(&["ss", "us"]) {
        word.to_owned()
    } else if ends(&["uris", "apis"]) {
        cut(1)
    } else if ends(&["is"]) {
        word.to_owned()
    } else if word.len() > 4 && ends(&["ies"]) {
        format!("{}y", cut(3))
    } else if ends(&["iases", "sses", "xes", "zes", "ches", "shes"]) {
        cut(2)
    } else if word.len() > 2 && ends(&["s"]) {
        cut(1)
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_says_nothing_twice() {
        assert_eq!(join("Client", "clientType"), "ClientType");
        assert_eq!(element(&join("client", "clientRegistrationTypes")), "ClientRegistrationType");
        assert_eq!(join("authorization_response", "action"), "AuthorizationResponseAction");
        assert_eq!(join("Hsk", "hsk"), "Hsk");
        assert_eq!(join("", "x"), "X");
    }

    #[test]
    fn elements_are_singular() {
        let pairs = [
            ("prompts", "Prompt"),
            ("properties", "Property"),
            ("addresses", "Address"),
            ("redirectUris", "RedirectUri"),
            ("aliases", "Alias"),
            ("status", "StatusItem"),
            ("supportedSnses", "SupportedSns"),
            ("responses", "Response"),
            ("batches", "Batch"),
        ];
        for (many, one) in pairs {
            assert_eq!(element(many), one, "{many}");
        }
    }

    #[test]
    fn names_settle() {
        for name in ["OAuth2Client", "JWKSet", "3ds_info", "client.yaml", "a-b c", "idTokenAMRs", "", "ÄB", "HSK"] {
            let once = pascal(name);
            assert_eq!(pascal(&once), once, "{name}");
        }
        assert_eq!(type_name("client_schema"), "Client");
        assert_eq!(type_name("hsk_hsk.yaml"), "Hsk");
        assert_eq!(type_name("schema"), "Schema");
        assert_eq!(snake("2nd"), "x2nd");
    }
}
