//! A `RuntimeClass` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/runtime-class",
    level: Level::Deny,
    summary: "a RuntimeClass that is not there",
    why: "The API server refuses pods of an unknown runtime class, so the workload never gets any. The classes that k3s defines (`nvidia`, `crun`, `wasmtime` and others) count as there.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  runtimeClassName: gvisor
  containers:
    - name: web
      image: nginx:1.29
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  runtimeClassName: nvidia
  containers:
    - name: web
      image: nginx:1.29
",
    check: |context, report| {
        missing(context, report, Need::RuntimeClass, "define it, or declare it under `external`");
    },
};
