//! A claim that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/persistent-volume-claim",
    level: Level::Deny,
    summary: "a PersistentVolumeClaim that is not there",
    why: "A pod whose claim is missing stays `Pending`: the scheduler cannot place it.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
  volumes:
    - name: data
      persistentVolumeClaim: {claimName: data}
",
    good: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
  volumes:
    - name: data
      persistentVolumeClaim: {claimName: data}
",
    check: |context, report| {
        missing(context, report, Need::Claim, "define it, or declare it under `external`");
    },
};
