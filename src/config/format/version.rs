//! Kubernetes versions.

use super::Wrong;

pub(super) fn check(text: &str) -> Result<(), Wrong> {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        !part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_digit()) && (*part == "0" || !part.starts_with('0'))
    };
    if matches!(parts.len(), 2 | 3) && parts.iter().all(number) {
        return Ok(());
    }
    let bare = text.trim_start_matches('v');
    let bare = bare.split(['+', '-']).next().unwrap_or_default();
    if bare != text && check(bare).is_ok() {
        return Err(Wrong::new("it must be numbers and dots alone", format!("did you mean `{bare}`?")));
    }
    Err(Wrong::new("it is not like `1.36` or `1.36.3`", ""))
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn versions() {
        assert_eq!(verdict("kubernetes-version", "1.30"), "ok");
        assert_eq!(verdict("kubernetes-version", "v1.36.3+k3s1"), "it must be numbers and dots alone | did you mean `1.36.3`?");
        assert_eq!(verdict("kubernetes-version", "latest"), "it is not like `1.36` or `1.36.3` | ");
        assert_eq!(verdict("kubernetes-version", "1.036"), "it is not like `1.36` or `1.36.3` | ");
        assert_eq!(verdict("kubernetes-version", "1"), "it is not like `1.36` or `1.36.3` | ");
    }
}
