//! A `StorageClass` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/storage-class",
    level: Level::Deny,
    summary: "a StorageClass that is not there",
    why: "A claim with an unknown class stays `Pending`. k3s' own class `local-path` counts as there.",
    bad: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  storageClassName: fast
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
",
    good: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  storageClassName: local-path
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
",
    check: |context, report| {
        missing(
            context,
            report,
            Need::StorageClass,
            "define it, leave `storageClassName` out for the cluster's default, or declare it under `external`",
        );
    },
};
