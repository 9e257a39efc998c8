//! The hosts that Homepage answers to.

use serde_json::Value;

use crate::reference::Field;
use crate::rule::facts::image::Image;
use crate::rule::facts::route::routes;
use crate::rule::{Context, Level, Report, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "homepage/allowed-hosts",
    level: Level::Deny,
    summary: "a Homepage that refuses the host it is routed under",
    why: "Since 1.0 Homepage answers `Host validation failed` to every host that is not in HOMEPAGE_ALLOWED_HOSTS, a list of exact `host` or `host:port` separated by commas; \
        `*` allows all.",
    bad: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: homepage, namespace: dashboard}
spec:
  rules:
    - host: home.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: homepage, port: {number: 3000}}}}
---
apiVersion: v1
kind: Service
metadata: {name: homepage, namespace: dashboard}
spec:
  selector: {app: homepage}
  ports:
    - {port: 3000}
---
apiVersion: v1
kind: Pod
metadata: {name: homepage, namespace: dashboard, labels: {app: homepage}}
spec:
  containers:
    - name: homepage
      image: ghcr.io/gethomepage/homepage:v1.12.0
      env:
        - {name: HOMEPAGE_ALLOWED_HOSTS, value: 'example.com'}
",
    good: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: homepage, namespace: dashboard}
spec:
  rules:
    - host: home.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: homepage, port: {number: 3000}}}}
---
apiVersion: v1
kind: Service
metadata: {name: homepage, namespace: dashboard}
spec:
  selector: {app: homepage}
  ports:
    - {port: 3000}
---
apiVersion: v1
kind: Pod
metadata: {name: homepage, namespace: dashboard, labels: {app: homepage}}
spec:
  containers:
    - name: homepage
      image: ghcr.io/gethomepage/homepage:v1.12.0
      env:
        - {name: HOMEPAGE_ALLOWED_HOSTS, value: 'home.example.com'}
",
    check: |context, report| {
        for (number, template) in context.graph.templates().iter().enumerate() {
            for container in template.spec.list("containers") {
                let is_homepage = |image| Image::parse(image).repository.ends_with("gethomepage/homepage");
                if !container.text("image").is_some_and(is_homepage) || container.get("envFrom").is_some() {
                    continue;
                }
                let variable = container.list("env").find(|variable| variable.text("name") == Some("HOMEPAGE_ALLOWED_HOSTS"));
                match variable {
                    None => {
                        let hint = "set HOMEPAGE_ALLOWED_HOSTS to the hosts that it is reached under";
                        report.add(
                            template.object,
                            container.pointer(),
                            "Homepage refuses every host: HOMEPAGE_ALLOWED_HOSTS is not set",
                            hint,
                        );
                    }
                    Some(variable) => {
                        if let Some(value) = variable.get("value") {
                            hosts(context, report, (number, template.object), value);
                        }
                    }
                }
            }
        }
    },
};

/// Compares the allowed hosts with those of the routes that lead to the pods of a template.
fn hosts<'a>(context: &Context<'a>, report: &mut Report<'_>, (template, object): (usize, usize), allowed: Field<'a>) {
    let list: Vec<_> = allowed.as_str().unwrap_or_default().split(',').map(str::trim).collect();
    if list.contains(&"*") || list.iter().any(|host| host.contains("$(")) {
        return;
    }
    let pod = context.graph.templates()[template];
    let leads_here = |service: usize| {
        let service = &context.objects[service];
        let selector = service.pointer("/spec/selector").and_then(Value::as_object);
        let same_place = service.namespace().unwrap_or_default() == pod.namespace;
        same_place
            && selector.zip(pod.labels).is_some_and(|(selector, labels)| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
    };
    let mut missing: Vec<&str> =
        routes(context).into_iter().filter(|route| leads_here(route.service)).flat_map(|route| route.hosts).collect();
    missing.retain(|host| !list.iter().any(|allowed| allowed == host || allowed.rsplit_once(':').is_some_and(|(name, _)| name == *host)));
    missing.sort_unstable();
    missing.dedup();
    for host in missing.into_iter().filter(|host| !host.contains('*')) {
        report.add(
            object,
            allowed.pointer(),
            format!("Homepage refuses `{host}`, under which it is routed"),
            format!("add `{host}` to the list"),
        );
    }
}
