//! The match of Traefik's routes.

use std::collections::HashMap;

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/traefik-match",
    level: Level::Deny,
    summary: "two Traefik routes with the same match, entry point and priority",
    why: "Traefik orders routers by priority, which is the length of the match unless it is set. Two with the same match and priority on one entry \
        point have no order: which one answers may change with every restart.",
    bad: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: default}
spec:
  entryPoints: [web]
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: api, namespace: default}
spec:
  entryPoints: [web]
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
",
    good: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: default}
spec:
  entryPoints: [web]
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: api, namespace: default}
spec:
  entryPoints: [web]
  routes:
    - {kind: Rule, match: Host(`shop.example.com`) && PathPrefix(`/api`), services: [{name: kubernetes, port: 443}]}
",
    check: |context, report| {
        let mut owners = HashMap::new();
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.group() == "traefik.io") {
            if !matches!(object.kind(), "IngressRoute" | "IngressRouteTCP") {
                continue;
            }
            let Some(spec) = Field::of(object, &["spec"]) else { continue };
            let mut entry_points: Vec<_> = spec.list("entryPoints").filter_map(|entry| entry.as_str()).collect();
            if entry_points.is_empty() {
                entry_points.push("");
            }
            // On one entry point a router with TLS and one without are for different requests.
            let tls = spec.get("tls").is_some();
            for route in spec.list("routes") {
                let Some(field) = route.get("match") else { continue };
                let Some(text) = field.as_str() else { continue };
                let owner = entry_points.iter().filter_map(|entry| {
                    let key = (object.kind(), *entry, tls, text.split_whitespace().collect::<String>(), route.integer("priority"));
                    owners.insert(key, number)
                });
                if let Some(owner) = owner.min() {
                    let other = if owner == number {
                        "by this one already".to_owned()
                    } else {
                        format!("by `{}` too", context.objects[owner].name())
                    };
                    let hint = "make one match narrower, or give one of them a `priority`";
                    report.add(number, field.pointer(), format!("`{text}` is matched {other}"), hint);
                }
            }
        }
    },
};
