//! The namespace of an object.

use std::collections::HashSet;

use crate::reference::{Need, Target};
use crate::rule::facts::argocd;
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/namespace",
    level: Level::Deny,
    summary: "a Namespace that is not there",
    why: "The API server refuses an object whose namespace does not exist. A set that defines no Namespace at all is taken to rely on \
        namespaces that are there; in any other, each missing one is named once.",
    bad: r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shpo}
data: {color: blue}
",
    good: r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
",
    check: |context, report| {
        if !context.input.complete && !context.defines_namespaces() {
            return;
        }
        let mut seen = HashSet::new();
        for edge in needs(context, Need::Namespace) {
            let Target::Object { name, .. } = edge.target else { continue };
            if !context.exists(&edge.target) && seen.insert(name) {
                let hint = match argocd::section(&context.objects[edge.from]) {
                    Some(section) => format!("{section}; where something else brings it, declare the namespace under `external`"),
                    None => "define it, or declare it under `external`".to_owned(),
                };
                report.add_if(context.input.complete, edge.from, edge.pointer.clone(), format!("namespace `{name}` is not there"), hint);
            }
        }
    },
};
