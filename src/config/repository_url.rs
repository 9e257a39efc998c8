//! What stands in the URL of a repository and must not be seen.

/// Whether a text has a URL with a password in it: `https://user:password@host`. What something fills in later (`{{.password}}`,
/// `$(PASSWORD)`, `<password>`) is none.
pub(crate) fn has_password(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).any(|word| {
        let Some((_, rest)) = word.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#', ',']).next().unwrap_or_default();
        // The digest of an image is no host.
        let user = authority.rsplit_once('@').filter(|(_, host)| !host.starts_with("sha256:"));
        let password = user.and_then(|(user, _)| user.split_once(':')).map_or("", |(_, password)| password);
        !password.is_empty() && !password.starts_with(['{', '$', '<', '[', '%', '*', '…'])
    })
}

/// A URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.split_once('@') {
        Some((user, host)) if !user.contains('/') => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

/// A URL as Argo CD compares it: in lower case, without `.git` at its end and without `ssh://` (`git.NormalizeGitURL` of `util/git/git.go`).
pub(crate) fn comparable(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = match url.split_once(':') {
        Some((host, path)) if url.contains('@') && !url.contains("://") => format!("{host}/{path}"),
        _ => url.trim_start_matches("ssh://").to_owned(),
    };
    url.strip_suffix(".git").map(ToOwned::to_owned).unwrap_or(url)
}

/// The port that a URL names.
pub(crate) fn port(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The host of a URL, or of an address such as `git@HOST:PATH`, without its port.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_seen_and_placeholders_are_none() {
        for (text, has) in [
            ("https://me:hunter2@git.example.com/a.git", true),
            ("https://me:hunter2@{{.host}}/a.git", true),
            ("database: 'postgres://shop:hunter2@db/shop'\n", true),
            ("https://me@git.example.com/a.git", false),
            ("https://git.example.com:8443/a@b", false),
            ("ssh://git@git.example.com:22/a.git", false),
            ("git@git.example.com:a.git", false),
            ("https://me:{{.password}}@git.example.com/a.git", false),
            ("postgres://shop:$(PASSWORD)@db/shop", false),
            ("https://USER:<password>@git.example.com", false),
            ("http://alertmanager:9093?to=me@example.com", false),
            ("http://a:8080,me@example.com", false),
            ("https://x.example.com:8443#me@x", false),
            ("docker://nginx:1.25@sha256:abcd", false),
        ] {
            assert_eq!(has_password(text), has, "{text}");
        }
    }

    #[test]
    fn a_shown_url_has_no_user() {
        assert_eq!(without_password("https://me:hunter2@git.example.com/a"), "https://…@git.example.com/a");
        assert_eq!(without_password("https://git.example.com/a@b"), "https://git.example.com/a@b");
    }

    #[test]
    fn the_same_repository_is_written_in_several_ways() {
        for url in ["git@Git.example.com:a/b.git", "ssh://git@git.example.com/a/b"] {
            assert_eq!(comparable(url), "git@git.example.com/a/b");
        }
        assert_eq!(comparable("https://git.example.com/A.git "), "https://git.example.com/a");
    }

    #[test]
    fn hosts_have_no_port() {
        for url in
            ["https://me@git.example.com:8443/a", "git@git.example.com:a/b", "ssh://git@git.example.com:22/a", "git.example.com:5000/a"]
        {
            assert_eq!(host(url), "git.example.com");
        }
        assert_eq!(host("https://[::1]:8443/a"), "::1");
        assert_eq!((port("https://[::1]:8443/a"), port("ssh://git@git.example.com/a:b")), (Some("8443"), None));
    }
}
