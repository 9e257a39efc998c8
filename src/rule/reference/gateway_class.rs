//! A `GatewayClass` that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/gateway-class",
    level: Level::Deny,
    summary: "a GatewayClass that is not there",
    why: "No controller feels responsible for a Gateway of an unknown class. k3s' own class `traefik` counts as there.",
    bad: r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: nginx
  listeners:
    - {name: web, port: 8000, protocol: HTTP}
",
    good: r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: web, port: 8000, protocol: HTTP}
",
    check: |context, report| {
        missing(context, report, Need::GatewayClass, "define it, or declare it under `external`");
    },
};
