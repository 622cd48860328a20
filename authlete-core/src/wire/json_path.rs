//! Where decoding stopped, in words that hold nothing of the body's values.
//!
//! Tracking the path while decoding would compile every decoder a second time; an error is rare, so the path is found
//! again from the line and column.

use super::lenient;
use super::outside::OutsideName;

/// How long a path may become: deeper down it says no more.
const LONGEST: usize = 500;

/// The path (`$.a.b[2]`) of the value at a line and column of a JSON text, as far as the text goes.
pub(crate) fn path_at(body: &[u8], line: usize, column: usize) -> String {
    let body = lenient::without_mark(body);
    let mut steps: Vec<Step> = Vec::new();
    let mut scanner = Scanner { body, at: 0, end: offset(body, line, column) };
    while let Some(token) = scanner.next() {
        match token {
            Token::Open(step) => steps.push(step),
            Token::Close => {
                steps.pop();
            }
            Token::Comma => match steps.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                Some(Step::Key(key)) => *key = None,
                None => {}
            },
            Token::Text(text) => {
                // The first text of a member is its key; a text after it is a value.
                if let Some(Step::Key(key @ None)) = steps.last_mut() {
                    *key = Some(text);
                }
            }
        }
    }
    let mut path = String::from("$");
    for step in steps {
        match step {
            Step::Key(Some(key)) => {
                path.push_str(&format!(".{}", OutsideName(&key)));
            }
            Step::Key(None) => {}
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
        if path.len() > LONGEST {
            path.push('…');
            break;
        }
    }
    path
}

/// What serde_json says, without the value it found: that may be a secret.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("at line {} column {}", error.line(), error.column());
    if error.is_eof() {
        return format!("the body ends too early, {place}");
    }
    if error.is_syntax() {
        return format!("the body is not JSON, {place}");
    }
    // What a decoder expects is a fixed text, so it starts at the last such mark; before it stands the value.
    match text.rsplit_once(", expected ") {
        Some((found, expected)) if !found.starts_with("missing") => format!("expected {expected}"),
        _ if text.starts_with("missing field") || text.starts_with("duplicate field") => text,
        _ => format!("the value does not fit, {place}"),
    }
}

/// How far into the body a line and column are.
pub(crate) fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        _ => body
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(line - 2)
            .map_or(body.len(), |(at, _)| at + 1),
    };
    body.len().min(start.saturating_add(column))
}

enum Step {
    Key(Option<String>),
    Index(usize),
}

enum Token {
    Open(Step),
    Close,
    Comma,
    Text(String),
}

/// As much of a JSON reader as finding a path needs.
struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<Token> {
        while self.at < self.end {
            let byte = self.body[self.at];
            self.at += 1;
            match byte {
                b'{' => return Some(Token::Open(Step::Key(None))),
                // A list where something else belongs: decoding has not got to its first element.
                b'[' if self.at < self.end => return Some(Token::Open(Step::Index(0))),
                b'}' | b']' if self.at < self.end => return Some(Token::Close),
                // The bracket that decoding stopped at still belongs to its value, the last member not any more.
                b'}' | b',' => return Some(Token::Comma),
                b'"' => return Some(Token::Text(self.text())),
                _ => {}
            }
        }
        None
    }

    fn text(&mut self) -> String {
        let start = self.at;
        while self.at < self.body.len() && self.body[self.at] != b'"' {
            self.at += if self.body[self.at] == b'\\' { 2 } else { 1 };
        }
        let text = String::from_utf8_lossy(&self.body[start..self.at.min(self.body.len())]).into_owned();
        self.at += 1;
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_error<T: serde::de::DeserializeOwned + std::fmt::Debug>(body: &str) -> (String, String) {
        let error = crate::wire::lenient::from_slice::<T>(body.as_bytes()).unwrap_err();
        (path_at(body.as_bytes(), error.line(), error.column()), reason(&error))
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        inner: Option<Vec<Inner>>,
        flag: Option<bool>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        id: i64,
    }

    #[test]
    fn the_path_is_found_again() {
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"id":1},{"id":true}]}"#).0, "$.inner[1].id");
        assert_eq!(at_error::<Outer>("{\n \"flag\":\n  \"yes\" }").0, "$.flag");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"x":"a,b]}\"{"},{}]}"#).0, "$.inner[0]");
        assert_eq!(at_error::<Outer>(r#"[]"#).0, "$");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"id":[1]}]}"#).0, "$.inner[0].id");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"id":1},["x"]]}"#).0, "$.inner[1]");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"id":1},7,{"id":2}]}"#).0, "$.inner[1]");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{"id":1.5,"x":2}],"flag":true}"#).0, "$.inner[0].id");
        assert_eq!(at_error::<Outer>(r#"{"inner":{},"flag":true}"#).0, "$.inner");
        assert_eq!(at_error::<Outer>(r#"{"flag":[true],"inner":[]}"#).0, "$.flag");
    }

    #[test]
    fn the_reason_holds_no_value() {
        let (_, reason) = at_error::<Outer>(r#"{"flag":"s3cret, expected nothing"}"#);
        assert_eq!(reason, "expected a boolean at line 1 column 34");
        assert_eq!(at_error::<Outer>(r#"{"inner":[{}]}"#).1, "missing field `id` at line 1 column 12");
        assert_eq!(at_error::<Outer>("<html>s3cret").1, "the body is not JSON, at line 1 column 1");
        assert_eq!(at_error::<Outer>(r#"{"flag":"#).1, "the body ends too early, at line 1 column 8");
    }

    #[test]
    fn long_paths_end_where_they_are_too_long() {
        let named = |length: usize| format!(r#"{{"{}":{{"{}":{{"id":true}}}}}}"#, "a".repeat(length), "b".repeat(9));
        let path = |body: &str| path_at(body.as_bytes(), 1, body.len() - 3);
        // The dollar sign, and each name's full stop.
        let just = named(60);
        assert_eq!(path(&just), format!("$.{}.{}.id", "a".repeat(60), "b".repeat(9)));
        let deep = |depth: usize| format!("{}true{}", r#"{"abcdefghi":"#.repeat(depth), "}".repeat(depth));
        let path = |depth: usize| {
            let body = deep(depth);
            path_at(body.as_bytes(), 1, 13 * depth + 4)
        };
        // One and ten times fifty are more than five hundred.
        assert_eq!(path(49), format!("${}", ".abcdefghi".repeat(49)));
        assert_eq!(path(50), format!("${}…", ".abcdefghi".repeat(50)));
        assert_eq!(path(70), path(50));
        let body = format!("{}{}", r#"{"abcdefghi":"#.repeat(49), r#"{"abcdefgh":true}"#);
        let just = path_at(body.as_bytes(), 1, 13 * 49 + 16);
        assert_eq!(just, format!("${}.abcdefgh", ".abcdefghi".repeat(49)));
        assert_eq!(just.len(), LONGEST);
    }

    #[test]
    fn lines_and_columns_are_found_in_the_body() {
        let body = b"ab\ncd\n\nef\ngh";
        for (line, column, found) in
            [(0, 0, 0), (1, 2, 2), (2, 0, 3), (2, 1, 4), (3, 0, 6), (4, 1, 8), (5, 2, 12), (5, 9, 12), (9, 0, 12)]
        {
            assert_eq!(offset(body, line, column), found, "{line} {column}");
        }
    }

    #[test]
    fn a_reason_of_the_types_own_is_not_repeated() {
        #[derive(Debug)]
        struct Own;
        impl<'de> serde::Deserialize<'de> for Own {
            fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                Err(serde::de::Error::custom("s3cret"))
            }
        }
        assert_eq!(at_error::<Own>("7").1, "the value does not fit, at line 0 column 0");
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code)]
        struct Odd {
            #[serde(rename = "a, expected b")]
            odd: i64,
        }
        assert_eq!(at_error::<Odd>("{}").1, "missing field `a, expected b` at line 1 column 2");
    }
}
