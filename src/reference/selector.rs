//! Label selectors.

use serde_json::{Map, Value};

use super::{Field, Template};

/// Labels that controllers add to the pods that they make
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).
const ADDED: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// Whether a controller adds a label to the pods that it makes.
pub(super) fn is_added(label: &str) -> bool {
    ADDED.contains(&label)
}

/// A label selector: all of its requirements have to hold (apimachinery `pkg/labels/selector.go`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector<'a> {
    /// Labels that have to be there with this very value.
    pub labels: Vec<(&'a str, &'a str)>,
    /// The other requirements.
    pub expressions: Vec<Expression<'a>>,
}

/// One entry of `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression<'a> {
    /// The label.
    pub key: &'a str,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; any other is the API server's to refuse and matches everything here.
    pub operator: &'a str,
    /// The values of `In` and `NotIn`.
    pub values: Vec<&'a str>,
}

impl<'a> Selector<'a> {
    /// A plain map of labels, as a Service has it.
    #[must_use]
    pub fn of_map(field: Field<'a>) -> Self {
        let labels = field.entries().filter_map(|(key, value)| Some((key, value.as_str()?))).collect();
        Self { labels, expressions: Vec::new() }
    }

    /// A `LabelSelector` with `matchLabels` and `matchExpressions`.
    #[must_use]
    pub fn of_label_selector(field: Field<'a>) -> Self {
        let expressions = field.list("matchExpressions").filter_map(|expression| {
            let values = expression.list("values").filter_map(|value| value.as_str()).collect();
            Some(Expression { key: expression.text("key")?, operator: expression.text("operator")?, values })
        });
        let labels = field.get("matchLabels").map(|labels| Self::of_map(labels).labels).unwrap_or_default();
        Self { labels, expressions: expressions.collect() }
    }

    /// Whether it demands nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether the pods of a template fulfil it. What a controller adds to its pods is not known before; a requirement on such a
    /// label holds where it can.
    #[must_use]
    pub fn matches(&self, template: &Template<'_>) -> bool {
        let value = |key: &str| template.labels?.get(key)?.as_str();
        self.labels.iter().all(|(key, wanted)| value(key) == Some(*wanted) || template.may_get(key, wanted))
            && self
                .expressions
                .iter()
                .filter(|expression| !is_added(expression.key))
                .all(|expression| expression.holds(value(expression.key)))
    }

    /// Whether an object with these labels fulfils it.
    #[must_use]
    pub fn takes(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels?.get(key)?.as_str();
        self.labels.iter().all(|(key, wanted)| value(key) == Some(*wanted))
            && self.expressions.iter().all(|expression| expression.holds(value(expression.key)))
    }
}

impl Expression<'_> {
    /// Whether it holds for what its label has.
    fn holds(&self, found: Option<&str>) -> bool {
        match self.operator {
            "In" => found.is_some_and(|found| self.values.contains(&found)),
            "NotIn" => found.is_none_or(|found| !self.values.contains(&found)),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            _ => true,
        }
    }
}

impl std::fmt::Display for Selector<'_> {
    /// As `kubectl get --selector` takes it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.expressions.iter().map(|expression| {
            let values = expression.values.join(",");
            match expression.operator {
                "In" => format!("{} in ({values})", expression.key),
                "NotIn" => format!("{} notin ({values})", expression.key),
                "DoesNotExist" => format!("!{}", expression.key),
                _ => expression.key.to_owned(),
            }
        });
        out.write_str(&labels.chain(expressions).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::manifest::Object;
    use crate::source::ConfigPath;

    use super::*;

    fn matches(selector: &Selector<'_>, kind: &str, labels: &Value) -> bool {
        let template = json!({"metadata": {"labels": labels}, "spec": {}});
        let resource = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "a"}, "spec": {"template": template}});
        let object = Object::new("test", ConfigPath::root(), &resource).expect("an object");
        selector.matches(&Template::of(0, &object).expect("a template"))
    }

    #[test]
    fn all_requirements_have_to_hold() {
        let with = json!({"app": "a", "tier": "web"});
        let without = json!({"app": "a"});
        let matches = |operator, values: &[&'static str], labels| {
            let expression = Expression { key: "tier", operator, values: values.to_vec() };
            matches(&Selector { labels: vec![("app", "a")], expressions: vec![expression] }, "Deployment", labels)
        };
        assert!(matches("In", &["web", "api"], &with) && !matches("In", &["api"], &with) && !matches("In", &["web"], &without));
        assert!(!matches("NotIn", &["web"], &with) && matches("NotIn", &["web"], &without));
        assert!(matches("Exists", &[], &with) && !matches("Exists", &[], &without));
        assert!(matches("DoesNotExist", &[], &without) && !matches("DoesNotExist", &[], &with));
        assert!(!matches("Exists", &[], &json!({"app": "b", "tier": "web"})));
    }

    #[test]
    fn controllers_add_labels() {
        let by_name = |name| Selector { labels: vec![("statefulset.kubernetes.io/pod-name", name)], expressions: Vec::new() };
        assert!(matches(&by_name("a-0"), "StatefulSet", &json!({})));
        assert!(!matches(&by_name("b-0"), "StatefulSet", &json!({})));
        assert!(!matches(&by_name("a-0"), "Deployment", &json!({})));
    }
}
