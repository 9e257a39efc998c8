//! The formats of text that a schema can ask for.
//!
//! Source: `pkg/apiserver/validation/formats.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36, and `pkg/validation/strfmt` of
//! `k8s.io/kube-openapi`. Formats that are not known pass, as on the server. Where a format takes text of any script, ours judges ASCII.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::cel;
use super::scalar::is_date_time;

/// What is wrong with text of a named format.
pub(super) fn wrong(text: &str, name: &str) -> Option<String> {
    let fits = match name.replace('-', "").as_str() {
        "ipv4" => is_ipv4(text),
        "ipv6" => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "date" => text.len() == 10 && is_date_time(&format!("{text}T00:00:00Z")),
        "datetime" => is_lenient_date_time(text),
        "duration" => cel::duration(text).is_some(),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        "uri" => cel::is_uri(text),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "mac" => is_mac(text),
        "isbn" => is_isbn10(text) || is_isbn13(text),
        "isbn10" => is_isbn10(text),
        "isbn13" => is_isbn13(text),
        "creditcard" => is_credit_card(text),
        "ssn" => text.len() == 11 && is_match(&SSN, text),
        "hexcolor" => is_match(&HEX_COLOR, text),
        "rgbcolor" => is_match(&RGB_COLOR, text),
        // Stricter than Go's decoder: no line breaks, and not empty.
        "byte" => is_match(&BASE64, text),
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "k8sshortname" => text.len() <= 63 && is_match(&SHORT_NAME, text),
        "k8slongname" => text.len() <= 253 && text.split('.').all(|part| is_match(&SHORT_NAME, part)),
        _ => true,
    };
    (!fits).then(|| format!("`{text}` is not of the format `{name}`"))
}

/// Whether the server judges a format at all.
pub(super) fn is_known(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "bsonobjectid",
        "uri",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "cidr",
        "mac",
        "uuid",
        "uuid3",
        "uuid4",
        "uuid5",
        "isbn",
        "isbn10",
        "isbn13",
        "creditcard",
        "ssn",
        "hexcolor",
        "rgbcolor",
        "byte",
        "password",
        "date",
        "duration",
        "datetime",
        "k8sshortname",
        "k8slongname",
    ];
    KNOWN.contains(&name.replace('-', "").as_str())
}

/// A time as the schema's format takes it: in any case, with any sign before the fraction.
fn is_lenient_date_time(text: &str) -> bool {
    static TIME: Compiled = LazyLock::new(|| Regex::new("^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$").ok());
    let text = text.to_lowercase();
    let mut parts = text.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    let below = |range: std::ops::Range<usize>, most: &str| time.get(range).is_some_and(|part| part <= most);
    date.len() == 10
        && is_date_time(&format!("{date}T00:00:00Z"))
        && is_match(&TIME, time)
        && below(0..2, "23")
        && below(3..5, "59")
        && below(6..8, "59")
}

type Compiled = LazyLock<Option<Regex>>;

static SSN: Compiled = LazyLock::new(|| Regex::new(r"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$").ok());
static HEX_COLOR: Compiled = LazyLock::new(|| Regex::new("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$").ok());
static RGB_COLOR: Compiled = LazyLock::new(|| {
    let part = r"[\t\n\f\r ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[\t\n\f\r ]*";
    Regex::new(&format!("^rgb\\({part},{part},{part}\\)$")).ok()
});
static SHORT_NAME: Compiled = LazyLock::new(|| Regex::new("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").ok());
static ISBN10: Compiled = LazyLock::new(|| Regex::new("^([0-9]{9}X|[0-9]{10})$").ok());
static ISBN13: Compiled = LazyLock::new(|| Regex::new("^[0-9]{13}$").ok());
static BASE64: Compiled = LazyLock::new(|| Regex::new("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$").ok());
static CREDIT_CARD: Compiled = LazyLock::new(|| {
    let visa = "4[0-9]{12}(?:[0-9]{3})?";
    let others = "5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}";
    Regex::new(&format!("^(?:{visa}|{others}|(?:2131|1800|35[0-9]{{3}})[0-9]{{11}})$")).ok()
});

fn is_match(regex: &Compiled, text: &str) -> bool {
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

/// An address of four numbers; zeros in front are taken. An address of IPv6 that ends in one counts, too.
fn is_ipv4(text: &str) -> bool {
    text.contains('.') && (is_sloppy_ipv4(text) || text.parse::<Ipv6Addr>().is_ok())
}

fn is_sloppy_ipv4(text: &str) -> bool {
    let number = |part: &str| {
        let digits = part.trim_start_matches('0');
        let number = if digits.is_empty() && !part.is_empty() { "0" } else { digits };
        number.len() <= 3 && !number.starts_with('+') && number.parse::<u8>().is_ok()
    };
    text.parse::<Ipv4Addr>().is_ok() || (text.split('.').count() == 4 && text.split('.').all(number))
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let most = if is_sloppy_ipv4(address) {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut digits = String::new();
    let mut rest = text;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let Some((part, after)) = rest.split_at_checked(length) else { return false };
        digits.push_str(part);
        rest = after;
    }
    let digit = |at: usize| digits.as_bytes()[at].to_ascii_lowercase();
    rest.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && version.is_none_or(|version| char::from(digit(12)) == version && (version == '3' || b"89ab".contains(&digit(16))))
}

/// Plain addresses are judged; those with a name (`A <a@b>`) or quotes pass when they have an `@`.
fn is_email(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    if text.contains(['<', '"', '(', '[']) || !text.is_ascii() {
        return text.contains('@');
    }
    let is_atoms = |part: &str| {
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        part.split('.').all(|atoms| !atoms.is_empty() && atoms.chars().all(atom))
    };
    text.split_once('@').is_some_and(|(local, domain)| is_atoms(local) && is_atoms(domain))
}

/// The server's pattern: without a dot, a dash may only stand in the second place.
fn is_hostname(text: &str) -> bool {
    if !text.is_ascii() {
        return true;
    }
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"$+<=>^`|~".contains(byte);
    let single = |part: &[u8]| match part {
        [first, rest @ ..] => {
            let rest = rest.strip_prefix(b"-").unwrap_or(rest);
            of_name(first) && rest.len() <= 62 && rest.iter().all(of_name)
        }
        [] => false,
    };
    let label = |part: &str| {
        let bytes = part.as_bytes();
        bytes.len() <= 63
            && bytes.first().is_some_and(of_name)
            && bytes.last().is_some_and(of_name)
            && bytes.iter().all(|byte| of_name(byte) || *byte == b'-')
    };
    let dotted = text.rsplit_once('.').is_some_and(|(labels, top)| {
        labels.split('.').all(label) && (2..=63).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    text.len() <= 255 && text.split('.').all(|part| part.len() <= 63) && (single(text.as_bytes()) || dotted)
}

/// 6, 8 or 20 bytes between colons or dashes, or pairs of them between dots.
fn is_mac(text: &str) -> bool {
    let groups = |by: char, digits: usize| {
        let parts: Vec<&str> = text.split(by).collect();
        let fit = parts.iter().all(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        fit && [6, 8, 20].contains(&(parts.len() * digits / 2))
    };
    groups(':', 2) || groups('-', 2) || groups('.', 4)
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | ' ' | '\t' | '\n' | '\r' | '\u{c}')).collect()
}

fn digits_of(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    text.chars().map(|c| c.to_digit(10).unwrap_or(10))
}

fn is_isbn10(text: &str) -> bool {
    let text = without_blanks(text);
    is_match(&ISBN10, &text) && digits_of(&text).zip(1..).map(|(digit, place)| digit * place).sum::<u32>().is_multiple_of(11)
}

fn is_isbn13(text: &str) -> bool {
    let text = without_blanks(text);
    let weights = [1, 3].into_iter().cycle();
    is_match(&ISBN13, &text) && digits_of(&text).zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>().is_multiple_of(10)
}

fn is_credit_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let doubled = |(index, digit): (usize, u32)| if index % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 };
    is_match(&CREDIT_CARD, &digits) && digits_of(&digits).rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_of_each_format() {
        for (name, good, bad) in [
            ("ipv4", "010.0.0.1", "10.0.0"),
            ("ipv6", "fd00::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("date", "2026-01-01", "2026-13-01"),
            ("duration", "1 day", "soon"),
            ("uuid4", "7b2f3f5e-3c1d-4f3a-9c1b-1d2e3f4a5b6c", "7b2f3f5e-3c1d-3f3a-9c1b-1d2e3f4a5b6c"),
            ("uri", "https://example.com/a", "example.com"),
            ("email", "a/b@example.com", ".a@example.com"),
            ("hostname", "my-host.example.com", "my-.example.com"),
            ("mac", "0011.2233.4455", "00:11:22:33:44"),
            ("isbn", "978-3161484100", "9783161484101"),
            ("isbn10", "080442957X", "0804429570"),
            ("creditcard", "4111 1111 1111 1111", "4111111111111112"),
            ("ssn", "123-45-6789", "123456789"),
            ("hexcolor", "#ff0000", "#ff00"),
            ("rgbcolor", "rgb(1, 2,3)", "rgb(1,2,256)"),
            ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
            ("k8s-short-name", "abc", "a.b"),
            ("k8s-long-name", "a.b", "a..b"),
        ] {
            assert_eq!(wrong(good, name), None, "{name}");
            assert!(wrong(bad, name).is_some(), "{name}");
        }
        assert_eq!(wrong("anything", "banana"), None);
    }
}
