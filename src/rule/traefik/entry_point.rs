//! The entry points of a route.

use crate::diag::did_you_mean;
use crate::reference::Field;
use crate::rule::facts::traefik::entry_points;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "traefik/entry-point",
    level: Level::Deny,
    summary: "a Traefik route on an entry point that no Traefik has",
    why: "Traefik leaves out a router whose entry point does not exist; only its log says so. An entry point has to be declared in Traefik's own arguments. It is looked at where the \
        set has the Traefik with its arguments.",
    bad: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: default}
spec:
  entryPoints: [http]
  routes:
    - {kind: Rule, match: Host(`shop.example.com`), services: [{name: kubernetes, port: 443}]}
---
apiVersion: v1
kind: Pod
metadata: {name: traefik, namespace: traefik}
spec:
  containers:
    - {name: traefik, image: 'traefik:v3.6.12', args: ['--entryPoints.web.address=:8000/tcp']}
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
apiVersion: v1
kind: Pod
metadata: {name: traefik, namespace: traefik}
spec:
  containers:
    - {name: traefik, image: 'traefik:v3.6.12', args: ['--entryPoints.web.address=:8000/tcp']}
",
    check: |context, report| {
        let known = entry_points(&context.graph);
        if known.is_empty() {
            return;
        }
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.kind().starts_with("IngressRoute")) {
            for field in Field::of(object, &["spec"]).into_iter().flat_map(|spec| spec.list("entryPoints")) {
                let Some(name) = field.as_str() else { continue };
                // Names of entry points do not care for case, as options on the command line.
                if known.iter().all(|entry_point| !entry_point.name.eq_ignore_ascii_case(name)) {
                    let names = || known.iter().map(|entry_point| entry_point.name);
                    let hint = match did_you_mean(name, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it has {}", names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
                    };
                    report.add(number, field.pointer(), format!("Traefik has no entry point `{name}`"), hint);
                }
            }
        }
    },
};
