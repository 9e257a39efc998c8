//! The annotation by which an object asks to be left alone.

use std::collections::HashMap;

use serde_json::Value;

use crate::manifest::Object;

use super::ALL;

/// The annotation: `RULE: REASON`, several separated by `;`.
pub const ANNOTATION: &str = "manifestgen.dev/allow";

/// One entry of the annotation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowance<'a> {
    /// A rule's id, as it was written.
    pub(super) rule: &'a str,
    /// Why; empty when nobody said.
    pub(super) reason: &'a str,
}

impl Allowance<'_> {
    pub(super) fn is_known(&self) -> bool {
        ALL.iter().any(|rule| rule.id == self.rule)
    }

    /// An allowance counts when it names a rule and says why.
    fn counts(&self) -> bool {
        self.is_known() && !self.reason.is_empty()
    }
}

/// The entries of an object's annotation.
pub(super) fn allowances(object: &Object) -> impl Iterator<Item = Allowance<'_>> {
    let annotations = object.value().get("metadata").and_then(|metadata| metadata.get("annotations"));
    let text = annotations.and_then(|annotations| annotations.get(ANNOTATION)).and_then(Value::as_str).unwrap_or_default();
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
        let (rule, reason) = entry.split_once(':').unwrap_or((entry, ""));
        Allowance { rule: rule.trim(), reason: reason.trim() }
    })
}

/// The rules that objects ask to be left alone by, by the objects' numbers.
pub(super) fn all(objects: &[Object]) -> HashMap<usize, Vec<&str>> {
    let of_object = |(number, object)| -> Option<(usize, Vec<&str>)> {
        let rules: Vec<_> = allowances(object).filter(Allowance::counts).map(|allowance| allowance.rule).collect();
        (!rules.is_empty()).then_some((number, rules))
    };
    objects.iter().enumerate().filter_map(of_object).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::source::ConfigPath;

    use super::*;

    #[test]
    fn entries_have_reasons() {
        let text = "reference/secret: made by the operator; pod/image-tag ; : x;";
        let metadata = json!({"name": "a", "annotations": {ANNOTATION: text}});
        let object = Object::new("test", ConfigPath::root(), &json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}));
        let object = object.expect("an object");
        let entries: Vec<_> = allowances(&object).map(|entry| (entry.rule, entry.reason)).collect();
        assert_eq!(entries, [("reference/secret", "made by the operator"), ("pod/image-tag", ""), ("", "x")]);
        assert_eq!(all(&[object])[&0], ["reference/secret"]);
    }
}
