//! Which budget covers a pod.

use std::collections::HashMap;

use crate::reference::{Answer, Need};
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/disruption-budget",
    level: Level::Deny,
    summary: "two PodDisruptionBudgets for one pod",
    why: "The eviction API refuses a pod that more than one budget covers, so `kubectl drain` and upgrades of the node never end.",
    bad: r"
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {part: shop}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, part: shop}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {part: shop}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, part: shop}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    check: |context, report| {
        let mut owners: HashMap<usize, usize> = HashMap::new();
        for edge in needs(context, Need::BudgetPods) {
            let Answer::Pods(pods) = context.graph.answer(&edge.target) else { continue };
            let first = pods.iter().find_map(|pod| Some((*pod, *owners.get(pod)?)));
            if let Some((pod, owner)) = first {
                let (pod, owner) = (&context.objects[context.graph.templates()[pod].object], context.objects[owner].name());
                let message = format!("the pods of {} `{}` are covered by PodDisruptionBudget `{owner}` too", pod.kind(), pod.name());
                report.add(edge.from, edge.pointer.clone(), message, "cover each pod by one budget only");
            }
            for pod in pods {
                owners.entry(pod).or_insert(edge.from);
            }
        }
    },
};
