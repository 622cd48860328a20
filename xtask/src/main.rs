//! The command line over `authlete-codegen`: `cargo xtask --help` lists the commands.
//!
//! This program reads and writes files, and the network where `import` is asked to; what is done with them is the
//! library's part. It does not depend on `authlete-api`, or broken generated code could not be generated anew.

mod blocks;
mod diff;
mod fetch;
mod files;
mod import;
mod mutants;
mod plain;
mod regen;
mod rust_versions;
mod settings;
mod standalone;
mod verify_examples;
mod verify_shapes;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Maintains the upstream description and the code generated from it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    /// The folder of the project, this one unless given
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    project: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compiles the programs of READMEs and guides with the dependencies and features that they name, and no others
    Blocks(blocks::Blocks),
    /// Writes openapi/authlete.json, the facts of an upstream document, and prints what changed
    Import(import::Import),
    /// Prints what differs between two documents
    Diff(diff::Diff),
    /// Tries whether the tests notice changes of the hand-written code of the published crates
    Mutants(mutants::Mutants),
    /// Writes a crate of what progenitor alone makes of openapi/effective.json, to compare with
    Plain(plain::Plain),
    /// Writes everything that is generated from openapi/, or checks that it is current
    Regen(regen::Regen),
    /// Prints the oldest Rust that each crate can be built with, as its locked dependencies say
    RustVersions(rust_versions::RustVersions),
    /// Takes every example of an upstream document through the project's types, and reports what is lost or changed
    VerifyExamples(verify_examples::VerifyExamples),
    /// Compares the corrected description with the classes of Authlete's Java library, and reports what differs
    VerifyShapes(verify_shapes::VerifyShapes),
}

fn main() -> ExitCode {
    quiet_progenitor();
    let arguments = Arguments::parse();
    let project = arguments.project.unwrap_or_else(files::project);
    let done = match arguments.command {
        Command::Blocks(blocks) => blocks.run(&project),
        Command::Import(import) => import.run(&project),
        Command::Diff(diff) => diff.run(&project),
        Command::Mutants(mutants) => mutants.run(&project),
        Command::Plain(plain) => plain.run(&project),
        Command::Regen(regen) => regen.run(&project),
        Command::RustVersions(versions) => versions.run(&project),
        Command::VerifyShapes(verify) => verify.run(&project),
        Command::VerifyExamples(verify) => match verify.run(&project) {
            Ok(code) => return code,
            Err(message) => Err(message),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// progenitor's panics become errors, so the usual note about them would only confuse.
fn quiet_progenitor() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(authlete_codegen::model::progenitor::THREAD) {
            usual(panic);
        }
    }));
}
