//! Importing: which facts stay, and how each refusal reads.

use authlete_codegen::Document;
use authlete_codegen::import::{import, parse};

const TRAPS: &[u8] = include_bytes!("fixtures/import/traps.yaml");

#[test]
fn facts_stay_and_prose_goes() {
    let imported = import(TRAPS, "a test").unwrap();
    insta::assert_snapshot!("traps_document", imported.document.to_canonical_string());
    let dropped = imported.dropped.iter().map(|(key, count)| format!("dropped: {count} {key}"));
    let lines: Vec<_> = imported.notes.iter().cloned().chain(dropped).collect();
    insta::assert_snapshot!("traps_notes", lines.join("\n"));
}

#[test]
fn parse_keeps_prose() {
    let document = parse(TRAPS).unwrap();
    assert_eq!(document.0.pointer("/info/title").unwrap(), "Somebody's title");
    assert_eq!(document.resolve("#/components/schemas/book/example/title").unwrap(), "A title");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_json_the_same_facts() {
    let once = import(TRAPS, "a test").unwrap().document;
    assert_eq!(once.to_canonical_string(), import(TRAPS, "a test").unwrap().document.to_canonical_string());

    let json = serde_json::to_vec_pretty(&parse(TRAPS).unwrap().0).unwrap();
    assert_eq!(without_provenance(once.clone()), without_provenance(import(&json, "json").unwrap().document));
    let again = import(once.to_canonical_string().as_bytes(), "again").unwrap();
    assert_eq!(without_provenance(once), without_provenance(again.document));
}

#[test]
fn a_byte_order_mark_is_accepted() {
    let marked = [b"\xEF\xBB\xBF", TRAPS].concat();
    assert_eq!(
        without_provenance(import(&marked, "").unwrap().document),
        without_provenance(import(TRAPS, "").unwrap().document)
    );
}

#[test]
fn anchors_within_reason_are_read() {
    let text = "openapi: 3.0.0\npaths: {}\ncomponents:\n  schemas:\n    a: &a {type: string}\n    b: *a\n";
    let document = import(text.as_bytes(), "").unwrap().document;
    assert_eq!(document.resolve("#/components/schemas/b/type").unwrap(), "string");
}

#[test]
fn what_the_standard_requires_stands_in() {
    let document = import(b"openapi: 3.0.0\npaths: {}\ninfo: {version: 2.5}\n", "").unwrap();
    assert_eq!(document.document.0["info"], serde_json::json!({"title": "Authlete API", "version": "2.5"}));
    assert_eq!(document.notes, ["/info/version: the number 2.5 is kept as text"]);
}

#[test]
fn refusals() {
    let deep_yaml = format!("openapi: 3.0.0\npaths: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_block: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let deep_json = format!("{}{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let bomb: String = ('b'..='z')
        .map(|c| {
            let before = (c as u8 - 1) as char;
            format!("{c}: &{c} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n")
        })
        .collect();
    let bomb = format!("a: &a [1]\n{bomb}");
    // Each anchor nests a hundred levels, and holds the one before at its bottom.
    let tower: String = (0..40)
        .map(|index: usize| {
            let bottom = index.checked_sub(1).map_or("1".to_owned(), |before| format!("*n{before}"));
            format!("n{index}: &n{index} {}{bottom}{}\n", "[".repeat(100), "]".repeat(100))
        })
        .collect();
    let utf16: Vec<u8> = "\u{FEFF}openapi: 3.0.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_bare: Vec<u8> = "openapi: 3.0.0".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let cases: Vec<(&str, &[u8])> = vec![
        ("empty", b""),
        ("blank", b" \n\t\n"),
        ("only a comment", b"# nothing\n"),
        ("a list", b"- openapi: 3.0.0\n"),
        ("text", b"hello"),
        ("yaml broken", b"openapi: 3.0.0\npaths: {\n  a: b\n"),
        ("yaml tabs", b"openapi: 3.0.0\npaths:\n\t/a: {}\n"),
        ("json broken", b"{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {,}\n}"),
        ("json cut", b"{\"openapi\": \"3.0.0\", \"paths\": {"),
        ("json key twice", b"{\"openapi\": \"3.0.0\",\n \"openapi\": \"3.0.1\"}"),
        ("yaml key twice", b"openapi: 3.0.0\npaths: {}\npaths: {}\n"),
        ("yaml status twice", b"openapi: 3.0.0\npaths:\n  /a: {get: {responses: {200: {}, '200': {}}}}\n"),
        ("yaml key is a list", b"openapi: 3.0.0\npaths: {}\n? [a, b]\n: 1\n"),
        ("two yaml documents", b"openapi: 3.0.0\npaths: {}\n---\nopenapi: 3.0.0\npaths: {}\n"),
        ("two json documents", b"{\"openapi\": \"3.0.0\", \"paths\": {}}\n{\"openapi\": \"3.0.0\", \"paths\": {}}\n"),
        ("json and a yaml document", b"{\"openapi\": \"3.0.0\", \"paths\": {}}\n---\na: 1\n"),
        ("json and more", b"{\"openapi\": \"3.0.0\", \"paths\": {}} and more"),
        ("not utf-8", b"openapi: 3.0.0\ninfo: \xFF\n"),
        ("utf-16", &utf16),
        ("utf-16 without a mark", &utf16_bare),
        ("anchor unknown", b"openapi: 3.0.0\npaths: *x\n"),
        ("anchor in itself", b"openapi: 3.0.0\npaths: &a {b: *a}\n"),
        ("anchor bomb", bomb.as_bytes()),
        ("anchor tower", tower.as_bytes()),
        ("deep yaml", deep_yaml.as_bytes()),
        ("deep yaml blocks", deep_block.as_bytes()),
        ("deep json", deep_json.as_bytes()),
        ("not a number json knows", b"openapi: 3.0.0\npaths: {}\ninfo: {version: .inf}\n"),
        ("no openapi", b"info: {}\npaths: {}\n"),
        ("openapi a number", b"openapi: 3.0\npaths: {}\n"),
        ("3.1", b"openapi: 3.1.0\npaths: {}\n"),
        ("swagger", b"swagger: '2.0'\npaths: {}\n"),
        ("swagger a number", b"swagger: 2.0\npaths: {}\n"),
        ("no paths", b"openapi: 3.0.0\n"),
        ("paths a list", b"openapi: 3.0.0\npaths: []\n"),
        ("paths null", b"openapi: 3.0.0\npaths:\n"),
        (
            "reference to nothing",
            b"openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {a: {items: {$ref: '#/components/schemas/b'}}}}\n",
        ),
        (
            "reference without escapes",
            b"openapi: 3.0.0\npaths: {/a: {$ref: '#/paths//b'}, /b: {}}\n",
        ),
        (
            "reference to a property's text",
            b"openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {a: {$ref: '#/info/title'}}}\ninfo: {title: x}\n",
        ),
        (
            "reference into what is dropped",
            b"openapi: 3.0.0\npaths: {}\nx-types: {a: {type: string}}\ncomponents: {schemas: {a: {$ref: '#/x-types/a'}}}\n",
        ),
        (
            "references in a circle",
            b"openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {a: {$ref: '#/components/schemas/b'}, b: {$ref: '#/components/schemas/a'}}}\n",
        ),
        (
            "reference to another file",
            b"openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {a: {$ref: 'other.yaml#/a'}}}\n",
        ),
        (
            "discriminator to nothing",
            b"openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {a: {discriminator: {propertyName: x, mapping: {b: '#/b'}}}}}\n",
        ),
        (
            "operation id twice",
            b"openapi: 3.0.0\npaths:\n  /b: {post: {operationId: same}}\n  /a: {get: {operationId: same}, put: {operationId: same}}\n",
        ),
    ];
    let mut seen = String::new();
    for (name, bytes) in cases {
        let problems = import(bytes, "a test").expect_err(name);
        seen.push_str(&format!("## {name}\n{problems}\n\n"));
    }
    insta::assert_snapshot!("refusals", seen);
}

/// A small generator of numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn damaged_documents_never_panic() {
    let json = serde_json::to_vec(&parse(TRAPS).unwrap().0).unwrap();
    let mut random = Random(0x5EED);
    let mut accepted = 0;
    for round in 0..600 {
        let mut bytes = if round % 2 == 0 { TRAPS.to_vec() } else { json.clone() };
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes[at] = b"\n:{}[]-&*!'\"#$"[random.below(14)],
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        accepted += usize::from(import(&bytes, "a test").is_ok());
    }
    assert!(accepted > 0, "no damaged document was accepted, so nothing past the reader was tried");
}

#[test]
fn documents_of_any_shape_never_panic() {
    // Every object of the fixture in turn replaced by each kind of value.
    let whole = parse(TRAPS).unwrap().0;
    let mut pointers = Vec::new();
    collect(&whole, String::new(), &mut pointers);
    for pointer in pointers {
        for value in [
            serde_json::json!(null),
            serde_json::json!([null, 1]),
            serde_json::json!("x"),
            serde_json::json!({"$ref": 1}),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            let _ = import(&serde_json::to_vec(&changed).unwrap(), "a test");
        }
    }
}

fn collect(value: &serde_json::Value, at: String, pointers: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for (key, value) in object {
            collect(value, format!("{at}/{}", authlete_codegen::document::escape(key)), pointers);
        }
    }
    pointers.push(at);
}

fn without_provenance(mut document: Document) -> Document {
    document
        .0
        .as_object_mut()
        .expect("a document is an object")
        .remove(authlete_codegen::import::PROVENANCE)
        .expect("every import has it");
    document
}
