//! `NodePorts`.

use std::collections::HashMap;

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/node-port",
    level: Level::Deny,
    summary: "two Services with the same NodePort",
    why: "A NodePort is open on every node, so only one Service can have it for one protocol. The API server refuses the second one, but not in a \
        dry run, which allocates nothing. `healthCheckNodePort` counts too.",
    bad: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  ports:
    - {port: 80, nodePort: 30080}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec:
  type: NodePort
  ports:
    - {port: 80, nodePort: 30080}
",
    good: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  ports:
    - {port: 80, nodePort: 30080}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec:
  type: NodePort
  ports:
    - {port: 80, nodePort: 30081}
",
    check: |context, report| {
        let mut owners: HashMap<(i64, &str), usize> = HashMap::new();
        for (number, object) in
            context.objects.iter().enumerate().filter(|(_, object)| object.kind() == "Service" && object.group().is_empty())
        {
            let Some(spec) = Field::of(object, &["spec"]) else { continue };
            let health = spec.get("healthCheckNodePort").map(|field| (field, "TCP"));
            let ports = spec.list("ports").filter_map(|port| Some((port.get("nodePort")?, port.text("protocol").unwrap_or("TCP"))));
            for (field, protocol) in ports.chain(health) {
                let Some(port) = field.value.as_i64().filter(|port| *port != 0) else { continue };
                let owner = *owners.entry((port, protocol)).or_insert(number);
                if owner != number {
                    let name = context.objects[owner].name();
                    report.add(
                        number,
                        field.pointer(),
                        format!("NodePort {port}/{protocol} is taken by Service `{name}`"),
                        "give one of them another port",
                    );
                }
            }
        }
    },
};
