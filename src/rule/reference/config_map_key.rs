//! A key that a `ConfigMap` does not have.

use crate::reference::Need;
use crate::rule::facts::missing::missing_part;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/config-map-key",
    level: Level::Deny,
    summary: "a key that a ConfigMap of the set does not have",
    why: "A pod that asks for a key that is not in the ConfigMap does not start. A ConfigMap without any key is taken to be filled while the cluster runs.",
    bad: r"
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
      env:
        - name: COLOR
          valueFrom:
            configMapKeyRef: {name: settings, key: colour}
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
      env:
        - name: COLOR
          valueFrom:
            configMapKeyRef: {name: settings, key: color}
",
    check: |context, report| {
        missing_part(context, report, Need::ConfigMap);
    },
};
