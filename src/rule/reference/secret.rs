//! A Secret that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/secret",
    level: Level::Deny,
    summary: "a Secret that is not there",
    why: "A pod whose Secret is missing does not start, and an Ingress whose TLS Secret is missing answers with the controller's own certificate. Secrets that a `Certificate`, `SealedSecret` or `ExternalSecret` of the set makes count as there, and so do those that a release declares. Pull secrets are left alone: the kubelet goes on without them.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: database, key: password}
",
    good: r"
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: shop}
data: {password: bm90IGEgc2VjcmV0}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: database, key: password}
",
    check: |context, report| {
        missing(
            context,
            report,
            Need::Secret,
            "deliver it apart from the manifests and declare it under `external`, or set `optional: true`",
        );
    },
};
