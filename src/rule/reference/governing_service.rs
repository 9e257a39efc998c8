//! The Service that governs a `StatefulSet`.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/governing-service",
    level: Level::Warn,
    summary: "a StatefulSet whose governing Service is not there",
    why: "The pods of a `StatefulSet` run without their governing Service, but their DNS names (`web-0.web`) do not resolve.",
    bad: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  serviceName: shop
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
",
    good: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.29
",
    check: |context, report| {
        missing(
            context,
            report,
            Need::GoverningService,
            "define a headless Service (`clusterIP: None`) of this name, or leave `serviceName` out",
        );
    },
};
