//! Constants: text, bytes and numbers.

use super::expression::Literal;

/// The text or bytes that begin here, and the rest; nothing where none begin. The inner option is empty for a broken one.
pub(super) fn text(from: &str) -> Option<(Option<Literal>, &str)> {
    let (mut raw, mut bytes, mut rest) = (false, false, from);
    while let Some(prefix) = rest.chars().next().filter(|c| matches!(c, 'r' | 'R' | 'b' | 'B')) {
        let seen = if matches!(prefix, 'r' | 'R') { &mut raw } else { &mut bytes };
        if std::mem::replace(seen, true) {
            return None;
        }
        rest = &rest[1..];
    }
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(*quote))?;
    let body = &rest[quote.len()..];
    let Some(end) = end_of(body, quote, raw) else { return Some((None, "")) };
    let content = &body[..end];
    let decoded = if raw { Some(content.as_bytes().to_vec()) } else { unescaped(content, bytes) };
    let literal = decoded.and_then(|decoded| {
        if bytes { Some(Literal::Bytes(decoded.into())) } else { String::from_utf8(decoded).ok().map(|text| Literal::String(text.into())) }
    });
    Some((literal, &body[end + quote.len()..]))
}

/// Where the closing quote stands.
fn end_of(body: &str, quote: &str, raw: bool) -> Option<usize> {
    let mut at = 0;
    while at < body.len() {
        let rest = &body[at..];
        if rest.starts_with(quote) {
            return Some(at);
        }
        let first = rest.chars().next()?;
        if quote.len() == 1 && matches!(first, '\n' | '\r') {
            return None;
        }
        at += first.len_utf8();
        if first == '\\' && !raw {
            at += body[at..].chars().next()?.len_utf8();
        }
    }
    None
}

/// Text with its escapes resolved. In bytes, `\x` and octal stand for a byte, in text for a character.
fn unescaped(content: &str, bytes: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(content.len());
    let mut push = |code: u32| match char::from_u32(code) {
        Some(_) if bytes && code < 256 => {
            out.push(u8::try_from(code).ok()?);
            Some(())
        }
        Some(character) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            Some(())
        }
        None => None,
    };
    let mut rest = content;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        if first != '\\' {
            if bytes {
                first.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| push(u32::from(byte)))?;
            } else {
                push(u32::from(first))?;
            }
            continue;
        }
        let escape = rest.chars().next()?;
        rest = &rest[escape.len_utf8()..];
        let plain = match escape {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            '\\' | '\'' | '"' | '`' | '?' => Some(u32::from(escape)),
            _ => None,
        };
        if let Some(code) = plain {
            push(code)?;
            continue;
        }
        let (digits, radix) = match escape {
            'x' | 'X' => (2, 16),
            'u' if !bytes => (4, 16),
            'U' if !bytes => (8, 16),
            '0'..='3' => (2, 8),
            _ => return None,
        };
        let number = rest.get(..digits)?;
        if !number.bytes().all(|byte| char::from(byte).is_digit(radix)) {
            return None;
        }
        let front = if radix == 8 { escape.to_digit(8)? * 64 } else { 0 };
        push(front + u32::from_str_radix(number, radix).ok()?)?;
        rest = &rest[digits..];
    }
    Some(out)
}

/// The number that begins here, and the rest.
pub(super) fn number(from: &str) -> Option<(Literal, &str)> {
    if let Some(hex) = from.strip_prefix("0x").or_else(|| from.strip_prefix("0X")) {
        let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        return whole(&hex[..end], 16, &hex[end..]);
    }
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(from);
    let mut double = false;
    if let Some(fraction) = from[end..].strip_prefix('.')
        && digits(fraction) > 0
    {
        end += 1 + digits(fraction);
        double = true;
    }
    if let Some(exponent) = from[end..].strip_prefix(['e', 'E']) {
        let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(signed) > 0 {
            end += 1 + (exponent.len() - signed.len()) + digits(signed);
            double = true;
        }
    }
    if double {
        return Some((Literal::Double(from[..end].parse().ok()?), &from[end..]));
    }
    whole(&from[..end], 10, &from[end..])
}

/// A whole number; the least of 64 bits has no literal without its sign, and is read as the sign's operand wraps.
fn whole<'a>(digits: &str, radix: u32, rest: &'a str) -> Option<(Literal, &'a str)> {
    if let Some(rest) = rest.strip_prefix(['u', 'U']) {
        return Some((Literal::Uint(u64::from_str_radix(digits, radix).ok()?), rest));
    }
    Some((Literal::Int(i64::from_str_radix(digits, radix).ok()?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(from: &str) -> Option<String> {
        match text(from)?.0? {
            Literal::String(text) => Some(text.into()),
            _ => None,
        }
    }

    #[test]
    fn text_in_all_its_quotes() {
        assert_eq!(string("'a\\'b' x").as_deref(), Some("a'b"));
        assert_eq!(string("\"\"\"a\"b\nc\"\"\"").as_deref(), Some("a\"b\nc"));
        assert_eq!(string("r'\\d+'").as_deref(), Some("\\d+"));
        assert_eq!(string("'\\u00e9\\x41\\101'").as_deref(), Some("éAA"));
        for broken in ["'a", "'a\nb'", "'\\q'", "'\\ud800'"] {
            assert_eq!(text(broken).map(|(literal, _)| literal), Some(None), "{broken}");
        }
        assert!(text("bar").is_none());
    }

    #[test]
    fn bytes_are_bytes() {
        let bytes = |from| text(from).and_then(|(literal, _)| literal);
        assert_eq!(bytes("b'\\xff'"), Some(Literal::Bytes([0xff].into())));
        assert_eq!(bytes("b'é'"), Some(Literal::Bytes([0xc3, 0xa9].into())));
    }

    #[test]
    fn numbers() {
        let of = |from| number(from).map(|(literal, _)| literal);
        assert_eq!(of("12"), Some(Literal::Int(12)));
        assert_eq!(of("0x1F"), Some(Literal::Int(31)));
        assert_eq!(of("7u"), Some(Literal::Uint(7)));
        assert_eq!(of("1.5e3"), Some(Literal::Double(1500.0)));
        assert_eq!(of("1.size"), Some(Literal::Int(1)));
        assert_eq!(of("99999999999999999999"), None);
    }
}
