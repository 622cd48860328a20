//! The part of a body where decoding stopped, with names alone: every value is left out.

use super::{json_path, lenient};

/// How much is shown.
const LENGTH: usize = 80;

/// What stands before a line and column of a JSON text: `…,"client":{"clientId":"…"`.
pub(crate) fn before(body: &[u8], line: usize, column: usize) -> String {
    let body = lenient::without_mark(body);
    let body = body.get(..json_path::offset(body, line, column)).unwrap_or(body);
    let mut shown = String::new();
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => shown.push(char::from(byte)),
            b'"' => {
                while let Some(&byte) = body.get(at).filter(|byte| **byte != b'"') {
                    at += if byte == b'\\' { 2 } else { 1 };
                }
                let inner = body.get(start + 1..at.min(body.len())).unwrap_or_default();
                at += 1;
                let is_name = body.get(at..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
                shown.push('"');
                match std::str::from_utf8(inner) {
                    Ok(name) if is_name && is_ordinary(name) => shown.push_str(name),
                    _ => shown.push('…'),
                }
                shown.push('"');
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                while body.get(at).is_some_and(|byte| !b"{}[],:\" \r\n\t".contains(byte)) {
                    at += 1;
                }
                shown.push_str(match &body[start..at] {
                    b"true" | b"false" => "bool",
                    b"null" => "null",
                    _ => "…",
                });
            }
        }
    }
    match shown.char_indices().rev().nth(LENGTH) {
        Some((cut, _)) => format!("…{}", shown.get(cut..).unwrap_or_default()),
        None => shown,
    }
}

/// Whether a member's name looks like one of a description, not like a value that was made a name.
fn is_ordinary(name: &str) -> bool {
    name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_go() {
        for (body, shown) in [
            (
                r#"{"client": {"clientId": 12345, "secret": "s3cret", "on": true"#,
                r#"{"client":{"clientId":…,"secret":"…","on":bool"#,
            ),
            (r#"{"s3cret":{"a":null,"b":"s3cr\"et"#, r#"{"…":{"a":null,"b":"…""#),
            ("<p>s3cret, \"s3cret\"</p>", "…,\"…\"…"),
            ("\"s3cret\\", "\"…\""),
            ("", ""),
        ] {
            let found = before(body.as_bytes(), 1, body.len());
            assert_eq!(found, shown);
        }
        let long = format!("[{}", "\"s3cret é\",".repeat(500));
        let found = before(long.as_bytes(), 1, 4000);
        assert!(found.chars().count() <= LENGTH + 2 && found.starts_with('…'), "{found}");
        for end in 0..long.len().min(50) {
            assert!(!before(&long.as_bytes()[..end], 1, 1000).contains("s3"));
        }
        assert!(!before(b"\xff\"\xfe\":\xc3", 1, 6).contains('\u{fffd}'));
    }
}
