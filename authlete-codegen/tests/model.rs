//! The model of what is emitted, read from descriptions.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::path::Path;

use authlete_codegen::Document;
use authlete_codegen::model::{Model, TypeKind};

fn document(path: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[test]
fn the_committed_description_needs_no_type_that_the_model_does_not_know() {
    let model = Model::read(&document("../openapi/effective.json")).unwrap_or_else(|problems| panic!("{problems}"));
    for (name, _, object) in model.objects() {
        for field in &object.fields {
            let text = format!("{:?}", field.ty);
            assert!(!text.contains("Other"), "{name}.{}: {text}", field.wire);
        }
    }
    let verbatim = model.types.values().filter(|definition| matches!(definition.kind, TypeKind::Verbatim(_)));
    assert_eq!(verbatim.count(), 0, "the committed description has no unions");
}
