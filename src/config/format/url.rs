//! `http://` and `https://` URLs (RFC 3986), without user and password.

use super::{Wrong, network};

/// Scheme, host without brackets, port.
pub(super) fn parse(text: &str) -> Result<(&str, &str, u16), Wrong> {
    let Some((scheme, rest)) = text.split_once("://") else {
        let hint = if network::check_host(text.split(['/', ':']).next().unwrap_or_default()).is_ok() {
            format!("did you mean `https://{text}`?")
        } else {
            "write it like `https://headscale.example.com`".to_owned()
        };
        return Err(Wrong::new("it has no scheme", hint));
    };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        other => return Err(Wrong::new(format!("the scheme is `{other}`"), "only `http` and `https` are possible")),
    };
    if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')) {
        let what = if c == ' ' { "a blank".to_owned() } else { format!("`{c}`") };
        return Err(Wrong::new(format!("{what} must be percent-encoded"), ""));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Wrong::new("a user or password in it would be readable by everyone", "give credentials in a Secret instead"));
    }
    let (host, port) = split_port(authority);
    let port = match port {
        None => default_port,
        Some(port) => port
            .parse::<u16>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Wrong::new(format!("`{port}` is no port"), "a port is a number from 1 to 65535"))?,
    };
    if host.is_empty() {
        return Err(Wrong::new("it has no host", ""));
    }
    network::check_host(&host.to_ascii_lowercase())
        .map_err(|wrong| Wrong::new(format!("the host `{host}`: {}", wrong.reason), wrong.hint))?;
    Ok((scheme, host, port))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::format::tests::verdict;

    #[test]
    fn takes_urls_apart() {
        assert_eq!(parse("http://192.168.1.10:30080"), Ok(("http", "192.168.1.10", 30080)));
        assert_eq!(parse("https://[fd00::1]/x?y#z"), Ok(("https", "fd00::1", 443)));
    }

    #[test]
    fn wrong_urls() {
        assert_eq!(verdict("http-url", "headscale.example.com"), "it has no scheme | did you mean `https://headscale.example.com`?");
        assert_eq!(verdict("http-url", "ftp://a"), "the scheme is `ftp` | only `http` and `https` are possible");
        assert_eq!(verdict("http-url", "http://a:0"), "`0` is no port | a port is a number from 1 to 65535");
        assert_eq!(verdict("http-url", "http://"), "it has no host | ");
        assert_eq!(verdict("http-url", "http://a b"), "a blank must be percent-encoded | ");
        assert!(verdict("http-url", "http://me:pw@a").starts_with("a user or password in it"));
        assert_eq!(verdict("http-url", "http://a_b"), "the host `a_b`: `_` is not allowed | did you mean `a-b`?");
        assert_eq!(verdict("http-url", "http://HS.example.com"), "ok");
    }
}
