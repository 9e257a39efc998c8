//! The level of a namespace against its pods.

use crate::reference::Field;
use crate::rule::facts::pod_security::{Standard, violations};
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "security/pod-security",
    level: Level::Deny,
    summary: "pods that the PodSecurity level of their namespace keeps out",
    why: "The API server accepts a Deployment whose pods break the level that the label `pod-security.kubernetes.io/enforce` of the namespace demands, and then \
        refuses each of its pods: the workload stays at 0 replicas. All checks of `baseline` and `restricted` are done, in the version that \
        `pod-security.kubernetes.io/enforce-version` names (older ones than 1.25 count as 1.25). A namespace that is not in the set is not judged.",
    bad: r"
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 101
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: web
      image: nginx:1.29
      securityContext:
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
",
    check: |context, report| {
        for template in context.graph.templates() {
            let object = &context.objects[template.object];
            // A PodTemplate makes no pods by itself; and without a namespace nobody knows which level counts.
            if object.kind() == "PodTemplate" || template.namespace.is_empty() {
                continue;
            }
            let Some(namespace) = context.graph.object("", "Namespace", "", template.namespace) else { continue };
            let Some(labels) = Field::of(&context.objects[namespace], &["metadata", "labels"]) else { continue };
            let standard = match labels.text("pod-security.kubernetes.io/enforce") {
                Some("baseline") => Standard::Baseline,
                Some("restricted") => Standard::Restricted,
                _ => continue,
            };
            let version =
                labels.text("pod-security.kubernetes.io/enforce-version").and_then(|version| version.strip_prefix("v1.")?.parse().ok());
            for violation in violations(template, standard, version.map_or(u32::MAX, |minor: u32| minor.max(25))) {
                let level = if standard == Standard::Baseline { "baseline" } else { "restricted" };
                let message = format!("level `{level}` of namespace `{}` keeps this pod out: it {}", template.namespace, violation.message);
                report.add(template.object, violation.pointer, message, violation.hint);
            }
        }
    },
};
