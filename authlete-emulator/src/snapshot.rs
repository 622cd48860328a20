//! The whole state as a JSON file, to go on with later.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::start_error::StartError;
use crate::state::State;

/// The form of the file: another form of the state gets another number.
const FORMAT: u32 = 3;

#[derive(Serialize, Deserialize)]
struct Snapshot<S> {
    format: u32,
    /// Milliseconds since 1970, by the emulator's clock.
    saved_at: u64,
    state: S,
}

/// What tells one form from another.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// The state as string.
pub(crate) fn write(state: &State, now: u64) -> io::Result<String> {
    let snapshot = Snapshot { format: FORMAT, saved_at: now, state };
    serde_json::to_string(&snapshot).map_err(io::Error::other)
}

/// Puts the string in the place of the file, whole or not at all.
pub(crate) fn save(path: &Path, text: &str) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let written = write_private(&unfinished, text).and_then(|()| fs::rename(&unfinished, path));
    written.map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))
}

/// Writes a file that only its owner can read: it is full of secrets.
fn write_private(path: &OsStr, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One that was left behind keeps its mode when it is opened.
    let _ = fs::remove_file(path);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())
}

/// The state in a file, and the time at which it was saved.
pub(crate) fn load(path: &Path) -> Result<(State, u64), StartError> {
    let wrong = |problem: String| StartError::Snapshot { path: path.to_owned(), problem };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    read(&text).map_err(wrong)
}

/// The state in a snapshot, and the time at which it was saved. An error never repeats a value, since all are secrets.
pub(crate) fn read(text: &str) -> Result<(State, u64), String> {
    let place = |error: &serde_json::Error| format!("line {}, column {}", error.line(), error.column());
    let form: Form =
        serde_json::from_str(text).map_err(|error| format!("it is no snapshot of an emulator ({})", place(&error)))?;
    if form.format != FORMAT {
        return Err(format!("it has the form {}, and this emulator reads the form {FORMAT}; save anew", form.format));
    }
    let snapshot: Snapshot<State> = serde_json::from_str(text)
        .map_err(|error| format!("its state is not whole, or another version's ({})", place(&error)))?;
    Ok((snapshot.state, snapshot.saved_at))
}
