//! A `ConfigMap` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/config-map",
    level: Level::Deny,
    summary: "a ConfigMap that is not there",
    why: "A pod whose ConfigMap is missing stays in `CreateContainerConfigError` or `ContainerCreating` until somebody creates it. A reference with `optional: true` is left alone, and so is the ConfigMap `kube-root-ca.crt`, which every namespace has.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      envFrom:
        - configMapRef: {name: settings}
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      envFrom:
        - configMapRef: {name: settings}
",
    check: |context, report| {
        missing(context, report, Need::ConfigMap, "define it, set `optional: true`, or declare it under `external`");
    },
};
