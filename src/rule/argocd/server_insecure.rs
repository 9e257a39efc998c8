//! Argo CD's server behind a router that ends TLS.

use serde_json::Value;

use crate::reference::{Answer, Field, Selector, Target, Template};
use crate::rule::facts::route::routes;
use crate::rule::{Context, Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "argocd/server-insecure",
    level: Level::Deny,
    summary: "Argo CD's server behind a TLS-terminating route without server.insecure",
    why: "argocd-server speaks TLS itself and answers plain HTTP with a redirect to HTTPS. A router that ends TLS and sends it plain HTTP gets that redirect \
        for every request: the browser goes round in circles (argo-cd#2953). Either the server speaks plain HTTP (`server.insecure: \"true\"` in \
        `argocd-cmd-params-cm`), or the router speaks TLS to port 443.",
    bad: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: argocd, namespace: argocd, annotations: {cert-manager.io/cluster-issuer: internal}}
spec:
  tls:
    - {hosts: [argocd.example.com], secretName: argocd-tls}
  rules:
    - host: argocd.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: argocd-server, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {name: argocd-server, namespace: argocd}
spec:
  selector: {app.kubernetes.io/name: argocd-server}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: https, port: 443, targetPort: 8080}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, namespace: argocd}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-server}}
    spec:
      containers:
        - name: argocd-server
          image: quay.io/argoproj/argocd:v3.5.1
          args: [/usr/local/bin/argocd-server]
          ports:
            - {containerPort: 8080}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd}
data: {server.rootpath: ''}
",
    good: r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: argocd, namespace: argocd, annotations: {cert-manager.io/cluster-issuer: internal}}
spec:
  tls:
    - {hosts: [argocd.example.com], secretName: argocd-tls}
  rules:
    - host: argocd.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: argocd-server, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {name: argocd-server, namespace: argocd}
spec:
  selector: {app.kubernetes.io/name: argocd-server}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: https, port: 443, targetPort: 8080}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, namespace: argocd}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-server}}
    spec:
      containers:
        - name: argocd-server
          image: quay.io/argoproj/argocd:v3.5.1
          args: [/usr/local/bin/argocd-server]
          ports:
            - {containerPort: 8080}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd}
data: {server.insecure: 'true'}
",
    check: |context, report| {
        for route in routes(context).into_iter().filter(|route| route.ends_tls) {
            let service = &context.objects[route.service];
            let Some(selector) = Field::of(service, &["spec", "selector"]) else { continue };
            let target = Target::Pods { namespace: service.namespace().unwrap_or_default(), selector: Selector::of_map(selector) };
            let Answer::Pods(pods) = context.graph.answer(&target) else { continue };
            let mut servers =
                pods.iter().map(|number| &context.graph.templates()[*number]).filter(|template| is_server(template)).peekable();
            if servers.peek().is_none() || servers.any(speaks_plain_http) {
                continue;
            }
            let parameter = parameter(context, service.namespace().unwrap_or_default());
            if parameter != Some("true") {
                let hint = "set `server.insecure: \"true\"` in `argocd-cmd-params-cm`, or route to port 443";
                let message = "argocd-server answers plain HTTP with a redirect to HTTPS, so requests through this route never end";
                // A ConfigMap that lives elsewhere may say so.
                report.add_if(parameter.is_some(), route.object, route.backend.pointer(), message, hint);
            }
        }
    },
};

fn is_server(template: &Template<'_>) -> bool {
    let label = template.labels.and_then(|labels| labels.get("app.kubernetes.io/name")).and_then(Value::as_str);
    label == Some("argocd-server") || words(template).any(|word| word.ends_with("argocd-server"))
}

fn speaks_plain_http(template: &Template<'_>) -> bool {
    let variables = template.spec.list("containers").flat_map(|container| container.list("env"));
    let mut set = variables.filter(|variable| variable.text("name") == Some("ARGOCD_SERVER_INSECURE"));
    words(template).any(|word| matches!(word, "--insecure" | "--insecure=true"))
        || set.any(|variable| variable.text("value") == Some("true"))
}

fn words<'a>(template: &Template<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let containers = template.spec.list("containers");
    containers.flat_map(|container| container.list("command").chain(container.list("args"))).filter_map(|word| word.as_str())
}

/// The value of `server.insecure`; none when the `ConfigMap` is not in the set.
fn parameter<'a>(context: &Context<'a>, namespace: &'a str) -> Option<&'a str> {
    let number = context.graph.object("", "ConfigMap", namespace, "argocd-cmd-params-cm")?;
    Some(context.objects[number].pointer("/data/server.insecure").and_then(Value::as_str).unwrap_or_default())
}
