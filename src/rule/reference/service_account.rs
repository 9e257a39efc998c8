//! A `ServiceAccount` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/service-account",
    level: Level::Deny,
    summary: "a ServiceAccount that is not there",
    why: "The API server refuses the pods of a workload whose `ServiceAccount` is missing: the Deployment is accepted and never gets a pod. A binding to a missing one grants nothing. The account `default` is in every namespace.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers:
    - name: web
      image: nginx:1.29
",
    good: r"
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers:
    - name: web
      image: nginx:1.29
",
    check: |context, report| {
        missing(context, report, Need::ServiceAccount, "define it, or declare it under `external`");
    },
};
