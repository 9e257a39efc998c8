//! References from one namespace into another.

use std::collections::HashSet;

use crate::reference::{Field, Need, Part, Target};
use crate::rule::facts::missing::needs;
use crate::rule::{Context, Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "gateway/reference-grant",
    level: Level::Deny,
    summary: "a route or Gateway that reaches into another namespace without a ReferenceGrant",
    why: "A backend or certificate in another namespace is only used when a ReferenceGrant in that namespace allows it; until then the route answers 500, and the \
        listener is not ready. It is looked at where the set has what is referred to.",
    bad: r"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: front}
spec:
  rules:
    - backendRefs:
        - {name: kubernetes, namespace: shop, port: 443}
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: shop}
spec:
  ports:
    - {port: 443}
",
    good: r"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: front}
spec:
  rules:
    - backendRefs:
        - {name: kubernetes, namespace: shop, port: 443}
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: shop}
spec:
  ports:
    - {port: 443}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: front, namespace: shop}
spec:
  from:
    - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: front}
  to:
    - {group: '', kind: Service}
",
    check: |context, report| {
        let granted = grants(context);
        for edge in needs(context, Need::Service).chain(needs(context, Need::Secret)).filter(|edge| edge.part == Part::Whole) {
            let object = &context.objects[edge.from];
            let Target::Object { group, kind, namespace, name } = edge.target else { continue };
            let own = object.namespace().unwrap_or_default();
            if object.group() != "gateway.networking.k8s.io" || own.is_empty() || namespace == own {
                continue;
            }
            let is_granted = [name, ""].into_iter().any(|name| granted.contains(&(namespace, object.kind(), own, kind, name)));
            if context.graph.object(group, kind, namespace, name).is_some() && !is_granted {
                let message = format!("namespace `{namespace}` does not allow its {kind} `{name}` to be used from `{own}`");
                let hint = format!("define a ReferenceGrant in namespace `{namespace}`");
                report.add_if(context.is_settled(namespace), edge.from, edge.pointer.clone(), message, hint);
            }
        }
    },
};

/// Namespace, the kind and namespace that may refer, the kind and name that may be referred to; the empty name stands for all.
fn grants<'a>(context: &Context<'a>) -> HashSet<(&'a str, &'a str, &'a str, &'a str, &'a str)> {
    let mut granted = HashSet::new();
    for object in context.objects.iter().filter(|object| object.kind() == "ReferenceGrant") {
        let (Some(namespace), Some(spec)) = (object.namespace(), Field::of(object, &["spec"])) else { continue };
        for from in spec.list("from") {
            for to in spec.list("to") {
                let (Some(kind), Some(from_namespace), Some(to_kind)) = (from.text("kind"), from.text("namespace"), to.text("kind")) else {
                    continue;
                };
                granted.insert((namespace, kind, from_namespace, to_kind, to.text("name").unwrap_or_default()));
            }
        }
    }
    granted
}
