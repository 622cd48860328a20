//! Reading from wherever the user points, writing so that a file is either the old one or the new one.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The folder of the project that this program was built in.
pub(crate) fn project() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The bytes of a file, of standard input (`-`) or of an http(s) URL: for `import`, which alone uses the network.
pub(crate) fn read_anywhere(from: &str) -> Result<Vec<u8>, String> {
    if is_url(from) { crate::fetch::fetch(from) } else { read(from) }
}

/// The bytes of a file or of standard input (`-`).
pub(crate) fn read(from: &str) -> Result<Vec<u8>, String> {
    if is_url(from) {
        let from = crate::fetch::without_credentials(from);
        return Err(format!(
            "{from} is a URL, which only `cargo xtask import` reads; save it to a file, and give that"
        ));
    }
    if from == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| format!("cannot read standard input: {error}"))?;
        return Ok(bytes);
    }
    read_file(Path::new(from))
}

/// The bytes of a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        _ => format!("cannot read {}: {error}", path.display()),
    })
}

/// Whether the text names something to fetch rather than a file.
pub(crate) fn is_url(from: &str) -> bool {
    let lower = from.get(..8).unwrap_or(from).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Writes a file by way of a temporary one beside it, so that nobody ever sees half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // The error that matters is the first; the leftover may not even exist.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// Prints to standard output; a reader that has gone away is no error.
pub(crate) fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot print: {error}")),
        _ => Ok(()),
    }
}

/// The first differing lines of two texts.
pub(crate) fn short_diff(old: &str, new: &str) -> String {
    const LINES: usize = 12;
    let mut text = String::new();
    let mut shown = 0;
    for hunk in similar::TextDiff::from_lines(old, new).unified_diff().context_radius(1).iter_hunks() {
        for line in hunk.to_string().lines() {
            if shown == LINES {
                text.push_str("    …\n");
                return text;
            }
            text.push_str(&format!("    {line}\n"));
            shown += 1;
        }
    }
    text
}
