//! Text into tokens.

use super::expression::Literal;
use super::literal;
use super::parser::NotRead;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, reserved words included.
    Name(Box<str>),
    /// A constant.
    Literal(Literal),
    /// An operator or bracket.
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: &[&str] =
    &["&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "<", ">", "+", "-", "*", "/", "%"];

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, NotRead> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (token, after) = if let Some((literal, after)) = literal::text(rest) {
            (Token::Literal(literal.ok_or(NotRead::Broken)?), after)
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            // A number that is too large, for us at least.
            let (literal, after) = literal::number(rest).ok_or(NotRead::Beyond)?;
            (Token::Literal(literal), after)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (word(&rest[..end]), &rest[end..])
        } else {
            let sign = SIGNS.iter().copied().find(|sign| rest.starts_with(*sign));
            let sign = sign.ok_or(if first == '`' { NotRead::Beyond } else { NotRead::Broken })?;
            (Token::Sign(sign), &rest[sign.len()..])
        };
        tokens.push(token);
        rest = after;
    }
}

fn word(word: &str) -> Token {
    match word {
        "true" => Token::Literal(Literal::Bool(true)),
        "false" => Token::Literal(Literal::Bool(false)),
        "null" => Token::Literal(Literal::Null),
        "in" => Token::Sign("in"),
        name => Token::Name(name.into()),
    }
}
