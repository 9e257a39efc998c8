//! What stands in the URL of a repository and must not be seen.

/// Whether a text has a URL with a password in it: `https://user:password@host`. What something fills in later (`{{.password}}`,
/// `$(PASSWORD)`, `<password>`) is none.
pub(crate) fn has_password(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).any(|word| {
        let Some((_, rest)) = word.split_once("://") else { return false };
        let authority = rest.split('/').next().unwrap_or_default();
        let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map_or("", |(_, password)| password);
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
        ] {
            assert_eq!(has_password(text), has, "{text}");
        }
    }

    #[test]
    fn a_shown_url_has_no_user() {
        assert_eq!(without_password("https://me:hunter2@git.example.com/a"), "https://…@git.example.com/a");
        assert_eq!(without_password("https://git.example.com/a@b"), "https://git.example.com/a@b");
    }
}
