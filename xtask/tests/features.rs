//! The feature `full` has every feature, since CI builds with it.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn full_is_all_but_the_choice_of_tls() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../authlete-api/Cargo.toml");
    let manifest = std::fs::read_to_string(path).expect("the manifest can be read");
    let manifest: toml_edit::DocumentMut = manifest.parse().expect("the manifest is TOML");
    let features = manifest["features"].as_table().expect("there are features");
    let full: BTreeSet<_> =
        features["full"].as_array().expect("a list").iter().filter_map(toml_edit::Value::as_str).collect();
    let apart = ["default", "full", "reqwest", "rustls", "native-tls"];
    let all: BTreeSet<_> = features.iter().map(|(name, _)| name).filter(|name| !apart.contains(name)).collect();
    assert_eq!(full, all);
}
