//! The named port of the pods behind a Service.

use crate::reference::{Answer, Field, Need, Template};
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/target-port",
    level: Level::Deny,
    summary: "a named targetPort that no selected pod has",
    why: "A `targetPort` given by name is looked up among the ports of each pod's containers, by name and protocol. When no pod has it, the \
        Service has no endpoint on that port. A port given by number needs no declaration in the pod.",
    bad: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80, targetPort: https}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
",
    good: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80, targetPort: http}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
",
    check: |context, report| {
        for edge in needs(context, Need::ServicePods) {
            let Some(spec) = Field::of(&context.objects[edge.from], &["spec"]) else { continue };
            let mut named = spec.list("ports").filter_map(|port| Some((port, port.get("targetPort")?))).peekable();
            if named.peek().is_none() {
                continue;
            }
            let Answer::Pods(pods) = context.graph.answer(&edge.target) else { continue };
            for (port, target) in named {
                let Some(name) = target.as_str() else { continue };
                let protocol = port.text("protocol").unwrap_or("TCP");
                let templates = || pods.iter().map(|number| &context.graph.templates()[*number]);
                if !templates().flat_map(ports).any(|(have, have_protocol)| (have, have_protocol) == (name, protocol)) {
                    let mut have: Vec<_> = templates().flat_map(ports).map(|(name, protocol)| format!("`{name}` ({protocol})")).collect();
                    have.sort();
                    have.dedup();
                    let hint =
                        if have.is_empty() { "no port of theirs has a name".to_owned() } else { format!("they have {}", have.join(", ")) };
                    report.add(edge.from, target.pointer(), format!("the selected pods have no {protocol} port `{name}`"), hint);
                }
            }
        }
    },
};

/// Name and protocol of every port that has a name.
fn ports<'a>(template: &Template<'a>) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let all = template.serving_containers().flat_map(|container| container.list("ports"));
    all.filter_map(|port| Some((port.text("name")?, port.text("protocol").unwrap_or("TCP"))))
}
