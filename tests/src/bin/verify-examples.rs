//! Takes every example of an upstream document through the project's types and back: `cargo xtask verify-examples`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use authlete_codegen::import;
use authlete_tests::replies;
use authlete_tests::verify::{Places, parse_mistakes, verify};
use clap::Parser;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Decodes every example of an upstream document with the project's types, encodes it again, and reports every field
/// that is lost or changed
#[derive(Parser)]
#[command(name = "verify-examples")]
struct Arguments {
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

fn main() -> ExitCode {
    let done = run(&Arguments::parse()).and_then(|(text, is_clean)| {
        match io::stdout().write_all(text.as_bytes()) {
            // A reader that has gone away is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot print: {error}")),
            _ => Ok(is_clean),
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What is found, and whether all of it is well.
fn run(arguments: &Arguments) -> Result<(String, bool), String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let openapi = own.parent().unwrap_or(own).join("openapi");
    let bytes = if arguments.spec == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| format!("cannot read standard input: {error}"))?;
        bytes
    } else {
        read(Path::new(&arguments.spec))?
    };
    let document = import::parse(&bytes).map_err(|problems| format!("{}:\n{problems}", arguments.spec))?;
    let path = arguments.mistakes.clone().unwrap_or_else(|| openapi.join("example-mistakes.yaml"));
    let text = String::from_utf8(read(&path)?).map_err(|_| format!("{} is not UTF-8", path.display()))?;
    let mistakes = parse_mistakes(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let committed = is_committed(&bytes, &openapi.join("authlete.json"))?;
    let report = verify(&document, committed, &mistakes, &Places::project());
    let (mut text, mut is_clean) = (report.to_string(), report.is_clean());
    if arguments.emulator {
        let path = openapi.join("example-replies.yaml");
        let exceptions = String::from_utf8(read(&path)?).map_err(|_| format!("{} is not UTF-8", path.display()))?;
        let exceptions = replies::parse(&exceptions).map_err(|error| format!("{}: {error}", path.display()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let replies = runtime.block_on(replies::check(&document, &exceptions))?;
        text += &replies.to_string();
        is_clean &= replies.problems.is_empty();
    }
    Ok((text, is_clean))
}

/// Whether the project's description was imported from these bytes.
fn is_committed(bytes: &[u8], description: &Path) -> Result<bool, String> {
    let description: Value = serde_json::from_slice(&read(description)?)
        .map_err(|error| format!("{} is not JSON: {error}", description.display()))?;
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(description[import::PROVENANCE]["sha256"] == sum)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        _ => format!("cannot read {}: {error}", path.display()),
    })
}
