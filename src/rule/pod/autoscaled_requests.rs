//! What an autoscaler reckons with.

use std::collections::HashSet;

use crate::reference::{Answer, Field, Need};
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "pod/autoscaled-requests",
    level: Level::Deny,
    summary: "pods scaled by utilization that request nothing",
    why: "Utilization is the share of what a container requests. An autoscaler whose target has a container without such a request does not scale \
        (`missing request for cpu`). A limit counts as a request; in a namespace with a LimitRange nothing is said.",
    bad: r"
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
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
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
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
        - {name: web, image: 'nginx:1.29', resources: {requests: {cpu: 100m}}}
",
    check: |context, report| {
        let ranges: HashSet<_> =
            context.objects.iter().filter(|object| object.kind() == "LimitRange").map(crate::manifest::Object::namespace).collect();
        for edge in needs(context, Need::ScaleTarget) {
            let Answer::Object(target) = context.graph.answer(&edge.target) else { continue };
            let template = context.graph.templates().binary_search_by_key(&target, |template| template.object);
            let Some(template) = template.ok().map(|place| &context.graph.templates()[place]) else { continue };
            if ranges.contains(&context.objects[target].namespace()) || template.spec.get("resources").is_some() {
                continue;
            }
            let Some(spec) = Field::of(&context.objects[edge.from], &["spec"]) else { continue };
            for metric in spec.list("metrics").filter_map(|metric| metric.get("resource")) {
                let (Some(field), Some(name)) = (metric.get("name"), metric.text("name")) else { continue };
                if metric.at(&["target", "averageUtilization"]).is_none() {
                    continue;
                }
                let asks = |container: &Field<'_>| {
                    let resources = container.value.get("resources");
                    ["requests", "limits"]
                        .iter()
                        .any(|key| resources.is_some_and(|resources| resources.pointer(&format!("/{key}/{name}")).is_some()))
                };
                if let Some(container) = template.serving_containers().find(|container| !asks(container)) {
                    let container = container.text("name").unwrap_or_default();
                    let message = format!(
                        "container `{container}` of {} `{}` requests no {name}",
                        context.objects[target].kind(),
                        context.objects[target].name()
                    );
                    report.add(edge.from, field.pointer(), message, format!("set `resources.requests.{name}` there"));
                }
            }
        }
    },
};
