//! The text of challenges and of error descriptions.

/// A text with the characters that `error_description` and the like may have (RFC 6749 5.2, RFC 6750 3): printable ASCII
/// without `"` and `\\`. Double quotes become single ones, and every other character becomes `?`.
pub fn description_text(text: &str) -> String {
    let allowed = |character| match character {
        '"' => '\'',
        ' '..='~' if character != '\\' => character,
        _ => '?',
    };
    text.chars().map(allowed).collect()
}

/// Adds a parameter to a challenge, which begins with its scheme (RFC 9110 11.6.1). The value is what [`description_text`]
/// makes of it, so that it can stand between quotes.
pub fn add_parameter(challenge: &mut String, name: &str, value: &str) {
    let separator = if challenge.contains('=') { ", " } else { " " };
    challenge.push_str(&format!("{separator}{name}=\"{}\"", description_text(value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_between_their_quotes() {
        let mut challenge = "Bearer".to_owned();
        add_parameter(&mut challenge, "error", "invalid_token");
        add_parameter(&mut challenge, "error_description", "\"a\\\" \u{e9}\r\nX: y\u{7f}~");
        assert_eq!(challenge, r#"Bearer error="invalid_token", error_description="'a?' ???X: y?~""#);
    }
}
