//! Overlays on small documents of our own: each file of `fixtures/overlay` is a case, its outcome a snapshot.

// clippy.toml lets tests unwrap, and does not count their helpers.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use authlete_codegen::overlay::{self, Overlay, Overlays};
use authlete_codegen::{Document, Problems};
use serde_json::{Value, json};

/// A case: a document, and overlays as texts by file name.
#[derive(serde::Deserialize)]
struct Case {
    document: Value,
    overlays: BTreeMap<String, String>,
}

impl Case {
    fn run(&self, lenient: bool) -> String {
        match self.applied(lenient) {
            Ok(applied) => {
                let mut text = String::new();
                if applied.corrected != applied.shaped {
                    let _ = write!(text, "corrected:\n{}", applied.corrected.to_canonical_string());
                }
                let _ = write!(text, "shaped:\n{}", applied.shaped.to_canonical_string());
                text + "\n" + &applied.report.to_markdown()
            }
            Err(problems) => format!("{problems}\n"),
        }
    }

    fn applied(&self, lenient: bool) -> Result<overlay::Applied, Problems> {
        let files = self.overlays.iter().map(|(name, text)| (name.as_str(), text.as_bytes()));
        Overlays::parse(files)?.apply(&Document(self.document.clone()), lenient)
    }
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/overlay").join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(path).unwrap();
    let case: Case = serde_saphyr::from_str(&text).unwrap();
    let strict = case.run(false);
    let lenient = case.run(true);
    let shown = if strict == lenient { strict } else { format!("strict:\n{strict}\nlenient:\n{lenient}") };
    insta::assert_snapshot!(name, shown);
}

#[test]
fn merges_as_version_1_0_says() {
    check("merge-1.0");
}

#[test]
fn merges_as_version_1_1_says() {
    check("merge-1.1");
}

#[test]
fn removes_without_disturbing_what_is_still_to_be_removed() {
    check("remove");
}

#[test]
fn copies_one_node() {
    check("copy");
}

#[test]
fn expectations_that_hold() {
    check("expect-met");
}

#[test]
fn expectations_that_do_not_hold() {
    check("expect-unmet");
}

#[test]
fn what_finds_or_changes_nothing_is_told_of_all_files() {
    check("idle");
}

#[test]
fn a_stale_name_in_a_list_is_told_and_the_others_still_apply() {
    check("idle-names");
}

#[test]
fn what_cannot_be_done_is_told_leniently_too() {
    check("impossible");
}

#[test]
fn corrections_come_first_and_their_result_is_kept() {
    check("stages");
}

#[test]
fn a_shape_before_a_correction_is_an_error() {
    check("order");
}

#[test]
fn malformed_overlays() {
    check("malformed");
}

#[test]
fn what_is_not_yaml_has_a_place() {
    check("syntax");
}

#[test]
fn a_failure_leaves_the_document_alone() {
    let overlays = [Overlay::parse(
        "10.yaml",
        br#"{"overlay": "1.0.0", "info": {"title": "t", "version": "1", "x-kind": "correction"}, "actions": [
            {"target": "$.a", "update": {"added": 1}},
            {"target": "$.missing", "update": {"added": 1}}]}"#,
    )
    .unwrap()];
    let before = Document(json!({"a": {}}));
    let mut document = before.clone();
    assert!(overlay::apply(&mut document, &overlays, false).is_err());
    assert_eq!(document, before);
    let report = overlay::apply(&mut document, &overlays, true).unwrap();
    assert_eq!(document.0, json!({"a": {"added": 1}}));
    assert_eq!((report.files[0].actions.len(), report.warnings.len()), (1, 1));
}

#[test]
fn two_files_of_one_name() {
    let text: &[u8] =
        b"{overlay: 1.0.0, info: {title: t, version: '1', x-kind: shape}, actions: [{target: $, update: {a: 1}}]}";
    let problems = Overlays::parse([("20.yaml", text), ("20.yaml", text)]).unwrap_err();
    insta::assert_snapshot!(problems, @"20.yaml: two overlays have this name");
}

#[test]
fn bytes_of_any_kind_are_no_panic() {
    for bytes in
        [&b""[..], b"\xff\xfe", b"null", b"[]", b"a: [", b"\0", b"---\na: 1\n---\nb: 2", b"? {a: b}\n: c", b"*x"]
    {
        assert!(Overlay::parse("x.yaml", bytes).is_err(), "{bytes:?}");
    }
}
