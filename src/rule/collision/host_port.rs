//! Ports of the host.

use std::collections::HashMap;

use crate::reference::{Field, Template};
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/host-port",
    level: Level::Deny,
    summary: "two workloads that want the same port of a node",
    why: "A port of the host (`hostPort`, or any port of a pod with `hostNetwork`) can be had once on each node. Two DaemonSets that run on all nodes \
        always collide: the second one's pods stay `Pending`. Other workloads only collide where they meet on a node, which is a warning; those \
        that a `nodeSelector` or affinity keeps to certain nodes are left alone.",
    bad: r"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
          ports:
            - {containerPort: 80, hostPort: 80}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: proxy, namespace: shop}
spec:
  selector: {matchLabels: {app: proxy}}
  template:
    metadata: {labels: {app: proxy}}
    spec:
      hostNetwork: true
      containers:
        - name: proxy
          image: nginx:1.29
          ports:
            - {containerPort: 80}
",
    good: r"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
          ports:
            - {containerPort: 80, hostPort: 80}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: proxy, namespace: shop}
spec:
  selector: {matchLabels: {app: proxy}}
  template:
    metadata: {labels: {app: proxy}}
    spec:
      containers:
        - name: proxy
          image: nginx:1.29
          ports:
            - {containerPort: 80, hostPort: 81}
",
    check: |context, report| {
        let mut owners: HashMap<(i64, &str), Vec<(usize, &str)>> = HashMap::new();
        for template in context.graph.templates().iter().filter(|template| !is_bound(template) && runs(&context.objects[template.object])) {
            let everywhere = context.objects[template.object].kind() == "DaemonSet";
            for (field, port, protocol, address) in host_ports(template) {
                let owners = owners.entry((port, protocol)).or_default();
                let clash = owners.iter().find(|(owner, other)| *owner != template.object && meet(address, other));
                if let Some((owner, _)) = clash {
                    let other = &context.objects[*owner];
                    let message = format!("port {port}/{protocol} of the node is wanted by {} `{}` too", other.kind(), other.name());
                    let certain = everywhere && other.kind() == "DaemonSet";
                    report.add_if(
                        certain,
                        template.object,
                        field.pointer(),
                        message,
                        "give one of them another port, or keep them on different nodes",
                    );
                } else {
                    owners.push((template.object, address));
                }
            }
        }
    },
};

/// Field, port, protocol and address of the host's ports that a pod wants.
fn host_ports<'a>(template: &Template<'a>) -> impl Iterator<Item = (Field<'a>, i64, &'a str, &'a str)> + use<'a> {
    let host_network = template.spec.flag("hostNetwork");
    template.serving_containers().flat_map(|container| container.list("ports")).filter_map(move |port| {
        let field = port.get("hostPort").or_else(|| port.get("containerPort").filter(|_| host_network))?;
        let number = field.value.as_i64().filter(|number| *number != 0)?;
        Some((field, number, port.text("protocol").unwrap_or("TCP"), port.text("hostIP").unwrap_or_default()))
    })
}

/// Whether two host addresses overlap: none, and the unspecified ones, mean all.
fn meet(a: &str, b: &str) -> bool {
    let all = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    a == b || all(a) || all(b)
}

/// Whether something decides on which nodes the pods run.
fn is_bound(template: &Template<'_>) -> bool {
    ["nodeSelector", "affinity", "nodeName"].into_iter().any(|key| template.spec.get(key).is_some())
}

fn runs(object: &crate::manifest::Object) -> bool {
    object.kind() != "PodTemplate" && object.pointer("/spec/replicas").and_then(serde_json::Value::as_i64) != Some(0)
}
