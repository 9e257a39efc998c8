//! How Homepage finds the address of a route.

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "homepage/route-href",
    level: Level::Warn,
    summary: "an IngressRoute for Homepage without an address",
    why: "Homepage works out the address of an Ingress from its rules, but not that of an IngressRoute: without `gethomepage.dev/href` it leaves the entry out.",
    bad: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: shop, namespace: default, annotations: {gethomepage.dev/enabled: 'true', gethomepage.dev/name: Shop}}
spec:
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
",
    good: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: shop
  namespace: default
  annotations: {gethomepage.dev/enabled: 'true', gethomepage.dev/name: Shop, gethomepage.dev/href: 'https://shop.example.com'}
spec:
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
",
    check: |context, report| {
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.kind() == "IngressRoute") {
            let Some(annotations) = Field::of(object, &["metadata", "annotations"]) else { continue };
            if let Some(field) = annotations.get("gethomepage.dev/enabled").filter(|field| field.as_str() == Some("true"))
                && annotations.text("gethomepage.dev/href").is_none()
            {
                report.add(
                    number,
                    field.pointer(),
                    "Homepage does not know this route's address and leaves it out",
                    "add `gethomepage.dev/href`",
                );
            }
        }
    },
};
