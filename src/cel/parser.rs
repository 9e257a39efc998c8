//! Tokens into an expression, by precedence.

use super::expression::{Binary, Expression, Item, Literal};
use super::grammar::{call, fold};
use super::token::{Token, tokens};

/// How deep brackets may nest, and how high an expression may be: evaluation goes as deep. Rules that people write stay below 30.
const DEPTH: u16 = 60;
const HEIGHT: u16 = 160;

/// A text longer than this is not read; the API server's own limit for a whole definition is not far above.
const LENGTH: usize = 64 << 10;

/// Why an expression could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    /// It is no CEL.
    Broken,
    /// It is too large for us, or has a form that is not read here (message literals, quoted names): the server may take it.
    Beyond,
}

/// Reads an expression.
///
/// # Errors
/// When it is broken, or goes beyond what is read here.
pub fn parse(text: &str) -> Result<Expression, NotRead> {
    if text.len() > LENGTH {
        return Err(NotRead::Beyond);
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let (expression, _) = parser.expression()?;
    if parser.at == parser.tokens.len() { Ok(expression) } else { Err(parser.stuck()) }
}

/// An expression and its height.
pub(super) type Part = (Expression, u16);

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u16,
}

/// Words that are neither variables nor fields, beside the literals `true`, `false` and `null` and the operator `in`.
pub const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// One above the highest of some parts.
pub(super) fn above(heights: impl IntoIterator<Item = u16>) -> Result<u16, NotRead> {
    let height = heights.into_iter().max().unwrap_or_default() + 1;
    if height > HEIGHT { Err(NotRead::Beyond) } else { Ok(height) }
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_at(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(here)) if *here == sign)
    }

    fn took(&mut self, sign: &str) -> bool {
        let is_there = self.is_at(sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn take(&mut self, sign: &str) -> Result<(), NotRead> {
        if self.took(sign) { Ok(()) } else { Err(self.stuck()) }
    }

    /// What is wrong with the token here: a brace makes a message of the name in front of it.
    fn stuck(&self) -> NotRead {
        if self.is_at("{") { NotRead::Beyond } else { NotRead::Broken }
    }

    fn expression(&mut self) -> Result<Part, NotRead> {
        if self.depth == DEPTH {
            return Err(NotRead::Beyond);
        }
        self.depth += 1;
        let condition = self.chain("||")?;
        let part = if self.took("?") {
            let yes = self.chain("||")?;
            self.take(":")?;
            let no = self.expression()?;
            let height = above([condition.1, yes.1, no.1])?;
            (Expression::Choice(Box::new([condition.0, yes.0, no.0])), height)
        } else {
            condition
        };
        self.depth -= 1;
        Ok(part)
    }

    /// `a || b`, and below it `a && b`.
    fn chain(&mut self, sign: &str) -> Result<Part, NotRead> {
        let (mut parts, mut heights) = (Vec::new(), Vec::new());
        loop {
            let (part, height) = if sign == "||" { self.chain("&&")? } else { self.binary(0)? };
            parts.push(part);
            heights.push(height);
            if !self.took(sign) {
                break;
            }
        }
        if parts.len() == 1 {
            return parts.pop().zip(heights.pop()).ok_or(NotRead::Broken);
        }
        let height = above(heights)?;
        Ok((if sign == "||" { Expression::Or(parts) } else { Expression::And(parts) }, height))
    }

    /// Comparisons, then sums, then products: all to the left.
    fn binary(&mut self, level: usize) -> Result<Part, NotRead> {
        const LEVELS: [&[(&str, Binary)]; 3] = [
            &[
                ("==", Binary::Equal),
                ("!=", Binary::NotEqual),
                ("<", Binary::Less),
                ("<=", Binary::LessOrEqual),
                (">", Binary::Greater),
                (">=", Binary::GreaterOrEqual),
                ("in", Binary::In),
            ],
            &[("+", Binary::Add), ("-", Binary::Subtract)],
            &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
        ];
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some((sign, operator)) = signs.iter().find(|(sign, _)| self.is_at(sign)) {
            self.take(sign)?;
            let right = self.binary(level + 1)?;
            let height = above([left.1, right.1])?;
            left = (Expression::Binary(*operator, Box::new(left.0), Box::new(right.0)), height);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Part, NotRead> {
        let (mut nots, mut minuses) = (0_usize, 0_usize);
        while self.took("!") {
            nots += 1;
        }
        while nots == 0 && self.took("-") {
            minuses += 1;
        }
        if minuses % 2 == 1
            && let Some(literal) = self.negative_number()
        {
            return self.member((literal, 1));
        }
        let primary = self.primary()?;
        let part = self.member(primary)?;
        let height = above([part.1])?;
        Ok(match (nots % 2, minuses % 2) {
            (1, _) => (Expression::Not(Box::new(part.0)), height),
            (_, 1) => (Expression::Negative(Box::new(part.0)), height),
            _ => part,
        })
    }

    fn negative_number(&mut self) -> Option<Expression> {
        let literal = match self.tokens.get(self.at)? {
            Token::Literal(Literal::Int(number)) => Literal::Int(number.checked_neg()?),
            Token::Literal(Literal::Double(number)) => Literal::Double(-number),
            _ => return None,
        };
        self.at += 1;
        Some(Expression::Literal(literal))
    }

    /// Fields, entries and calls behind a value.
    fn member(&mut self, mut part: Part) -> Result<Part, NotRead> {
        loop {
            if self.took(".") {
                let optional = self.took("?");
                let Some(Token::Name(field)) = self.next() else { return Err(NotRead::Broken) };
                if !optional && self.took("(") {
                    let arguments = self.entries(")", Self::expression)?;
                    part = fold(part, &field, arguments)?;
                } else {
                    let height = above([part.1])?;
                    part = (Expression::Select { of: Box::new(part.0), field, optional }, height);
                }
            } else if self.took("[") {
                let optional = self.took("?");
                let (index, height) = self.expression()?;
                self.take("]")?;
                let height = above([part.1, height])?;
                part = (Expression::Index { of: Box::new(part.0), index: Box::new(index), optional }, height);
            } else {
                return Ok(part);
            }
        }
    }

    /// Parts between commas up to a closing bracket; lists and mappings may end in a comma.
    fn entries<T>(&mut self, end: &str, mut entry: impl FnMut(&mut Self) -> Result<T, NotRead>) -> Result<Vec<T>, NotRead> {
        let mut entries = Vec::new();
        while !self.took(end) {
            entries.push(entry(self)?);
            if !self.took(",") {
                self.take(end)?;
                break;
            }
            if end == ")" && self.is_at(end) {
                return Err(NotRead::Broken);
            }
        }
        Ok(entries)
    }

    fn primary(&mut self) -> Result<Part, NotRead> {
        if self.took("(") {
            let part = self.expression()?;
            self.take(")")?;
            return Ok(part);
        }
        if self.took("[") {
            let items = self.entries("]", |parser| {
                let optional = parser.took("?");
                let (value, height) = parser.expression()?;
                Ok((Item { value, optional }, height))
            })?;
            let height = above(items.iter().map(|(_, height)| *height))?;
            return Ok((Expression::List(items.into_iter().map(|(item, _)| item).collect()), height));
        }
        if self.took("{") {
            let entries = self.entries("}", |parser| {
                let optional = parser.took("?");
                let (key, key_height) = parser.expression()?;
                parser.take(":")?;
                let (value, height) = parser.expression()?;
                Ok(((key, Item { value, optional }), height.max(key_height)))
            })?;
            let height = above(entries.iter().map(|(_, height)| *height))?;
            return Ok((Expression::Map(entries.into_iter().map(|(entry, _)| entry).collect()), height));
        }
        // A leading dot means the outermost scope, which is the only one here.
        self.took(".");
        match self.next() {
            Some(Token::Literal(literal)) => Ok((Expression::Literal(literal), 1)),
            Some(Token::Name(name)) if RESERVED.contains(&&*name) => Err(NotRead::Broken),
            Some(Token::Name(name)) if self.took("(") => {
                let arguments = self.entries(")", Self::expression)?;
                call(name, arguments)
            }
            Some(Token::Name(name)) => Ok((Expression::Name(name), 1)),
            _ => Err(NotRead::Broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::FoldKind;
    use super::*;

    fn shown(text: &str) -> String {
        parse(text).map_or_else(|_| "not read".to_owned(), |expression| show(&expression))
    }

    fn show(expression: &Expression) -> String {
        match expression {
            Expression::Literal(Literal::Int(number)) => number.to_string(),
            Expression::Literal(other) => format!("{other:?}"),
            Expression::Name(name) => name.to_string(),
            Expression::Select { of, field, optional } => format!("{}{}{field}", show(of), if *optional { ".?" } else { "." }),
            Expression::Has { of, field } => format!("has({}.{field})", show(of)),
            Expression::Index { of, index, .. } => format!("{}[{}]", show(of), show(index)),
            Expression::Binary(operator, left, right) => format!("({operator:?} {} {})", show(left), show(right)),
            Expression::And(parts) => format!("(And {})", parts.iter().map(show).collect::<Vec<_>>().join(" ")),
            Expression::Or(parts) => format!("(Or {})", parts.iter().map(show).collect::<Vec<_>>().join(" ")),
            Expression::Not(of) => format!("!{}", show(of)),
            Expression::Negative(of) => format!("-{}", show(of)),
            Expression::Choice(parts) => format!("({} ? {} : {})", show(&parts[0]), show(&parts[1]), show(&parts[2])),
            Expression::Call(call) => {
                let arguments = call.target.iter().chain(&call.arguments).map(show).collect::<Vec<_>>().join(", ");
                format!("{}({arguments})", call.function)
            }
            Expression::Fold(fold) => format!("{:?}({}: {} in {})", fold.kind, show(&fold.body), fold.first, show(&fold.over)),
            Expression::List(items) => format!("{:?}", items.len()),
            Expression::Map(items) => format!("{:?}", items.len()),
        }
    }

    #[test]
    fn precedence() {
        assert_eq!(shown("a + b * -3 == c && !d || e"), "(Or (And (Equal (Add a (Multiply b -3)) c) !d) e)");
        assert_eq!(shown("a ? b : c ? d : e"), "(a ? b : (c ? d : e))");
        assert_eq!(shown("a - b - c"), "(Subtract (Subtract a b) c)");
        assert_eq!(shown("x in [1, 2,] // why"), "(In x 2)");
        assert_eq!(shown("self.a[0].?b.c"), "self.a[0].?b.c");
    }

    #[test]
    fn macros_and_qualified_names() {
        assert_eq!(shown("self.all(x, x > 0)"), "All((Greater x 0): x in self)");
        assert_eq!(shown("has(self.a.b)"), "has(self.a.b)");
        assert_eq!(shown("sets.contains(a, b)"), "sets.contains(a, b)");
        assert_eq!(shown("self.ips.all(ip, ip.family() == 4)"), "All((Equal family(ip) 4): ip in self.ips)");
        let Ok(Expression::Fold(fold)) = parse("self.map(x, x > 1, x * 2)") else { panic!("a fold") };
        assert!(fold.kind == FoldKind::Map && fold.filter.is_some());
        let Ok(Expression::Fold(fold)) = parse("self.exists(i, x, i < x)") else { panic!("a fold") };
        assert_eq!(fold.second.as_deref(), Some("x"));
    }

    #[test]
    fn what_is_broken_or_endless_is_not_read() {
        for text in ["", "a &&", "(a", "a b", "f(a,)", "has(a)", "é", "'a", "a.all(1, b)", "a.'b'", "namespace", "&"] {
            assert_eq!(parse(text), Err(NotRead::Broken), "{text}");
        }
        for text in
            ["(".repeat(70_000), "-".repeat(60_000) + "1", "!".repeat(60_000) + "a", "a.".repeat(9_000) + "a", "a+".repeat(9_000) + "a"]
        {
            let _ = parse(&text);
        }
        assert_eq!(parse(&("[".repeat(200) + &"]".repeat(200))), Err(NotRead::Beyond));
        for text in ["Message{a: 1}", "[a.b.Message{}]", "99999999999999999999", "a.`b-c`"] {
            assert_eq!(parse(text), Err(NotRead::Beyond), "{text}");
        }
        let wide = format!("a{}", " && a".repeat(9_000));
        assert!(parse(&wide).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[-a-z0-9 .,()\\[\\]{}?:!&|+*/'\"\\\\=<>%é]{0,60}") {
            let _ = parse(&text);
        }
    }
}
