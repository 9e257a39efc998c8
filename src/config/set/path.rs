//! Paths into a config as they are written: `nodes[0].labels."a.b/c"`, `nodes[name=primer].address`.

use std::ops::Range;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(String),
    /// A zero-based place in a list.
    Place(usize),
    /// The entry of a list whose key has this value.
    Named(String, String),
}

/// Why a path cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongPath {
    pub(crate) message: String,
    pub(crate) hint: &'static str,
    /// Byte where it goes wrong.
    pub(crate) at: usize,
}

/// Steps deeper than any config goes; more would only exhaust the stack.
const MOST_STEPS: usize = 64;

/// Steps, each with its place in the text.
type Steps = Vec<(Step, Range<usize>)>;

/// Reads a path up to the end of the text or a `=` outside of brackets and quotes; answers where it ended.
pub(crate) fn parse_path(text: &str) -> Result<(Steps, usize), WrongPath> {
    let mut steps: Steps = Vec::new();
    let mut at = 0;
    let wrong = |at: usize, message: String, hint: &'static str| Err(WrongPath { message, hint, at });
    loop {
        let rest = &text[at..];
        let Some(c) = rest.chars().next() else { break };
        if c == '=' {
            break;
        }
        if steps.len() == MOST_STEPS {
            return wrong(at, format!("the path has more than {MOST_STEPS} steps"), "");
        }
        if c == '[' {
            let Some(end) = closing(rest) else { return wrong(at, "a bracket is never closed".to_owned(), "write `[0]` or `[name=x]`") };
            let range = at..at + end + 1;
            match bracket(&rest[1..end]) {
                Some(step) => steps.push((step, range)),
                None => {
                    return wrong(
                        at,
                        format!("`[{}]` is no place in a list", &rest[1..end]),
                        "write `[0]` for the first entry, or `[name=x]`",
                    );
                }
            }
            at += end + 1;
            continue;
        }
        if !steps.is_empty() {
            if c != '.' {
                return wrong(at, format!("`.` or `[` is missing before `{c}`"), "");
            }
            at += 1;
        }
        let rest = &text[at..];
        let (key, length) = if rest.starts_with(['"', '\'']) {
            match quoted(rest) {
                Some(quoted) => quoted,
                None => return wrong(at, "a quote is never closed".to_owned(), ""),
            }
        } else {
            let end = rest.find(['.', '[', '=', '"', '\'']).unwrap_or(rest.len());
            (rest[..end].to_owned(), end)
        };
        if length == 0 {
            return wrong(at, "a key is missing".to_owned(), "write keys joined by dots, like `headscale.storage.size`");
        }
        steps.push((Step::Key(key), at..at + length));
        at += length;
    }
    Ok((steps, at))
}

/// Where the bracket that opens the text is closed, quotes regarded.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, ']') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    let inside = inside.trim();
    if !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit()) {
        return inside.parse().ok().map(Step::Place);
    }
    let (key, value) = inside.split_once('=')?;
    let value = if value.starts_with(['"', '\'']) { quoted(value).filter(|(_, end)| *end == value.len())?.0 } else { value.to_owned() };
    (!key.is_empty() && !value.is_empty()).then(|| Step::Named(key.to_owned(), value))
}

/// The text within quotes at the start, and how long it is with them. In double quotes `\` keeps the next character.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut characters = text.char_indices();
    let (_, open) = characters.next()?;
    let mut inside = String::new();
    while let Some((at, c)) = characters.next() {
        if c == open {
            return Some((inside, at + c.len_utf8()));
        }
        if c == '\\' && open == '"' {
            inside.push(characters.next()?.1);
        } else {
            inside.push(c);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        parse_path(text).expect("a path").0.into_iter().map(|(step, _)| step).collect()
    }

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn paths() {
        assert_eq!(steps("a.b-c"), [key("a"), key("b-c")]);
        assert_eq!(steps(r#"n[0].l."a.b/c""#), [key("n"), Step::Place(0), key("l"), key("a.b/c")]);
        assert_eq!(steps(r#"n[name="x]y"].z"#), [key("n"), Step::Named("name".into(), "x]y".into()), key("z")]);
        assert_eq!(steps(r#""a\"b".'c'"#), [key("a\"b"), key("c")]);
        assert_eq!(parse_path("a=b=c").expect("a path").1, 1);
    }

    #[test]
    fn wrong_paths() {
        for (text, message) in [
            (".a", "a key is missing"),
            ("a..b", "a key is missing"),
            ("a.", "a key is missing"),
            ("a[x]", "`[x]` is no place in a list"),
            ("a[0", "a bracket is never closed"),
            ("a\"b", "`.` or `[` is missing before `\"`"),
            ("\"a", "a quote is never closed"),
            ("a[-1]", "`[-1]` is no place in a list"),
        ] {
            assert_eq!(parse_path(text).expect_err("a wrong path").message, message, "{text}");
        }
        assert!(parse_path(&"a.".repeat(100)).expect_err("too long").message.contains("more than 64 steps"));
    }
}
