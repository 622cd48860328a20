//! `cargo xtask diff`: what differs between two documents.

/// The arguments of `diff`.
#[derive(clap::Args)]
pub(crate) struct Diff {}
impl Diff {
    /// Prints the report.
    pub(crate) fn run(&self) -> Result<(), String> {
        Ok(())
    }
}
