//! Which class is the default.

use std::collections::HashMap;

use serde_json::Value;

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "collision/default-class",
    level: Level::Warn,
    summary: "two default StorageClasses or IngressClasses",
    why: "With two default IngressClasses the API server refuses every Ingress without a class; of two default StorageClasses it takes the newer one. k3s marks \
        `local-path` as default when it brings it, which no manifest shows.",
    bad: r"
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: inside, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}
spec: {controller: example.com/inside}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: outside, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}
spec: {controller: example.com/outside}
",
    good: r"
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: inside, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}
spec: {controller: example.com/inside}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: outside}
spec: {controller: example.com/outside}
",
    check: |context, report| {
        let mut first = HashMap::new();
        for (number, object) in context.objects.iter().enumerate() {
            let pointer = match (object.group(), object.kind()) {
                ("storage.k8s.io", "StorageClass") => "/metadata/annotations/storageclass.kubernetes.io~1is-default-class",
                ("networking.k8s.io", "IngressClass") => "/metadata/annotations/ingressclass.kubernetes.io~1is-default-class",
                _ => continue,
            };
            if object.pointer(pointer).and_then(Value::as_str) != Some("true") {
                continue;
            }
            let owner = *first.entry(pointer).or_insert(number);
            if owner != number {
                let message = format!("{} `{}` is the default too", object.kind(), context.objects[owner].name());
                report.add(number, pointer, message, "mark one of them as default only");
            }
        }
    },
};
