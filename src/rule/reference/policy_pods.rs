//! The pods that a policy applies to.

use crate::reference::{Answer, Need, Target};
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

use super::service_pods::nearest;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/policy-pods",
    level: Level::Warn,
    summary: "a NetworkPolicy or PodDisruptionBudget that selects no pods",
    why: "A policy whose selector matches no pod protects nothing, and nothing says so. It is looked at where the set holds workloads of \
        the same namespace. The empty selector, which means every pod, is left alone.",
    bad: r"
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: wbe}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    check: |context, report| {
        for edge in needs(context, Need::BudgetPods).chain(needs(context, Need::PolicyPods)) {
            let Target::Pods { namespace, selector } = &edge.target else { continue };
            if context.graph.answer(&edge.target) == Answer::Missing
                && !context.graph.pods_in(namespace).is_empty()
                && !context.is_filled_elsewhere(namespace)
            {
                let hint = nearest(context, namespace, selector).unwrap_or_default();
                report.add(edge.from, edge.pointer.clone(), format!("no pod has the labels `{selector}`"), hint);
            }
        }
    },
};
