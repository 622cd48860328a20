//! `cargo xtask plain`: progenitor's own output of the same description, as a crate, for `scripts/compile-times`.

use std::path::{Path, PathBuf};

use authlete_codegen::{import, model};

use crate::files;

/// The options of `plain`.
#[derive(clap::Args)]
pub(crate) struct Plain {
    /// The folder to write the crate into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

const MANIFEST: &str = r#"# Written by `cargo xtask plain`.
[package]
name = "plain"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
bytes = "1"
futures-core = "0.3"
progenitor-client = "=0.15.1"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "rustls", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"

[workspace]
"#;

impl Plain {
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let bytes = files::read_file(&project.join("openapi/effective.json"))?;
        let document = import::parse(&bytes).map_err(|problems| problems.to_string())?;
        let code = model::progenitor::plain(&document).map_err(|problems| problems.to_string())?;
        files::write(&self.out.join("Cargo.toml"), MANIFEST)?;
        files::write(&self.out.join("src/lib.rs"), &code)
    }
}
