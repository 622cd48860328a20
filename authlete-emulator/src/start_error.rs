//! Why an emulator does not start.

use std::io;
use std::path::PathBuf;

use crate::config::ConfigError;

/// The emulator could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port could not be opened.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port that was asked for; 0 stands for any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The server's thread could not be started.
    #[error("cannot start the server")]
    Thread(#[source] io::Error),
    /// The start-up file cannot be used.
    #[error("the start-up file cannot be used")]
    Config(#[source] ConfigError),
    /// The snapshot cannot be used.
    #[error("the snapshot {} cannot be used: {problem}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system gives no random numbers, or a table of the emulator is wrong.
    #[error("cannot set up the emulator: {0}")]
    Setup(String),
}
