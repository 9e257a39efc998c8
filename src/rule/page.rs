//! A rule's page, for `explain` and for docs/RULES.md.

use std::fmt::Write as _;

use crate::diag::{Error, Result};

use super::{ALL, Level, Rule, level};

/// A rule by its id.
///
/// # Errors
/// Wrong usage when there is no such rule.
pub fn find(id: &str) -> Result<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id).ok_or_else(|| Error::usage(format!("there is no rule `{id}`")).hint(level::suggestion(id)))
}

/// The page of one rule, as Markdown.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let default = match rule.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow => "not run unless asked for",
    };
    format!(
        "## `{}`\n\n{}. Default: {default}.\n\n{}\n\nBad:\n\n```yaml\n{}\n```\n\nGood:\n\n```yaml\n{}\n```\n",
        rule.id,
        rule.summary,
        paragraph(rule.why),
        rule.bad.trim(),
        rule.good.trim()
    )
}

/// All rules with their pages, as Markdown.
#[must_use]
pub fn pages() -> String {
    let mut out = INTRODUCTION.to_owned();
    for rule in ALL {
        // Writing to a String does not fail.
        let _ = writeln!(out, "| [`{}`](#{}) | {} | {} |", rule.id, rule.id.replace('/', ""), rule.level, rule.summary);
    }
    for rule in ALL {
        out.push('\n');
        out.push_str(&page(rule));
    }
    out
}

/// One line per paragraph, whatever way the source is wrapped.
fn paragraph(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n\n")
}

const INTRODUCTION: &str = "\
# Rules

<!-- Generated from src/rule: `MANIFESTGEN_UPDATE=1 cargo test rule` rewrites it. -->

What the API server itself would refuse is reported as `schema/*` and cannot be allowed. The rules below find what it would let
through.

An **error** keeps the object from working, as far as the set of objects tells. Where what is missing may live elsewhere, the same
rule only **warns**. A set tells all about a namespace when it defines that Namespace, or is a whole release, and no chart,
Application or custom resource of an operator fills the namespace with objects that the set does not show.

`--deny RULE`, `--warn RULE` and `--allow RULE` change the level of a rule, and so does the config; `room/*` names all rules of a
room, and what comes later wins. One object is left alone by one rule through an annotation with a reason; `;` separates several:

```yaml
metadata:
  annotations:
    manifestgen.dev/allow: \"reference/secret: created by the operator\"
```

| rule | default | finds |
| --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_id() {
        assert!(find("pod/image-tag").is_ok_and(|rule| page(rule).starts_with("## `pod/image-tag`\n")));
        assert!(find("pod/image").is_err());
    }
}
