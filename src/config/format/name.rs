//! Names: DNS labels and names, label keys and values (k8s.io/apimachinery/pkg/util/validation).

use super::Wrong;

/// `IsDNS1123Label`: at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends.
pub(super) fn check_label(text: &str) -> Result<(), Wrong> {
    let fixed = || did_you_mean_label(text, false);
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "a name has letters, digits and `-`"));
    }
    if text.chars().count() > 63 {
        return Err(Wrong::new(format!("it has {} characters, at most 63 are allowed", text.chars().count()), ""));
    }
    if let Some(c) = text.chars().find(|c| !is_lower_or_digit(*c) && *c != '-') {
        let why = if c.is_uppercase() { "only lower-case letters are allowed".to_owned() } else { format!("`{c}` is not allowed") };
        return Err(Wrong::new(why, fixed()));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(Wrong::new("it must begin and end with a letter or digit", fixed()));
    }
    Ok(())
}

/// `IsDNS1123Subdomain`: labels joined by dots, at most 253 characters; each label at most 63, as DNS itself demands (RFC 1035, 2.3.4).
pub(super) fn check_dns_name(text: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("it is empty", ""));
    }
    if text.len() > 253 {
        return Err(Wrong::new(format!("it has {} characters, at most 253 are allowed", text.len()), ""));
    }
    if text.contains("://") {
        return Err(Wrong::new("a URL is not wanted here", "write the name alone, without `scheme://`"));
    }
    if let Some(trimmed) = text.strip_suffix('.') {
        return Err(Wrong::new("it must not end with a dot", format!("did you mean `{trimmed}`?")));
    }
    for label in text.split('.') {
        check_label(label).map_err(|wrong| {
            if label.is_empty() {
                Wrong::new("it has two dots in a row, or one at its beginning", "")
            } else {
                Wrong::new(wrong.reason, did_you_mean_label(text, true))
            }
        })?;
    }
    Ok(())
}

/// `IsQualifiedName`: an optional DNS name and `/`, then at most 63 letters, digits, `-`, `_` and `.`.
pub(super) fn check_label_key(text: &str) -> Result<(), Wrong> {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    if let Some(prefix) = prefix {
        check_dns_name(prefix).map_err(|wrong| Wrong::new(format!("its prefix `{prefix}` is no DNS name: {}", wrong.reason), ""))?;
    }
    if name.contains('/') {
        return Err(Wrong::new("only one `/` is allowed", "write `prefix/name`, the prefix being a DNS name"));
    }
    if name.is_empty() {
        return Err(Wrong::new("its name is empty", ""));
    }
    check_qualified(name)
}

/// `IsValidLabelValue`: empty, or at most 63 letters, digits, `-`, `_` and `.`.
pub(super) fn check_label_value(text: &str) -> Result<(), Wrong> {
    if text.is_empty() { Ok(()) } else { check_qualified(text) }
}

fn check_qualified(text: &str) -> Result<(), Wrong> {
    if text.len() > 63 {
        return Err(Wrong::new(format!("it has {} characters, at most 63 are allowed", text.len()), ""));
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        return Err(Wrong::new(format!("`{c}` is not allowed"), "letters, digits, `-`, `_` and `.` are"));
    }
    if text.starts_with(['-', '_', '.']) || text.ends_with(['-', '_', '.']) {
        return Err(Wrong::new("it must begin and end with a letter or digit", ""));
    }
    Ok(())
}

const fn is_lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// The nearest name that is allowed: lower case, `-` for `_` and blanks.
fn did_you_mean_label(text: &str, dots: bool) -> String {
    let folded: String = text
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| if matches!(c, '_' | ' ') || (c == '.' && !dots) { '-' } else { c })
        .collect();
    let folded = folded.trim_matches('-');
    let allowed = !folded.is_empty() && folded.split('.').all(check_label_quietly);
    if allowed { format!("did you mean `{folded}`?") } else { "use lower-case letters, digits and `-`".to_owned() }
}

fn check_label_quietly(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.chars().all(|c| is_lower_or_digit(c) || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn labels() {
        assert_eq!(verdict("dns-label", "a-1"), "ok");
        assert_eq!(verdict("dns-label", &"a".repeat(63)), "ok");
        assert_eq!(verdict("dns-label", &"a".repeat(64)), "it has 64 characters, at most 63 are allowed | ");
        assert_eq!(verdict("dns-label", "My_Node"), "only lower-case letters are allowed | did you mean `my-node`?");
        assert_eq!(verdict("dns-label", "a.b"), "`.` is not allowed | did you mean `a-b`?");
        assert_eq!(verdict("dns-label", "-a"), "it must begin and end with a letter or digit | did you mean `a`?");
        assert_eq!(verdict("dns-label", "größe"), "`ö` is not allowed | use lower-case letters, digits and `-`");
    }

    #[test]
    fn dns_names() {
        assert_eq!(verdict("dns-name", "cluster.example.com"), "ok");
        assert_eq!(verdict("dns-name", "a..b"), "it has two dots in a row, or one at its beginning | ");
        assert_eq!(verdict("dns-name", "example.com."), "it must not end with a dot | did you mean `example.com`?");
        assert_eq!(verdict("dns-name", "Example.com"), "only lower-case letters are allowed | did you mean `example.com`?");
        assert!(verdict("dns-name", &format!("{}.com", "a".repeat(64))).starts_with("it has 64 characters"));
    }

    #[test]
    fn label_keys_and_values() {
        for key in ["disk", "app.kubernetes.io/name", "A_b.c"] {
            assert_eq!(verdict("label-key", key), "ok", "{key}");
        }
        assert!(verdict("label-key", "a/b/c").starts_with("only one `/`"));
        assert!(verdict("label-key", "App/x").starts_with("its prefix `App` is no DNS name"));
        assert_eq!(verdict("label-value", ""), "ok");
        assert!(verdict("label-value", "a b").starts_with("` ` is not allowed"));
    }
}
