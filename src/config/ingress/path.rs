//! The path of a route.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::format::{self, Wrong};

/// The path that requests of a route begin with, by whole path elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoutePath(String);

impl RoutePath {
    /// Without a `/` at its end, but for the root: `/argocd` and `/argocd/` are the same prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self.0.trim_end_matches('/') {
            "" => "/",
            prefix => prefix,
        }
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl JsonSchema for RoutePath {
    fn schema_name() -> Cow<'static, str> {
        "RoutePath".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "route-path", "pattern": format::pattern("route-path"), "examples": ["/argocd"]})
    }
}

/// What every form takes alike: the characters of RFC 3986's `unreserved`, in elements that are neither empty, `.` nor `..`
/// (the Gateway API refuses those; so does the API server for an Ingress).
pub(in crate::config) fn check_path(text: &str) -> Result<(), Wrong> {
    if !text.starts_with('/') {
        let hint = if text.is_empty() { String::new() } else { format!("did you mean `/{text}`?") };
        return Err(Wrong::new("it does not begin with `/`", hint));
    }
    if let Some(prefix) = text.strip_suffix("/*") {
        let prefix = if prefix.is_empty() { "/" } else { prefix };
        return Err(Wrong::new("a path is a prefix already", format!("write `{prefix}`")));
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_' | '~' | '/')) {
        return Err(Wrong::new(format!("`{}` is not allowed", c.escape_debug()), "letters, digits, `-`, `.`, `_`, `~` and `/` are"));
    }
    if text.contains("//") {
        return Err(Wrong::new("it has an empty element", "write one `/` between elements"));
    }
    if text.split('/').any(|element| matches!(element, "." | "..")) {
        return Err(Wrong::new("`.` and `..` are not allowed", "write the path that you mean in full"));
    }
    if text.len() > 1024 {
        return Err(Wrong::new("it has more than 1024 characters", ""));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::format::tests::verdict;

    #[test]
    fn paths() {
        for good in ["/", "/argocd", "/argocd/", "/a-b/c_d/~e/1.2"] {
            assert_eq!(verdict("route-path", good), "ok", "{good}");
        }
        assert_eq!(verdict("route-path", "argocd"), "it does not begin with `/` | did you mean `/argocd`?");
        assert_eq!(verdict("route-path", "/argocd/*"), "a path is a prefix already | write `/argocd`");
        assert_eq!(verdict("route-path", "/a//b"), "it has an empty element | write one `/` between elements");
        assert!(verdict("route-path", "/a`b").starts_with("`\\`` is not allowed") || verdict("route-path", "/a`b").starts_with("``` is"));
        assert!(verdict("route-path", "/a/../b").starts_with("`.` and `..`"));
        assert!(verdict("route-path", "/a%2fb").starts_with("`%` is not allowed"));
    }

    #[test]
    fn a_slash_at_the_end_changes_nothing() {
        let prefix = |text: &str| RoutePath(text.to_owned()).prefix().to_owned();
        assert_eq!(["/", "/a", "/a/", "/a/b/"].map(prefix), ["/", "/a", "/a", "/a/b"]);
    }
}
