//! Paths and modes of files on a Linux node.

use super::Wrong;

pub(super) fn check_absolute(text: &str) -> Result<(), Wrong> {
    if text.starts_with('~') {
        return Err(Wrong::new("`~` is a shell's word for a home folder", "write the whole path, beginning with `/`"));
    }
    if !text.starts_with('/') {
        return Err(Wrong::new(
            "it does not begin with `/`",
            if text.is_empty() { String::new() } else { format!("did you mean `/{text}`?") },
        ));
    }
    // Kubernetes refuses `..` in mount and host paths (pkg/apis/core/validation, `validatePathNoBacksteps`).
    if text.split('/').any(|part| part == "..") {
        return Err(Wrong::new("`..` is not allowed", "write the path that you mean in full"));
    }
    if text.len() > 4095 {
        return Err(Wrong::new("it has more than 4095 bytes", ""));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("it holds a control character", ""));
    }
    Ok(())
}

pub(super) fn check_mode(text: &str) -> Result<(), Wrong> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !(3..=4).contains(&digits.len()) || !digits.chars().all(|c| matches!(c, '0'..='7')) {
        return Err(Wrong::new("it is not three or four octal digits", "write it like `0400` or `0644`"));
    }
    if digits.len() != text.len() {
        return Err(Wrong::new("the prefix `0o` has no place here", format!("write `{digits}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn absolute_paths() {
        assert_eq!(verdict("absolute-path", "/"), "ok");
        assert_eq!(verdict("absolute-path", "var/lib"), "it does not begin with `/` | did you mean `/var/lib`?");
        assert!(verdict("absolute-path", "/a/../b").starts_with("`..` is not allowed"));
        assert!(verdict("absolute-path", "~/x").starts_with("`~` is a shell's word"));
    }

    #[test]
    fn modes() {
        assert_eq!(verdict("file-mode", "644"), "ok");
        assert!(verdict("file-mode", "0o644").contains("write `644`"));
        assert!(verdict("file-mode", "0888").starts_with("it is not three"));
        assert!(verdict("file-mode", "rw-r--r--").starts_with("it is not three"));
    }
}
