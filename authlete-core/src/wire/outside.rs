//! Text from outside, as errors and logs may show it.

use std::fmt;

/// How much of one text is shown.
const LIMIT: usize = 300;

/// Shows a text from outside on one line: control characters, and those that change the direction of what follows, are
/// escaped, and what is longer than 300 characters is cut.
pub(crate) struct Outside<'a>(pub(crate) &'a str);

impl fmt::Display for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shorten(self.0, LIMIT, f)
    }
}

impl fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The name of a member, which is shorter.
pub(crate) struct OutsideName<'a>(pub(crate) &'a str);

impl fmt::Display for OutsideName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shorten(self.0, 64, f)
    }
}

fn shorten(text: &str, limit: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            return f.write_str("…");
        }
        match is_plain(character) {
            true => fmt::Write::write_char(f, character)?,
            false => write!(f, "{}", character.escape_default())?,
        }
    }
    Ok(())
}

fn is_plain(character: char) -> bool {
    let directs = matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !character.is_control() && !directs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_stays_on_one_line_and_is_short() {
        for (text, shown) in [
            ("It is wrong: “é”", "It is wrong: “é”"),
            ("a\r\nb\tc\0d", r"a\r\nb\tc\u{0}d"),
            ("\u{202e}txt\u{2028}\u{1b}[31m", r"\u{202e}txt\u{2028}\u{1b}[31m"),
        ] {
            assert_eq!(
                (Outside(text).to_string(), format!("{:?}", Outside(text))),
                (shown.to_owned(), format!("\"{shown}\""))
            );
        }
        let long = "é\n".repeat(1_000_000);
        assert_eq!(Outside(&long).to_string().chars().count(), 150 * 3 + 1);
        assert_eq!(OutsideName(&"x".repeat(1000)).to_string().chars().count(), 65);
    }
}
