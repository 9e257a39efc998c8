//! A container port given twice.

use std::collections::HashSet;

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "pod/duplicate-port",
    level: Level::Warn,
    summary: "a container port that is given twice",
    why: "The API server accepts it, but port and protocol are what server-side apply tells the entries apart by: a later apply fails or changes \
        the wrong one (kubernetes#113482).",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
        - {name: metrics, containerPort: 8080}
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
        - {name: metrics, containerPort: 9090}
",
    check: |context, report| {
        for template in context.graph.templates() {
            for container in template.containers() {
                let mut seen = HashSet::new();
                for port in container.list("ports") {
                    let (Some(number), Some(field)) = (port.integer("containerPort"), port.get("containerPort")) else { continue };
                    let protocol = port.text("protocol").unwrap_or("TCP");
                    if !seen.insert((number, protocol)) {
                        report.add(
                            template.object,
                            field.pointer(),
                            format!("port {number}/{protocol} is given twice"),
                            "leave one of them out",
                        );
                    }
                }
            }
        }
    },
};
