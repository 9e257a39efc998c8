//! The port of a listener against Traefik's entry points.

use crate::reference::Field;
use crate::rule::facts::traefik::entry_points;
use crate::rule::{Context, Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "gateway/listener-port",
    level: Level::Deny,
    summary: "a Gateway listener on a port that no entry point of Traefik has",
    why: "Traefik does not open ports for a Gateway: a listener's port has to be the one that an entry point listens on inside of the pod (8000 and 8443 in its chart), not \
        the one that its Service shows (80 and 443). Any other listener is not accepted. It is looked at where the set has the Traefik with its arguments.",
    bad: r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: traefik}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: web, port: 80, protocol: HTTP}
---
apiVersion: v1
kind: Pod
metadata: {name: traefik, namespace: traefik}
spec:
  containers:
    - {name: traefik, image: 'traefik:v3.6.12', args: ['--entryPoints.web.address=:8000/tcp']}
",
    good: r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: traefik}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: web, port: 8000, protocol: HTTP}
---
apiVersion: v1
kind: Pod
metadata: {name: traefik, namespace: traefik}
spec:
  containers:
    - {name: traefik, image: 'traefik:v3.6.12', args: ['--entryPoints.web.address=:8000/tcp']}
",
    check: |context, report| {
        let entry_points = entry_points(&context.graph);
        if entry_points.is_empty() {
            return;
        }
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.kind() == "Gateway") {
            let Some(spec) = Field::of(object, &["spec"]).filter(|spec| is_of_traefik(context, *spec)) else { continue };
            for port in spec.list("listeners").filter_map(|listener| listener.get("port")) {
                if port.value.as_i64().is_some_and(|port| entry_points.iter().all(|entry_point| entry_point.port != port)) {
                    let known: Vec<_> = entry_points.iter().map(|entry| format!("{} (`{}`)", entry.port, entry.name)).collect();
                    let hint = format!("entry points listen on {}", known.join(", "));
                    report.add(number, port.pointer(), format!("no entry point of Traefik listens on port {}", port.value), hint);
                }
            }
        }
    },
};

fn is_of_traefik<'a>(context: &Context<'a>, spec: Field<'a>) -> bool {
    let Some(class) = spec.text("gatewayClassName") else { return false };
    let object = context.graph.object("gateway.networking.k8s.io", "GatewayClass", "", class);
    let controller = object.and_then(|number| context.objects[number].pointer("/spec/controllerName"));
    controller.map_or(class == "traefik", |controller| controller.as_str() == Some("traefik.io/gateway-controller"))
}
