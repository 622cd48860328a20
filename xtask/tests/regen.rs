//! `cargo xtask regen`, on this project and on a copy of what it works on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What `regen` reads and writes.
const PARTS: [&str; 11] = [
    "Cargo.toml",
    "authlete-api/Cargo.toml",
    "authlete-api/README.md",
    "authlete-api/src",
    "authlete-emulator/SETTINGS.md",
    "authlete-emulator/settings.toml",
    "authlete-emulator/src/generated",
    "docs/llms.txt",
    "docs/operations.md",
    "openapi",
    "tests/src/generated",
];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A copy of the project's parts, which goes when the test ends.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-regen-{name}-{}", std::process::id()));
        for part in PARTS {
            copy(&project().join(part), &folder.join(part));
        }
        Self(folder)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    fn text(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    fn write(&self, relative: &str, text: &str) {
        fs::write(self.path(relative), text).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.0.clone()];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(&path).expect("the copy can be listed").flatten().map(|entry| entry.path()));
            } else {
                files.insert(path.clone(), fs::read(&path).expect("the copy can be read"));
            }
        }
        files
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).expect("the project can be listed").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("a part lies in a folder")).expect("temporary folders can be made");
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}

fn regen(project: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("--project").arg(project).arg("regen").args(arguments);
    command.output().expect("the binary under test runs")
}

/// The error of a run that must fail.
fn error(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "it should have failed: {text}");
    text
}

#[test]
fn what_is_generated_is_current() {
    let output = regen(&project(), &["--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"everything generated is current\n");
}

#[test]
fn a_server_of_the_description_is_a_region() {
    let copy = Copy::new("servers");
    let description = "openapi/authlete.json";
    let known = "\"https://br.authlete.com\"";
    let text = copy.text(description);
    assert!(text.contains(known), "the description has servers");
    copy.write(description, &text.replace(known, "\"https://mars.authlete.com\""));
    // The overlays are for the servers that there are.
    let output = regen(&copy.0, &["--lenient"]);
    assert!(output.status.success(), "{output:?}");
    let regions = copy.text("authlete-api/src/generated/region.rs");
    assert!(regions.contains("\"https://mars.authlete.com\"") && !regions.contains(known), "{regions}");
}

#[test]
fn what_is_not_current_is_named_and_mended() {
    let copy = Copy::new("mended");
    let before = copy.files();
    let changed = "authlete-api/src/generated/operations.rs";
    let missing = "authlete-api/src/generated/calls/ciba.rs";
    let stale = "authlete-api/src/generated/types/of_yesterday.rs";
    let by_hand = "authlete-api/src/generated/mod.rs";
    copy.write(changed, &copy.text(changed).replace("\"CIBA\"", "\"Backchannel\""));
    fs::remove_file(copy.path(missing)).unwrap();
    copy.write(stale, "//! Stale.\n");
    copy.write(by_hand, &format!("{}// By hand.\n", copy.text(by_hand)));
    let damaged = copy.files();

    let text = error(&regen(&copy.0, &["--check"]));
    assert!(text.contains("3 generated file(s) are not current"), "{text}");
    for line in [format!("  differs: {changed}\n"), format!("  missing: {missing}\n"), format!("  stale:   {stale}\n")]
    {
        assert!(text.contains(&line), "{line:?} is not in: {text}");
    }
    assert!(text.contains("\"Backchannel\"") && text.contains("\"CIBA\""), "the difference is shown: {text}");
    assert!(text.contains("run `cargo xtask regen`"), "{text}");
    assert!(!text.contains(by_hand), "{text}");
    assert_eq!(copy.files(), damaged, "a check writes nothing");

    let output = regen(&copy.0, &[]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(" 3 changed\n"), "{output:?}");
    assert!(copy.text(by_hand).ends_with("// By hand.\n"), "what is written by hand stays");
    let mut after = copy.files();
    let by_hand = copy.path(by_hand);
    after.insert(by_hand.clone(), before[&by_hand].clone());
    assert_eq!(after, before);
}

#[test]
fn line_ends_of_windows_are_no_difference() {
    let copy = Copy::new("windows");
    for path in ["openapi/report.md", "authlete-api/src/generated/types/enums.rs"] {
        copy.write(path, &copy.text(path).replace('\n', "\r\n"));
    }
    let output = regen(&copy.0, &["--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_overlay_that_fits_no_more_stops_and_leaves_everything_as_it_was() {
    let copy = Copy::new("overlay");
    let overlay = "overlay: 1.0.0\ninfo: {title: Idle, version: 1.0.0, x-kind: shape}\nactions:\n  \
                   - {target: $.components.schemas.nobody, description: Nothing., update: {x-rust-name: Nobody}}\n";
    copy.write("openapi/overlays/90-idle.yaml", overlay);
    let before = copy.files();
    let text = error(&regen(&copy.0, &[]));
    assert!(text.contains("90-idle.yaml") && text.contains("$.components.schemas.nobody"), "{text}");
    assert_eq!(copy.files(), before);

    let output = regen(&copy.0, &["--lenient"]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("$.components.schemas.nobody"), "{output:?}");

    copy.write("openapi/overlays/notes.txt", "not an overlay");
    assert!(error(&regen(&copy.0, &[])).contains("notes.txt is not YAML"));
}

#[test]
fn another_description_becomes_a_crate_in_a_folder_of_its_own() {
    let copy = Copy::new("standalone");
    let before = copy.files();
    let out = std::env::temp_dir().join(format!("xtask-regen-out-{}", std::process::id()));
    let out = Copy(out);
    let (spec, folder) = (copy.path("openapi/authlete.json"), out.0.to_str().expect("temporary paths are UTF-8"));
    let arguments = ["--spec", spec.to_str().expect("temporary paths are UTF-8"), "--out", folder];
    // Twice: the result of an earlier run may be replaced.
    for _ in 0..2 {
        let output = regen(&copy.0, &arguments);
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(copy.files(), before, "the project is left alone");
    let manifest = out.text("Cargo.toml");
    assert!(!manifest.contains("workspace = true") && manifest.contains("\n[workspace]"), "{manifest}");
    assert!(manifest.contains("name = \"authlete-api\"") && !manifest.contains("progenitor"), "{manifest}");
    assert!(manifest.contains("authlete-core") && manifest.contains("/authlete-core\""), "{manifest}");
    let library = out.text("src/lib.rs");
    assert!(library.contains("pub use crate::generated::actions::*;"));
    assert!(library.contains("#[rustfmt::skip]\nmod generated;") && library.contains("pub mod prelude;"), "{library}");
    assert!(
        ["ciba", "guide", "server_check"].iter().all(|name| !library.contains(&format!("mod {name};"))),
        "{library}"
    );
    let handles = ["authlete.rs", "builder.rs", "environment.rs", "prelude.rs", "region.rs", "service.rs"];
    for (path, text) in before {
        let relative = path.strip_prefix(&copy.0).expect("it lies in the copy");
        if let Ok(source) = relative.strip_prefix("authlete-api/src")
            && (source.starts_with("generated") || handles.iter().any(|handle| source == Path::new(handle)))
        {
            assert_eq!(fs::read(out.0.join("src").join(source)).ok(), Some(text), "{}", source.display());
        }
    }

    fs::write(out.path("Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
    let text = error(&regen(&copy.0, &arguments));
    assert!(text.contains("holds other files; give a new folder"), "{text}");
    assert_eq!(out.text("Cargo.toml"), "[package]\nname = \"mine\"\n");
}
