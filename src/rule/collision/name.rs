//! Two objects of one name.

use std::collections::HashMap;

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/name",
    level: Level::Deny,
    summary: "two objects of the same kind, namespace and name",
    why: "The second one overwrites the first, or the other way round, depending on who applies them in which order. Two API versions of one group \
        name the same object.",
    bad: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: red}
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: test}
data: {color: red}
",
    check: |context, report| {
        let mut seen = HashMap::with_capacity(context.objects.len());
        for (number, object) in context.objects.iter().enumerate() {
            let (kind, name) = (object.kind(), object.name());
            let first = *seen.entry((object.group(), kind, object.namespace(), name)).or_insert(number);
            if first != number {
                let message = format!("{kind} `{name}` is defined twice{}", place(object.namespace()));
                let hint = if context.objects[first].value() == object.value() {
                    "both are the same: leave one out"
                } else {
                    "rename one, or put them in one object"
                };
                report.add(number, "/metadata/name", message, hint);
            }
        }
    },
};

fn place(namespace: Option<&str>) -> String {
    namespace.map(|namespace| format!(" in namespace `{namespace}`")).unwrap_or_default()
}
