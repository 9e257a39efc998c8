//! Who scales a workload.

use std::collections::HashMap;

use crate::reference::Need;
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/scale-target",
    level: Level::Deny,
    summary: "two HorizontalPodAutoscalers for one workload",
    why: "Two autoscalers for the same pods take turns in changing the number of replicas; Kubernetes stops both with `AmbiguousSelector`.",
    bad: r"
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web-memory, namespace: shop}
spec:
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'nginx:1.29'}
",
    check: |context, report| {
        let mut owners = HashMap::new();
        for edge in needs(context, Need::ScaleTarget) {
            let crate::reference::Target::Object { group, kind, namespace, name } = edge.target else { continue };
            let owner = *owners.entry((group, kind, namespace, name)).or_insert(edge.from);
            if owner != edge.from {
                let other = context.objects[owner].name();
                let hint = "put all metrics into one of them";
                report.add(
                    edge.from,
                    edge.pointer.clone(),
                    format!("{kind} `{name}` is scaled by HorizontalPodAutoscaler `{other}` too"),
                    hint,
                );
            }
        }
    },
};
