//! URLs as Go's `net/url` reads them for a request: absolute, or a path.
//!
//! Source: `parse`, `parseAuthority` and `unescape` of Go's `net/url`.

/// The parts of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// With the port.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
    /// What identifies it as a whole.
    text: String,
}

impl Url {
    /// Nothing where the server would read none (`url.ParseRequestURI`).
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return None;
        }
        let mut url = Self { scheme: String::new(), host: String::new(), path: String::new(), query: String::new(), text: text.to_owned() };
        // A fragment is not part of a request, but `url()` cuts it off before it looks at the parts.
        let whole = text.split_once('#').map_or(text, |(front, _)| front);
        if whole == "*" {
            "*".clone_into(&mut url.path);
            return Some(url);
        }
        let (scheme, rest) = scheme(whole)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            return (!scheme.is_empty()).then_some(url);
        }
        let path = match rest.strip_prefix("//") {
            Some(after) if !scheme.is_empty() => {
                let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
                let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
                if !is_user(user) || !is_host(host) {
                    return None;
                }
                host.clone_into(&mut url.host);
                path
            }
            _ => rest,
        };
        if !has_good_escapes(path) {
            return None;
        }
        url.path = escaped_path(path);
        Some(url)
    }

    /// The host without brackets and port.
    pub(super) fn hostname(&self) -> &str {
        match self.host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((inner, _)) => inner,
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }

    pub(super) fn port(&self) -> &str {
        let behind = self.host.rfind(']').map_or(&*self.host, |end| &self.host[end..]);
        behind.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// Names and values of the query, in order.
    pub(super) fn query(&self) -> Vec<(String, Vec<String>)> {
        let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
        for part in self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (unescaped(name), unescaped(value)) else { continue };
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => pairs.push((name, vec![value])),
            }
        }
        pairs
    }
}

/// The scheme, which may be empty, and what follows; nothing where a colon stands in front.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (index, character) in text.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return None,
            ':' => return Some((&text[..index], &text[index + 1..])),
            _ => return Some(("", text)),
        }
    }
    Some(("", text))
}

fn is_user(user: &str) -> bool {
    user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)) && has_good_escapes(user)
}

fn is_host(host: &str) -> bool {
    let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if host.starts_with('[') {
        let Some(end) = host.rfind(']') else { return false };
        return is_port(&host[end + 1..]);
    }
    host.rfind(':').is_none_or(|colon| is_port(&host[colon..]))
        && host.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c))
        // Only bytes beyond ASCII may be escaped in a host.
        && host.match_indices('%').all(|(at, _)| host.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()).is_some_and(|byte| byte >= 0x80))
}

fn has_good_escapes(text: &str) -> bool {
    text.match_indices('%').all(|(at, _)| text.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
}

/// The path as it would be written in a request.
fn escaped_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*[]".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn unescaped(text: &str) -> Option<String> {
    if !has_good_escapes(text) {
        return None;
    }
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (hex, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
                rest = after;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_reads_them() {
        for good in ["https://example.com:443/a?b=c", "/path", "mailto:a@b", "http://[::1]:80/", "*", "https://user:pw@host/", "http://"] {
            assert!(Url::read(good).is_some(), "{good}");
        }
        for bad in ["", "example.com", ":80", "http://a b/", "http://host:port/", "/a%zz", "http://[::1/", "a\nb", "http://ho%41st/"] {
            assert!(Url::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parts() {
        let url = Url::read("HTTPS://a@[fd00::1]:8443/x y?k=v&k=w+x&l").expect("a URL");
        assert_eq!(
            (&*url.scheme, &*url.host, url.hostname(), url.port(), &*url.path),
            ("https", "[fd00::1]:8443", "fd00::1", "8443", "/x%20y")
        );
        assert_eq!(url.query(), [("k".to_owned(), vec!["v".to_owned(), "w x".to_owned()]), ("l".to_owned(), vec![String::new()])]);
    }
}
