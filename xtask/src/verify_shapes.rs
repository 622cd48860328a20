//! `cargo xtask verify-shapes`: the corrected description against the classes of Authlete's Java library.

use std::path::{Path, PathBuf};

use authlete_codegen::Document;
use authlete_codegen::java::{self, Library, Mapping};

use crate::files;

/// The arguments of `verify-shapes`.
#[derive(clap::Args)]
pub(crate) struct VerifyShapes {
    /// The library's classes, fields, types and values of enumerations: a JSON file, or `-` for standard input
    #[arg(value_name = "PATH")]
    shapes: String,
    /// Which class each component has, and the known differences [default: openapi/java-shapes.yaml]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl VerifyShapes {
    pub(crate) fn run(&self, project: &Path) -> Result<(), String> {
        let library = Library::parse(&files::read(&self.shapes)?).map_err(|problem| problem.to_string())?;
        let mapping = self.mapping.clone().unwrap_or_else(|| project.join("openapi").join(java::FILE));
        let mapping = Mapping::parse(&files::read_file(&mapping)?).map_err(|problem| problem.to_string())?;
        let description = files::read_file(&project.join("openapi/corrected.json"))?;
        let description = serde_json::from_slice(&description)
            .map_err(|error| format!("openapi/corrected.json is not JSON: {error}"))?;
        let report = java::verify(&Document(description), &library, &mapping)
            .map_err(|problems| format!("{} difference(s):\n{problems}", problems.0.len()))?;
        files::print(&format!(
            "{} {}: {} types, {} fields and {} enumerations compared, {} differences explained\n",
            library.source, library.version, report.types, report.fields, report.enums, report.explained
        ))
    }
}
