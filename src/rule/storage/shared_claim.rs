//! A claim that only one node can have.

use crate::reference::{Field, Need};
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "storage/shared-claim",
    level: Level::Warn,
    summary: "several replicas on a claim for one node or pod",
    why: "A claim with `ReadWriteOnce` can be mounted on one node at a time, one with `ReadWriteOncePod` by one pod: replicas that the scheduler puts elsewhere stay in \
        `ContainerCreating` or `Pending`. What needs a volume for each replica is a StatefulSet with `volumeClaimTemplates`.",
    bad: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'nginx:1.29'}
      volumes:
        - name: data
          persistentVolumeClaim: {claimName: data}
",
    good: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'nginx:1.29'}
      volumes:
        - name: data
          persistentVolumeClaim: {claimName: data}
",
    check: |context, report| {
        for edge in needs(context, Need::Claim) {
            let object = &context.objects[edge.from];
            let replicas = object.pointer("/spec/replicas").and_then(serde_json::Value::as_i64).unwrap_or(1);
            if replicas < 2 && object.kind() != "DaemonSet" {
                continue;
            }
            let crate::reference::Answer::Object(claim) = context.graph.answer(&edge.target) else { continue };
            let modes = Field::of(&context.objects[claim], &["spec"]).into_iter().flat_map(|spec| spec.list("accessModes"));
            let modes: Vec<_> = modes.filter_map(|mode| mode.as_str()).collect();
            if !modes.is_empty() && modes.iter().all(|mode| matches!(*mode, "ReadWriteOnce" | "ReadWriteOncePod")) {
                let what = if object.kind() == "DaemonSet" { "the pods of all nodes".to_owned() } else { format!("{replicas} replicas") };
                let message = format!("{what} share claim `{}`, which is {}", context.objects[claim].name(), modes.join(" and "));
                report.add(
                    edge.from,
                    edge.pointer.clone(),
                    message,
                    "use `ReadWriteMany`, one replica, or a StatefulSet with `volumeClaimTemplates`",
                );
            }
        }
    },
};
