//! `cargo xtask verify-examples`: starts the program that takes upstream's examples through the project's types.
//!
//! It is a program of its own, because xtask has to work while generated code does not compile.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The options of `verify-examples`.
#[derive(clap::Args)]
pub(crate) struct VerifyExamples {
    /// The upstream document: a path, or `-` for standard input
    #[arg(long, value_name = "PATH")]
    spec: String,
    /// The explained list of upstream's own mistakes [default: openapi/example-mistakes.yaml]
    #[arg(long, value_name = "FILE")]
    mistakes: Option<PathBuf>,
    /// Also sends the examples of requests to the emulator, and reports those that get another kind of response than the
    /// document shows; openapi/example-replies.yaml has those for which that is right
    #[arg(long)]
    emulator: bool,
}

impl VerifyExamples {
    pub(crate) fn run(&self, project: &Path) -> Result<ExitCode, String> {
        let failed = |error| format!("cannot start verify-examples: {error}");
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--package", "authlete-tests", "--bin", "verify-examples", "--manifest-path"]);
        command.arg(project.join("Cargo.toml")).args(["--", "--spec"]);
        command.arg(&self.spec);
        if let Some(mistakes) = &self.mistakes {
            command.arg("--mistakes").arg(mistakes);
        }
        if self.emulator {
            command.arg("--emulator");
        }
        let status = command.status().map_err(failed)?;
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
    }
}
