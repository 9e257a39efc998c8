//! A `PriorityClass` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/priority-class",
    level: Level::Deny,
    summary: "a PriorityClass that is not there",
    why: "The API server refuses pods of an unknown priority class, so the workload never gets any.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  priorityClassName: urgent
  containers:
    - name: web
      image: nginx:1.29
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  priorityClassName: system-cluster-critical
  containers:
    - name: web
      image: nginx:1.29
",
    check: |context, report| {
        missing(context, report, Need::PriorityClass, "define it, or declare it under `external`");
    },
};
