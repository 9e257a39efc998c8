//! Objects of Traefik that are not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/traefik",
    level: Level::Deny,
    summary: "a Middleware or other object of Traefik's that is not there",
    why: "Traefik leaves out a router whose middleware, TLS option or transport does not exist: the route answers 404. Names with `@` belong to another provider and are left alone.",
    bad: r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec:
  stripPrefix: {prefixes: [/shop]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: shop}
spec:
  entryPoints: [web]
  routes:
    - kind: Rule
      match: Host(`shop.example.com`)
      middlewares:
        - {name: striped}
      services:
        - {name: web, port: 80}
",
    good: r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec:
  stripPrefix: {prefixes: [/shop]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: shop}
spec:
  entryPoints: [web]
  routes:
    - kind: Rule
      match: Host(`shop.example.com`)
      middlewares:
        - {name: strip}
      services:
        - {name: web, port: 80}
",
    check: |context, report| {
        missing(context, report, Need::Traefik, "define it, or name its `namespace`");
    },
};
