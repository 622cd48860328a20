//! The whole way, on a small upstream document written in either of two styles.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use authlete_codegen::pipeline::{Generated, Inputs, generate};
use authlete_codegen::{Document, Problems, import};
use serde_json::{Map, Value};

const CORRECTIONS: &str = "overlay: 1.0.0
info: {title: Corrections, version: 1.0.0, x-kind: correction}
actions:
  - target: $.components.schemas.book.properties.title
    description: Nothing in a book is secret.
    update: {x-secret: false}
";

/// An action for something that the document does not have.
const IDLE: &str = "overlay: 1.0.0
info: {title: Names, version: 1.0.0, x-kind: shape}
actions:
  - target: $.components.schemas.shelf
    description: A name in Rust.
    update: {x-rust-name: BookShelf}
";

/// What is said of the small document in the style of components.
const WORDS: &str = "
components:
  book:
    doc: Something to read.
    fields:
      title: What is printed on the cover.
      bookKind: {doc: What it is about., values: {NOVEL: A story., SCIENCE: Facts.}}
      pages: The numbers of its pages.
  problem: {doc: Why there is no book., fields: {code: Its number.}}
operations:
  book_get: {doc: Reads a book., parameters: {libraryId: Where it stands., bookId: Which one.}}
  book_update: {doc: Replaces a book., parameters: {libraryId: Where it stands.}}
";

fn upstream(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pipeline").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(bytes: &[u8], overlays: &[(&str, &str)], lenient: bool) -> Result<Generated, Problems> {
    let document = import::import(bytes, "a test")?.document;
    let overlays = overlays.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    worded(document, overlays, words_of(bytes).as_bytes(), lenient)
}

fn worded(
    document: Document,
    overlays: Vec<(&str, &[u8])>,
    words: &[u8],
    lenient: bool,
) -> Result<Generated, Problems> {
    with_examples(document, overlays, words, "", lenient)
}

fn with_examples(
    document: Document,
    overlays: Vec<(&str, &[u8])>,
    words: &[u8],
    examples: &str,
    lenient: bool,
) -> Result<Generated, Problems> {
    let words = vec![("words.yaml", words)];
    let examples = if examples.is_empty() { Vec::new() } else { vec![("examples.yaml", examples.as_bytes())] };
    generate(&Inputs { document, overlays, actions: b"operations: {}", words, examples, lenient })
}

/// The words for a document; the one that writes its schemas inline has no `problem`, and a response of its own.
fn words_of(document: &[u8]) -> String {
    if String::from_utf8_lossy(document).contains("firstPage") {
        let kept =
            WORDS.lines().filter(|line| !line.trim_start().starts_with("problem:")).collect::<Vec<_>>().join("\n");
        let response =
            "response: {doc: What was found., fields: {book: The book., kind: Its kind., firstPage: Its start.}}";
        kept.replace("{doc: Reads a book., ", &format!("{{doc: Reads a book., {response}, "))
    } else {
        WORDS.to_owned()
    }
}

/// A strict run that has to succeed.
fn strictly(name: &str, overlays: &[(&str, &str)]) -> Generated {
    run(&upstream(name), overlays, false).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

/// The types and methods, without what every file begins with.
fn code(generated: &Generated) -> String {
    let folders = ["types", "calls"].map(|folder| format!("authlete-api/src/generated/{folder}/"));
    let files = generated.files.iter().filter(|(path, _)| folders.iter().any(|folder| path.starts_with(folder)));
    files
        .filter(|(path, _)| !path.ends_with("/mod.rs"))
        .map(|(path, text)| format!("======== {path}\n{text}\n"))
        .collect()
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries: Vec<_> = map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect();
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

/// The JSON text of a value, with keys in reverse whatever order serde_json keeps.
fn backwards(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_by(|one, other| other.cmp(one));
            let members = keys.iter().map(|key| format!("{}:{}", Value::from(key.as_str()), backwards(&map[*key])));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(backwards).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[test]
fn the_same_input_gives_the_same_files_in_any_order_of_keys() {
    for name in ["components.json", "inline.json"] {
        let overlays = &[("10.yaml", CORRECTIONS)];
        let once = strictly(name, overlays);
        assert_eq!(once.files, strictly(name, overlays).files, "{name}");

        let value: Value = serde_json::from_slice(&upstream(name)).expect("the fixture is JSON");
        let shuffled = backwards(&reversed(&value));
        assert_ne!(shuffled.as_bytes(), upstream(name));
        let other = run(shuffled.as_bytes(), overlays, false).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        for (path, text) in &once.files {
            // Which bytes were read is the one thing that differs.
            let (text, other) = (without_hash(text), without_hash(&other.files[path]));
            assert_eq!(text, other, "{name}: {path}");
        }
        assert_eq!(once.files.len(), other.files.len());
    }
}

fn without_hash(text: &str) -> String {
    text.lines()
        .filter(|line| !line.contains("\"sha256\"") && !line.starts_with("| SHA-256 |"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn components_and_inline_schemas_become_named_types() {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        for style in ["components", "inline"] {
            let generated = strictly(&format!("{style}.json"), &[("10.yaml", CORRECTIONS)]);
            insta::assert_snapshot!(format!("pipeline_{style}"), code(&generated));
        }
    });
}

#[test]
fn every_file_is_where_it_belongs_and_the_report_tells_what_was_done() {
    let generated = strictly("components.json", &[("10.yaml", CORRECTIONS)]);
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("pipeline_files", generated.files.keys().cloned().collect::<Vec<_>>().join("\n"));
        insta::assert_snapshot!("pipeline_report", generated.files["openapi/report.md"]);
    });
    assert_eq!(generated.warnings, Vec::<String>::new());
}

#[test]
fn an_idle_action_fails_a_strict_run_and_warns_in_a_lenient_one() {
    let overlays = [("10.yaml", CORRECTIONS), ("20.yaml", IDLE)];
    let text = run(&upstream("components.json"), &overlays, false).expect_err("nothing is called shelf").to_string();
    assert!(text.starts_with("20.yaml: action 1"), "{text}");
    assert!(text.contains("$.components.schemas.shelf"), "{text}");

    let generated = run(&upstream("components.json"), &overlays, true).expect("leniently, it is only noticed");
    assert!(
        generated.warnings.iter().any(|warning| warning.contains("$.components.schemas.shelf")),
        "{:?}",
        generated.warnings
    );
    assert_eq!(code(&generated), code(&strictly("components.json", &overlays[..1])));
}

#[test]
fn an_unmarked_text_fails_a_strict_run_and_is_secret_in_a_lenient_one() {
    let text = run(&upstream("components.json"), &[], false).expect_err("nobody marked the title").to_string();
    assert!(text.contains("secrets: Book.title: nobody said whether this text is secret"), "{text}");

    let generated = run(&upstream("components.json"), &[], true).expect("leniently, it is only noticed");
    assert!(generated.warnings.iter().any(|warning| warning.contains("taken as secret")), "{:?}", generated.warnings);
    let types: String =
        generated.files.iter().filter(|(path, _)| path.contains("/types/")).map(|(_, text)| text.as_str()).collect();
    assert!(types.contains(".field(\"title\", &rt::optional(&self.title))"), "{types}");
}

#[test]
fn an_item_without_words_fails_a_strict_run_and_is_counted_in_a_lenient_one() {
    for (removed, item) in [
        ("      title: What is printed on the cover.\n", "book.title"),
        (", values: {NOVEL: A story., SCIENCE: Facts.}", "book.bookKind=NOVEL"),
        ("  problem: {doc: Why there is no book., fields: {code: Its number.}}\n", "problem"),
        ("  book_update: {doc: Replaces a book., parameters: {libraryId: Where it stands.}}\n", "book_update"),
        (", bookId: Which one.", "book_get parameter bookId"),
    ] {
        let words = WORDS.replace(removed, "");
        assert_ne!(words, WORDS, "{removed}");
        let text = with_words(&words, false).expect_err(item).to_string();
        assert!(text.contains(&format!("docs: {item}: has no words\n")), "{text}");
        assert!(text.contains("say in openapi/docs what it is"), "{text}");

        let warnings = with_words(&words, true).expect("leniently, it is only counted").warnings;
        assert!(warnings.iter().any(|warning| warning.contains("items lack words")), "{warnings:?}");
    }
    with_words(WORDS, false).expect("everything has words");
}

#[test]
fn words_whose_item_is_gone_fail_a_strict_run() {
    for (there, gone, problem) in [
        ("      title:", "      author: Who wrote it.\n      title:", "book.author: there is no such field"),
        ("NOVEL: A story.", "NOVEL: A story., POEM: Verses.", "book.bookKind=POEM: there is no such value"),
        ("pages: The numbers", "pages: {doc: Numbers., values: {ONE: One.}} # ", "book.pages=ONE: it has no values"),
        (
            "  problem:",
            "  shelf: Where books stand.\n  problem:",
            "shelf: the description has no component of this name",
        ),
        ("  book_get:", "  book_lend: {doc: Lends.}\n  book_get:", "book_lend: there is no operation of this name"),
        (
            "bookId: Which one.",
            "bookId: Which., page: It.",
            "book_get parameter page: the operation has no such parameter",
        ),
        ("components:", "regions: {mars: Far away.}\ncomponents:", "region mars: there is no region of this name"),
        (
            "doc: Replaces a book.",
            "doc: Replaces., actions: {OK: Done.}",
            "book_update.OK: the operation has no actions",
        ),
    ] {
        let words = WORDS.replacen(there, gone, 1);
        assert_ne!(words, WORDS, "{there}");
        let text = with_words(&words, false).expect_err(problem).to_string();
        assert!(text.contains(&format!("docs: {problem}\n")), "{text}");
        with_words(&words, true).expect("leniently, it is only counted");
    }
}

/// The document in the style of components, with other words.
fn with_words(words: &str, lenient: bool) -> Result<Generated, Problems> {
    let document = import::import(&upstream("components.json"), "a test")?.document;
    worded(document, vec![("10.yaml", CORRECTIONS.as_bytes())], words.as_bytes(), lenient)
}

/// Methods for the operations of the small document.
const GROUPS: &str = "overlay: 1.0.0
info: {title: Groups, version: 1.0.0, x-kind: shape}
actions:
  - target: $
    description: Groups.
    update: {x-groups: {books: Books.}}
  - target: $.paths['/api/{libraryId}/book/get/{bookId}'].get
    description: A method.
    update: {x-group: books, x-method: get, x-doc: Reads a book., x-idempotency: safe}
  - target: $.paths['/api/{libraryId}/book/update'].post
    description: A method.
    update: {x-group: books, x-method: update, x-doc: Replaces a book., x-idempotency: idempotent}
";

const EXAMPLES: &str = r#"
book_get:
  settings: .service("shelves", 3)
  code: |
    # let id = 1;
    authlete.books().get(id).await?;
book_update: {code: authlete.books().update(1).await?;}
"#;

/// The small document with methods and these examples.
fn exemplified(examples: &str, lenient: bool) -> Result<Generated, Problems> {
    with_methods(WORDS, examples, lenient)
}

fn with_methods(words: &str, examples: &str, lenient: bool) -> Result<Generated, Problems> {
    let document = import::import(&upstream("components.json"), "a test")?.document;
    let words = words.replace("components:", "groups: {books: Books.}\ncomponents:");
    let overlays = vec![("10.yaml", CORRECTIONS.as_bytes()), ("60.yaml", GROUPS.as_bytes())];
    with_examples(document, overlays, words.as_bytes(), examples, lenient)
}

#[test]
fn an_example_is_a_program_that_documentation_shows_and_tests_run() {
    let generated = exemplified(EXAMPLES, false).expect("every operation has an example");
    let shown = "    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = \"current_thread\")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let test = authlete_test::TestAuthlete::builder()
    /// #     .service(\"shelves\", 3)
    /// #     .start()
    /// #     .await?;
    /// # let (authlete, service, client) = (test.authlete(), test.service(), test.client());
    /// # let id = 1;
    /// authlete.books().get(id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(";
    let text = &generated.files["authlete-api/src/generated/groups/books.rs"];
    assert!(text.contains(shown), "{text}");
}

#[test]
fn a_method_is_found_by_other_words() {
    let words = WORDS.replace("doc: Reads a book., ", "doc: Reads a book., aliases: [look up], ");
    let generated = with_methods(&words, EXAMPLES, false).expect("aliases are words");
    let text = &generated.files["authlete-api/src/generated/groups/books.rs"];
    assert!(text.contains("    #[doc(alias = \"look up\")]\n    pub fn get("), "{text}");
    assert!(!generated.files["openapi/corrected.json"].contains("look up"), "it is no part of the description");
}

#[test]
fn an_operation_without_an_example_or_the_other_way_round_fails_a_strict_run() {
    for (examples, problem) in [
        (EXAMPLES.replace("book_update", "book_lend"), "examples: book_update: has no example\n"),
        (EXAMPLES.replace("book_update", "book_lend"), "examples: book_lend: there is no operation of this name\n"),
        (EXAMPLES.replace("code:", "program:"), "examples: examples.yaml, line 4, column 3: unknown field `program`"),
    ] {
        let text = exemplified(&examples, false).expect_err(problem).to_string();
        assert!(text.contains(problem), "{text}");
    }
    exemplified(&EXAMPLES.replace("book_update", "book_lend"), true).expect("leniently, it is only counted");
}
