//! The definition of a custom resource.

use std::collections::HashSet;

use crate::reference::{Need, Target};
use crate::rule::facts::argocd;
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/custom-resource-definition",
    level: Level::Deny,
    summary: "a custom resource whose CustomResourceDefinition is not there",
    why: "The API server refuses a custom resource until its definition is there. Definitions often come with a chart or were installed \
        before, so that a set of some files only gets a warning, one for each kind. k3s brings those of its charts, of Traefik and of \
        the Gateway API.",
    bad: r"
apiVersion: example.com/v1
kind: Widget
metadata: {name: web, namespace: shop}
",
    good: r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: web, namespace: shop}
",
    check: |context, report| {
        // A set that installs charts may get the definition from any of them.
        let certain = context.input.complete && !context.objects.iter().any(|object| matches!(object.kind(), "HelmChart" | "Application"));
        let mut seen = HashSet::new();
        for edge in needs(context, Need::Definition) {
            let Target::Definition { group, kind } = edge.target else { continue };
            if !context.exists(&edge.target) && seen.insert((group, kind)) {
                let way = argocd::section(&context.objects[edge.from]).unwrap_or("define it");
                let hint = format!("{way}, or declare it under `external` as CustomResourceDefinition `{kind}.{group}`");
                report.add_if(certain, edge.from, edge.pointer.clone(), format!("kind `{kind}` of `{group}` is not defined"), hint);
            }
        }
    },
};
