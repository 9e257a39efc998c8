//! Host and path of Ingresses.

use std::collections::HashMap;

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/ingress-path",
    level: Level::Deny,
    summary: "two Ingress rules with the same class, host and path",
    why: "Which of the two backends answers is up to the controller: one takes the older Ingress, another the first by name. The rules of \
        one Ingress collide as well. An Ingress marked as a canary of another one is left alone, and so are two for different entry points of \
        Traefik.",
    bad: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: default}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: kubernetes, port: {number: 443}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: api, namespace: default}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: kubernetes, port: {number: 443}}}}
",
    good: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: default}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: kubernetes, port: {number: 443}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: api, namespace: default}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /api, pathType: Prefix, backend: {service: {name: kubernetes, port: {number: 443}}}}
",
    check: |context, report| {
        let mut owners = HashMap::new();
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.kind() == "Ingress") {
            let annotations = Field::of(object, &["metadata", "annotations"]);
            let annotation = |key: &str| annotations.and_then(|annotations| annotations.text(key));
            if annotation("nginx.ingress.kubernetes.io/canary") == Some("true") {
                continue;
            }
            let Some(spec) = Field::of(object, &["spec"]) else { continue };
            let entry_points = annotation("traefik.ingress.kubernetes.io/router.entrypoints").unwrap_or_default();
            let class = spec.text("ingressClassName").or_else(|| annotation("kubernetes.io/ingress.class")).unwrap_or_default();
            for rule in spec.list("rules") {
                let host = rule.text("host").unwrap_or("*");
                for path in rule.get("http").into_iter().flat_map(|http| http.list("paths")) {
                    let text = path.text("path").unwrap_or("/");
                    let key = (class, entry_points, host, text, path.text("pathType").unwrap_or_default());
                    let pointer = path.get("path").unwrap_or(path);
                    if let Some(owner) = owners.insert(key, number) {
                        let other = if owner == number {
                            "this Ingress already".to_owned()
                        } else {
                            format!("Ingress `{}` too", context.objects[owner].name())
                        };
                        let hint = "put both under one path, or give one of them another host or path";
                        report.add(number, pointer.pointer(), format!("host `{host}` with path `{text}` is routed by {other}"), hint);
                    }
                }
            }
        }
    },
};
