//! The resources that a container asks for.

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "pod/requests",
    level: Level::Allow,
    summary: "a container that asks for no CPU or memory",
    why: "Without requests the scheduler takes a container to need nothing, and puts too many on one node; under pressure such pods are the first to go. A limit \
        counts as a request. A LimitRange of the namespace, or requests of the whole pod, make it unnecessary.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      resources: {requests: {cpu: 50m, memory: 64Mi}}
",
    check: |context, report| {
        let ranges: std::collections::HashSet<_> =
            context.objects.iter().filter(|object| object.kind() == "LimitRange").map(|range| range.namespace()).collect();
        for template in context.graph.templates() {
            if template.spec.get("resources").is_some() || ranges.contains(&context.objects[template.object].namespace()) {
                continue;
            }
            for container in ["initContainers", "containers"].into_iter().flat_map(|key| template.spec.list(key)) {
                let asks = |what| ["requests", "limits"].into_iter().any(|key| container.at(&["resources", key, what]).is_some());
                let missing: Vec<_> = ["cpu", "memory"].into_iter().filter(|what| !asks(*what)).collect();
                if !missing.is_empty() {
                    let place = container.get("resources").unwrap_or(container);
                    report.add(
                        template.object,
                        place.pointer(),
                        format!("this container asks for no {}", missing.join(" and no ")),
                        "set `resources.requests`",
                    );
                }
            }
        }
    },
};
