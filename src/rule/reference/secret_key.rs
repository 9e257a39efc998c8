//! A key that a Secret does not have.

use crate::reference::Need;
use crate::rule::facts::missing::missing_part;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/secret-key",
    level: Level::Deny,
    summary: "a key that a Secret does not have",
    why: "A pod that asks for a key that is not in the Secret does not start. Only keys are looked at, never values. A Secret without any key, and a service account's token, are filled while the cluster runs.",
    bad: r"
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
            secretKeyRef: {name: database, key: passwd}
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
        missing_part(context, report, Need::Secret);
    },
};
