//! The words of public names and of documentation are those of the standards, of the Rust API Guidelines, tower and http.

use std::fs;
use std::path::{Component, PathBuf};

use crate::project;

/// Names that were coined here once, and what is said instead.
const NAMES: &[(&str, &str)] = &[
    ("Cached", "ResponseCacheLayer"),
    ("Carried", "ExtraHeaders"),
    ("Follow", "FollowUp"),
    ("Guarded", "CircuitBreakerLayer"),
    ("IntrospectionCache", "VerdictCache"),
    ("JsonText", "JsonString"),
    ("Limited", "RateLimitLayer"),
    ("Linked", "PendingRequest"),
    ("Page", "ListPage or UserPage"),
    ("RetryClass", "Idempotency"),
    ("Retrying", "RetryLayer"),
    ("Traced", "TraceLayer"),
    ("Unforeseen", "UnknownAction"),
    ("Unsent", "SendError"),
    ("first_wait", "initial_backoff"),
    ("longest_wait", "max_backoff"),
    ("negative", "negative_ttl"),
    ("request_timeout", "attempt_timeout"),
    ("stale", "stale_if_error"),
    ("total_timeout", "operation_timeout"),
    ("tries", "max_attempts"),
];

/// Phrases that a reader has to read twice, and what they mean.
const PHRASES: &[(&str, &str)] = &[
    ("best done at once", "relative to the time of the call"),
    ("goes before the", "takes precedence over the"),
    ("is none on", "is not on"),
    ("is none:", "is not one:"),
    ("it has not.", "that it does not have"),
    ("jsontext", "JsonString"),
    ("layer for users", "high-level API"),
    ("none of the log's business", "say what it is"),
    ("nothing is: not at all", "zero disables it"),
    ("the clients of others", "third-party clients"),
    ("the library has not", "that the library does not have"),
    ("the status is none", "is not a valid status"),
    ("the way of the data", "data flow"),
    ("trouble on demand", "fault injection"),
    ("waits holds what", "a waiting call holds the permit it waits for"),
    (" an answer ", "a response"),
    ("the answer is", "the response is"),
    ("the answer of", "the response of"),
    ("http answer", "HTTP response"),
    ("another try", "another attempt"),
    ("every try", "every attempt"),
    ("all tries", "all attempts"),
];

/// What is published, and what is read beside it.
const CRATES: [&str; 4] = ["authlete-api", "authlete-core", "authlete-resource-server", "authlete-test"];
const DOCUMENTS: [&str; 6] = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "docs"];

#[test]
fn no_word_of_our_own_is_in_names_and_documentation() {
    let mut found = Vec::new();
    let mut read = (0, 0);
    for path in CRATES.iter().copied().chain(DOCUMENTS).flat_map(files) {
        let text = fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(project::path("")).unwrap().display();
        let is_rust = project::has_extension(&path, "rs");
        let documentation: Vec<&str> = match is_rust {
            true => text
                .lines()
                .filter_map(|line| line.trim_start().strip_prefix("///").or(line.strip_prefix("//!")))
                .collect(),
            false => text.lines().collect(),
        };
        let documentation = documentation.join(" ").to_lowercase();
        let documentation = documentation.split_whitespace().collect::<Vec<_>>().join(" ");
        read.0 += documentation.len();
        for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| documentation.contains(phrase)) {
            let at = documentation.find(phrase).unwrap_or_default();
            let around: String =
                documentation.chars().skip(documentation[..at].chars().count().saturating_sub(30)).take(90).collect();
            found.push(format!("{shown}: {phrase:?}, say {instead:?}: …{around}…"));
        }
        for name in text.lines().filter(|_| is_rust).filter_map(public_name) {
            read.1 += 1;
            if let Some((_, instead)) = NAMES.iter().find(|(coined, _)| *coined == name) {
                found.push(format!("{shown}: `{name}`, say `{instead}`"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(read.0 > 500_000 && read.1 > 1_500, "too little was read: {read:?}");
}

/// The Rust sources and Markdown documents under a path; what is generated from the words of the description has its own
/// author, and tests are not read by users.
fn files(path: &str) -> Vec<PathBuf> {
    let mut found = project::files(&project::path(path));
    found.retain(|path| {
        let relative = path.strip_prefix(project::path("")).unwrap();
        let is_left_out = |part: Component<'_>| ["tests", "types"].iter().any(|name| part.as_os_str() == *name);
        (project::has_extension(path, "rs") || project::has_extension(path, "md"))
            && !relative.components().any(is_left_out)
    });
    found
}

/// The name that a line makes public.
fn public_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start().strip_prefix("pub ")?;
    for keyword in ["async", "const", "fn", "struct", "enum", "trait", "type", "mod", "static"] {
        rest = rest.strip_prefix(keyword).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(rest);
    }
    rest.split(|character: char| !character.is_alphanumeric() && character != '_').next()
}
